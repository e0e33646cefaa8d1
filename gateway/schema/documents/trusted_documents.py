"""Reads the manifest of trusted documents, in Apollo's or Relay's format, and checks it at start.

Apollo's: https://www.apollographql.com/docs/graphos/platform/security/persisted-queries
Relay's: https://relay.dev/docs/guides/persisted-queries/
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from graphql import GraphQLError
from msgspec import Struct

from gateway.errors import WrongSettings
from gateway.schema.documents.document import Documents

MAX_MISTAKES = 20
"""How many mistakes of a manifest are told."""

_SETTING = "GATEWAY_TRUSTED_DOCUMENTS"
_ACCEPTED = (
    'a manifest of Apollo (`{"format": "apollo-persisted-query-manifest", "version": 1, '
    '"operations": […]}`) or of Relay (`{"<id>": "<document>", …}`)'
)


class _Operation(Struct):
    id: str
    body: str


class _ApolloManifest(Struct):
    format: Literal["apollo-persisted-query-manifest"]
    version: Literal[1]
    operations: list[_Operation]


_Entries: TypeAlias = list[tuple[str, str]]


def trusted_documents(file: str | None, documents: Documents) -> dict[str, str]:
    """The documents of a manifest by their ids, pinned in `documents`. Raises WrongSettings."""
    if file is None:
        return {}
    entries = _entries(file)
    mistakes = [*_mistakes(entries, documents)]
    if mistakes:
        more = len(mistakes) - MAX_MISTAKES
        messages = [f"{_SETTING} is {file!r}: {mistake}" for mistake in mistakes[:MAX_MISTAKES]]
        if more > 0:
            messages.append(f"{_SETTING} is {file!r}: {more} more documents are wrong.")
        raise WrongSettings(*messages)
    return dict(entries)


def manifest(file: str | None) -> dict[str, str]:
    """The texts of a manifest by their ids, unchecked. Raises WrongSettings."""
    return {} if file is None else dict(_entries(file))


def _entries(file: str) -> _Entries:
    """The ids and texts of a file. Raises WrongSettings."""
    try:
        payload = msgspec.json.decode(Path(file).read_bytes().removeprefix(BOM_UTF8))
    except OSError as error:
        raise _wrong(file, f"cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise _wrong(file, "is not JSON in UTF-8") from None
    try:
        if isinstance(payload, dict) and "format" in payload:
            operations = msgspec.convert(payload, _ApolloManifest).operations
            entries = [(operation.id, operation.body) for operation in operations]
        else:
            entries = [*msgspec.convert(payload, dict[str, str]).items()]
    except msgspec.ValidationError as error:
        raise _wrong(file, f"is no manifest ({error})") from None
    if not entries:
        raise _wrong(file, "holds no document")
    return [(name.removeprefix("sha256:"), text) for name, text in entries]


def _mistakes(entries: _Entries, documents: Documents) -> Iterator[str]:
    texts: dict[str, str] = {}
    for name, text in entries:
        if texts.setdefault(name, text) != text:
            yield f"the id {name!r:.80} stands for two documents. Give each an id of its own."
            continue
        for error in documents.pin(text).errors[:1]:
            yield (
                f"document {name!r:.80}: {_shown(error)} Mend it, or make the manifest anew from "
                "documents that fit `gateway schema`."
            )


def _shown(error: GraphQLError) -> str:
    """An error in one line, with its place."""
    where = f"line {error.locations[0].line}: " if error.locations else ""
    message = " ".join(error.message.split())
    return f"{where}{message}" if message.endswith((".", "?")) else f"{where}{message}."


def _wrong(file: str, problem: str) -> WrongSettings:
    return WrongSettings(f"{_SETTING} is {file!r}, which {problem}: set it to {_ACCEPTED}.")
