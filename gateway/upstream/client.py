"""The Insights API as typed questions: one summary, one page."""

import time
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from msgspec import Struct

from gateway.accounts import Account
from gateway.insights.absence import Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import Undecodable
from gateway.insights.paging import PageRef, Question
from gateway.insights.sids import call_sid
from gateway.insights.snapshot import Seen, Snapshot, snapshot_of
from gateway.instrumentation import Hook, UpstreamAnswered, silent
from gateway.upstream.failures import (
    TRANSPORT_FAILURES,
    absence,
    failure_of_exception,
    failure_of_response,
    invalid,
    request_id,
)

Resource = Literal["Summary", "Summaries", "Annotation"]


class UpstreamPage(Struct, frozen=True):
    """One page of a list, with its neighbours."""

    snapshots: tuple[Snapshot, ...]
    next: PageRef | None
    previous: PageRef | None


class _Meta(Struct):
    next_page_url: str | None = None
    previous_page_url: str | None = None


class _PageBody(Struct):
    call_summaries: list[msgspec.Raw]
    meta: _Meta


class InsightsClient:
    """Asks Twilio. Every method raises UpstreamError when there is no answer to give.

    `transport` is the one seam of the gateway: the sandbox plugs in here. `clock` gives seconds
    since 1970, for the moment at which an answer was true.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        base_url: str,
        *,
        hook: Hook = silent,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = httpx.AsyncClient(
            transport=transport,
            base_url=f"{base_url}/v1/Voice/",
            timeout=None,  # noqa: S113 - the transport bounds the whole request
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "application/json", "User-Agent": "call-insights-gateway"},
        )
        self._hook = hook
        self._clock = clock
        self._page_body = msgspec.json.Decoder(_PageBody)

    async def summary(
        self, account: Account, sid: CallSid, state: Literal["complete", "partial"]
    ) -> Seen:
        """The summary of one call in one state, or why there is none.

        Raises ValueError when `sid` is no call SID: it becomes part of a path.
        """
        path = f"{call_sid(sid)}/Summary"
        response = await self._get(account, "Summary", path, {"ProcessingState": state})
        if (absent := self._absent(sid, response)) is not None:
            return absent
        snapshot = self._snapshot(response.content, response)
        if snapshot.sid != sid:
            raise invalid("was for another call", response)
        return snapshot

    async def annotation(self, account: Account, sid: CallSid) -> bytes | Absent:
        """The annotation of one call as Twilio's JSON, or why there is none.

        Raises ValueError when `sid` is no call SID.
        """
        path = f"{call_sid(sid)}/Annotation"
        response = await self._get(account, "Annotation", path, {})
        return self._absent(sid, response) or response.content

    async def page(self, account: Account, question: Question, ref: PageRef) -> UpstreamPage:
        """One page of a list of calls."""
        parameters = {**dict(question.parameters), "SortBy": question.sort, **ref.parameters}
        response = await self._get(account, "Summaries", "Summaries", parameters)
        if response.is_error:
            raise failure_of_response(response)
        try:
            body = self._page_body.decode(response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise invalid("was no list of summaries", response) from error
        return UpstreamPage(
            tuple(self._snapshot(bytes(item), response) for item in body.call_summaries),
            _neighbour(ref, body.meta.next_page_url, response),
            _neighbour(ref, body.meta.previous_page_url, response),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _absent(self, sid: CallSid, response: httpx.Response) -> Absent | None:
        """The state that an error answer stands for; any other error is raised."""
        if not response.is_error:
            return None
        if (why := absence(response)) is None:
            raise failure_of_response(response)
        return Absent(sid, why, self._clock())

    def _snapshot(self, raw: bytes, response: httpx.Response) -> Snapshot:
        try:
            return snapshot_of(raw, self._clock(), hook=self._hook)
        except Undecodable as error:
            raise invalid("was no summary", response) from error

    async def _get(
        self, account: Account, resource: Resource, path: str, parameters: dict[str, str]
    ) -> httpx.Response:
        started = time.perf_counter()
        headers = {"Authorization": account.authorization}
        response = None
        try:
            response = await self._http.get(path, params=parameters, headers=headers)
        except TRANSPORT_FAILURES as error:
            raise failure_of_exception(error) from error
        finally:
            seconds = time.perf_counter() - started
            status = response.status_code if response is not None else 0
            twilio_id = request_id(response) if response is not None else None
            self._hook(UpstreamAnswered(resource, status, seconds, twilio_id))
        return response


def _neighbour(ref: PageRef, url: str | None, response: httpx.Response) -> PageRef | None:
    """The page that `url` leads to. Only its token and number are taken: never the address."""
    if not url:
        return None
    query = parse_qs(urlsplit(url).query)
    token, number = query.get("PageToken", [""])[0], query.get("Page", ["0"])[0]
    if not number.isdecimal() or (not token and int(number) > 0):
        raise invalid("named a page without its token", response)
    return PageRef(ref.window, ref.size, int(number), token)
