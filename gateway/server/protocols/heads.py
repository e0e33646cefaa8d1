"""Checks the head of an HTTP request before it is parsed."""

import re
from http import HTTPStatus

from gateway.server.protocols.refusals import MAX_FIELDS, MAX_HEAD_BYTES

_END = b"\r\n\r\n"
_BEGINNING = re.compile(rb"(?!CONNECT )[A-Z-]{1,24}(\Z| [^\r\n]*(\r?\Z|\r\n))")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade:([^\r\n]*)", re.IGNORECASE)
_UPGRADABLE = re.compile(rb"GET [^ ]+ HTTP/1\.1\r\n")
_OF_A_BODY = re.compile(rb"\r\n(content-length|transfer-encoding):", re.IGNORECASE)


class BadHead(Exception):
    """What came is no head, or too large a one."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def size_of_head(data: bytes) -> int:
    """How long the head is that begins here, in bytes; 0 while it is not whole. Raises BadHead.

    Bytes of TLS, say, are known for no HTTP at once; and CONNECT is for proxies.
    """
    end = data.find(_END)
    size = len(data) if end < 0 else end + len(_END)
    if size > MAX_HEAD_BYTES or data.count(b"\n", 0, size) > MAX_FIELDS + 2:
        raise BadHead(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if data and _BEGINNING.match(data) is None:
        raise BadHead(HTTPStatus.BAD_REQUEST)
    return 0 if end < 0 else size


def length_of_body(head: bytes) -> int | None:
    """The length that a body is said to have; None where nothing is said, or it comes in chunks."""
    length = _LENGTH.search(head)
    return None if length is None else int(length[1])


def without_upgrade(head: bytes) -> bytes:
    """A head without the offer of any protocol but WebSocket (RFC 9110 §7.8).

    The parser takes no body after an offer: that of a POST that offers HTTP/2 would be lost.
    """
    if b"\nupgrade:" not in head.lower():
        return head
    offers = [offer.strip().lower() for offer in _UPGRADE.findall(head)]
    if offers == [b"websocket"] and _UPGRADABLE.match(head) and not _OF_A_BODY.search(head):
        return head
    return _UPGRADE.sub(b"", head)
