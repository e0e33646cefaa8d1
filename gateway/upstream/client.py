"""Defines the client of the Insights API: summaries, lists, annotations, details."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gateway.concurrency.cooperative import in_turns
from gateway.concurrency.deadlines import asking
from gateway.config.accounts import Account
from gateway.errors import UpstreamError
from gateway.http_library import httpx
from gateway.insights.absence import Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import Undecodable, decode_annotation, decode_plain
from gateway.insights.details import DetailPage, DetailRef, read_page
from gateway.insights.paging import PageRef, Question
from gateway.insights.sids import call_sid
from gateway.insights.snapshot import Seen, Snapshot, snapshot_of
from gateway.insights.voice_settings import VoiceSettings, settings_in
from gateway.instrumentation import Hook, silent
from gateway.upstream.failures import (
    TRANSPORT_FAILURES,
    absence,
    failure_of_exception,
    failure_of_list,
    failure_of_response,
    failure_of_settings,
    failure_of_write,
    invalid,
)
from gateway.upstream.page_links import neighbour
from gateway.upstream.responses import json_in

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "call-insights-gateway",
}

Resource = Literal["Summary", "Summaries", "Annotation", "Metrics", "Events", "Settings"]

CachedSummary: TypeAlias = Callable[[CallSid], Snapshot | None]
"""What is at hand of a call."""

_CALL_SID = re.compile(rb'"call_sid"\s*:\s*"(CA[0-9a-f]{32})"')


def _headers(account: Account) -> dict[str, str]:
    return {**_HEADERS, "Authorization": account.authorization}


def _nothing(_sid: CallSid) -> None:
    return None


class UpstreamPage(Struct, frozen=True):
    """One page of a list, with its neighbours."""

    snapshots: tuple[Snapshot, ...]
    next: PageRef | None
    previous: PageRef | None


class _Below(httpx.URL):
    """An address below another one, which was read before: reading takes longer than asking.

    `path` and `query` hold nothing that has to be quoted.
    """

    def __init__(self, base: httpx.URL, path: str, query: str | None = None) -> None:
        super().__init__(base)
        read = self._uri_reference
        self._uri_reference = read._replace(path=read.path + path, query=query)


class _Meta(Struct):
    next_page_url: str | None = None
    previous_page_url: str | None = None


class _AnnotationBody(Struct):
    call_sid: str | None = None


class _PageBody(Struct):
    call_summaries: list[msgspec.Raw]
    meta: _Meta


class InsightsClient:
    """Asks Twilio. Every method raises UpstreamError when there is no answer to give.

    `transport` is the one seam of the gateway: the sandbox plugs in here. Nothing stands between:
    no redirect is followed, no cookie kept and no URL logged, which may hold a phone number.
    `clock` gives seconds since 1970; what an answer says was true when it was asked for, or later.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        base_url: str,
        *,
        hook: Hook = silent,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._base_url = httpx.URL(f"{base_url}/v1/Voice/")
        self._hook = hook
        self._clock = clock
        self._page_body = msgspec.json.Decoder(_PageBody)
        self._annotation_body = msgspec.json.Decoder(_AnnotationBody)

    async def summary(
        self,
        account: Account,
        sid: CallSid,
        state: Literal["complete", "partial"],
        cached: Snapshot | None = None,
    ) -> Seen:
        """The summary of one call in one state, or why there is none.

        What is `cached` already is not read again. Raises ValueError when `sid` is no call SID: it
        becomes part of a path.
        """
        path, asked_at = f"{call_sid(sid)}/Summary", self._clock()
        response = await self._get(account, "Summary", path, {"ProcessingState": state})
        if (absent := self._absent(sid, response)) is not None:
            return absent
        snapshot = self._snapshot(json_in(response), asked_at, response, cached)
        if snapshot.sid != sid:
            raise invalid("was for another call", response)
        return snapshot

    async def annotation(self, account: Account, sid: CallSid) -> bytes | Absent:
        """The annotation of one call as Twilio's JSON, or why there is none.

        Raises ValueError when `sid` is no call SID.
        """
        path = f"{call_sid(sid)}/Annotation"
        response = await self._get(account, "Annotation", path, {})
        return self._absent(sid, response) or self._annotation(sid, response)

    async def annotate(
        self, account: Account, sid: CallSid, parameters: Mapping[str, str]
    ) -> bytes | Absent:
        """Write to the annotation of one call, once; gives all of it, as `annotation` does.

        An UpstreamError says whether something was written, or that this is `uncertain`.
        """
        path = f"{call_sid(sid)}/Annotation"
        url = _Below(self._base_url, path)
        request = httpx.Request("POST", url, headers=_headers(account), data=parameters)
        try:
            response = await self._send(account, "Annotation", request)
            return self._absent(sid, response) or self._annotation(sid, response)
        except UpstreamError as failure:
            raise failure_of_write(failure) from failure

    async def page(
        self, account: Account, question: Question, ref: PageRef, cached: CachedSummary = _nothing
    ) -> UpstreamPage:
        """One page of a list of calls. What is `cached` already is not read again.

        Raises BadUserInput for a subaccount that Twilio does not show.
        """
        parameters = {**dict(question.parameters), "SortBy": question.sort, **ref.parameters}
        asked_at = self._clock()
        response = await self._get(account, "Summaries", "Summaries", parameters, ref.size)
        if response.is_error:
            raise failure_of_list(response, question)
        body = self._list(response)
        snapshots = [
            self._snapshot(raw, asked_at, response, _same(raw, cached))
            async for raw in in_turns([bytes(item) for item in body.call_summaries])
        ]
        return UpstreamPage(
            tuple(snapshots),
            neighbour(ref, body.meta.next_page_url, response),
            neighbour(ref, body.meta.previous_page_url, response, back=True),
        )

    async def details(self, account: Account, sid: CallSid, ref: DetailRef) -> DetailPage | Absent:
        """One page of the metrics or events of one call, or why there is none.

        Raises ValueError when `sid` is no call SID.
        """
        path = f"{call_sid(sid)}/{ref.resource}"
        response = await self._get(account, ref.resource, path, ref.parameters, ref.size)
        if (absent := self._absent(sid, response)) is not None:
            return absent
        try:
            page = read_page(json_in(response), ref)
        except Undecodable as error:
            raise invalid(f"was no page of {ref.resource.lower()}", response) from error
        if any(_named(item) not in {None, sid} for item in page.items):
            raise invalid("was for another call", response)
        return page

    async def settings(self, account: Account, sid: str) -> VoiceSettings:
        """What is switched on for an account, or a subaccount of it.

        Raises BadUserInput for a subaccount that Twilio does not show.
        """
        parameters = {} if sid == account.sid else {"SubaccountSid": sid}
        response = await self._get(account, "Settings", "Settings", parameters)
        if response.is_error:
            raise failure_of_settings(response, sid, account.sid)
        settings = settings_in(json_in(response))
        if settings is None or settings.account_sid not in {None, sid}:
            raise invalid("was not the settings of the account", response)
        return settings

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _absent(self, sid: CallSid, response: httpx.Response) -> Absent | None:
        """The state that an error answer stands for; any other error is raised."""
        if not response.is_error:
            return None
        if (why := absence(response)) is None:
            raise failure_of_response(response)
        return Absent(sid, why, self._clock())

    def _snapshot(
        self, raw: bytes, asked_at: float, response: httpx.Response, cached: Snapshot | None
    ) -> Snapshot:
        try:
            return snapshot_of(raw, asked_at, self._hook, cached)
        except Undecodable as error:
            raise invalid("was no summary", response) from error

    def _list(self, response: httpx.Response) -> _PageBody:
        """What a list says; a value that is no JSON costs itself, and not the other calls."""
        try:
            return self._page_body.decode(json_in(response))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        try:
            plain = msgspec.json.encode(decode_plain(json_in(response)))
            return self._page_body.decode(plain)
        except (Undecodable, msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
            raise invalid("was no list of summaries", response) from error

    def _annotation(self, sid: CallSid, response: httpx.Response) -> bytes:
        try:
            decode_annotation(json_in(response))
            body = self._annotation_body.decode(json_in(response))
        except (Undecodable, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise invalid("was no annotation", response) from error
        if body.call_sid not in {None, sid}:
            raise invalid("was for another call", response)
        return json_in(response)

    async def _get(
        self,
        account: Account,
        resource: Resource,
        path: str,
        parameters: dict[str, str],
        size: int = 1,
    ) -> httpx.Response:
        url = _Below(self._base_url, path, urlencode(parameters) or None)
        request = httpx.Request("GET", url, headers=_headers(account))
        return await self._send(account, resource, request, size)

    async def _send(
        self, account: Account, resource: Resource, request: httpx.Request, size: int = 1
    ) -> httpx.Response:
        request.extensions = {
            "account": account.sid,
            "resource": resource,
            "size": size,
            "asker": asking(),
        }
        try:
            response = await self._transport.handle_async_request(request)
            await response.aread()
        except TRANSPORT_FAILURES as error:
            raise failure_of_exception(error) from error
        if not response.is_error and response.status_code != httpx.codes.OK:
            raise invalid(f"came with HTTP {response.status_code}", response)
        return response


def _same(raw: bytes, cached: CachedSummary) -> Snapshot | None:
    """What is known of the call that is named first in a summary, which is mostly its own."""
    sid = _named(raw)
    return None if sid is None else cached(sid)


def _named(raw: bytes) -> CallSid | None:
    """The call that is named first in some JSON."""
    named = _CALL_SID.search(raw)
    return None if named is None else CallSid(named[1].decode("ascii"))
