"""Serves the Insights API of the sandbox over HTTP: paths, credentials, parameters."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox import annotations, details, paging, payloads, settings
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call
from gateway.sandbox.errors import (
    ApiError,
    bad_parameter,
    expired,
    forbidden,
    not_complete,
    not_enabled,
    not_found,
)
from gateway.sandbox.query import (
    NAMES,
    Query,
    fingerprint,
    listed_account,
    page_size,
    parameters,
    whole_number,
)
from gateway.sandbox.summaries import NOT_ENABLED, Page, Snapshot, Summaries, list_item
from gateway.sandbox.world import World

CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
ASKED_STATES = ("complete", "partial", "all")
LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class InsightsApi:
    """The resources; `clock` gives epoch seconds and is read once per request.

    Twilio does not say whether asking for the partial summary still finds one that has become
    complete; `partial_finds_complete` decides.
    """

    accounts: Accounts
    world: World
    summaries: Summaries
    tokens: paging.Tokens
    clock: Callable[[], float]
    partial_finds_complete: bool

    def app(self, *more: Route) -> Starlette:
        """The ASGI application, with more routes if wanted."""
        one = "/v1/Voice/{sid}"
        routes = [
            Route(paging.LIST_PATH, self.list),
            Route(settings.PATH, self.settings),
            Route(f"{one}/Summary", self.summary),
            Route(f"{one}/Annotation", self.annotation),
            Route(f"{one}/Annotation", self.annotate, methods=["POST"]),
            Route(f"{one}/Metrics", self.metrics),
            Route(f"{one}/Events", self.events),
            *more,
        ]
        handlers = {ApiError: _refuse, HTTPException: _refuse_path}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def list(self, request: Request) -> Response:
        """One page of the calls that the filter admits."""
        asker = self.accounts.authenticate(request.headers.get("Authorization"))
        given = parameters(request.query_params.multi_items(), NAMES)
        size = page_size(given)
        number = whole_number(given, "Page", 0, LAST_PAGE)
        visible = self.accounts.subaccounts if asker == self.accounts.account_sid else ()
        account = listed_account(given, asker, visible)
        mark = fingerprint(asker, given)
        token = given.get("PageToken")
        now = self._now()
        cursor = self.tokens.read(token, mark) if token is not None else None
        as_of = cursor.as_of if cursor else now
        query = Query.of(given, as_of, account)
        page = self.summaries.page(query, as_of, cursor or number, size)
        while not page.more and self.world.tell_older(query.since):
            page = self.summaries.page(query, as_of, cursor or number, size)
        if cursor:
            number = cursor.page
        start = paging.Cursor(number, "on", 0, "", as_of, mark)
        links = self._links(query, page, start) | {"own": token}
        items = [list_item(snapshot) for _, snapshot in page.items]
        meta = paging.meta(query.asked, size, number, links)
        return _json(msgspec.json.encode({"meta": meta, paging.KEY: items}))

    async def settings(self, request: Request) -> Response:
        """What is switched on for the asker, or a subaccount of it."""
        asker = self.accounts.authenticate(request.headers.get("Authorization"))
        given = parameters(request.query_params.multi_items(), settings.PARAMETERS)
        sid = given.get("SubaccountSid", asker)
        if not self.accounts.may_see(asker, sid) or sid not in self.accounts.sids:
            raise forbidden()
        return _json(settings.body(sid, sid in self.accounts.without_insights))

    async def summary(self, request: Request) -> Response:
        """The summary of one call, complete unless a partial one is asked for."""
        call, now = self._call(request)
        given = parameters(request.query_params.multi_items(), ("ProcessingState",))
        wanted = given.get("ProcessingState", "complete")
        if wanted not in ASKED_STATES:
            raise bad_parameter("ProcessingState", f"not one of {', '.join(ASKED_STATES)}")
        snapshot = self.summaries.snapshot(call, now)
        if snapshot and self._answers(wanted, snapshot):
            return _json(self.summaries.one(call, snapshot))
        raise not_complete() if wanted == "complete" else not_found(request.url.path)

    async def annotation(self, request: Request) -> Response:
        """What was said about one call."""
        call, _ = self._call(request)
        parameters(request.query_params.multi_items(), ())
        return _json(msgspec.json.encode(self.summaries.annotation(call)))

    async def annotate(self, request: Request) -> Response:
        """Change what is said about one call, by a form."""
        call, _ = self._call(request)
        form = (await request.body()).decode(errors="replace")
        given = parameters(parse_qsl(form, keep_blank_values=True), annotations.FIELDS)
        self.summaries.annotate(call, annotations.changes(given))
        return _json(msgspec.json.encode(self.summaries.annotation(call)))

    async def metrics(self, request: Request) -> Response:
        """One page of what an edge of a call measured."""
        return self._details(request, details.METRICS)

    async def events(self, request: Request) -> Response:
        """One page of what happened in a call."""
        return self._details(request, details.EVENTS)

    def _details(self, request: Request, resource: details.Resource) -> Response:
        call, now = self._call(request)
        given = parameters(request.query_params.multi_items(), resource.parameters)
        asker = self.accounts.authenticate(request.headers.get("Authorization"))
        mark = fingerprint(f"{asker}/{call.sid}/{resource.name}", given)
        question = details.Question(resource, call, given, mark)
        page = question.page(payloads.summary(call), now, self.summaries.speed, self.tokens)
        return _json(msgspec.json.encode(page))

    def _now(self) -> float:
        now = self.clock()
        self.world.advance(now)
        return now

    def _call(self, request: Request) -> tuple[Call, float]:
        """The call that the path names, if the asker may see it and it is not too old."""
        asker = self.accounts.authenticate(request.headers.get("Authorization"))
        sid, now = request.path_params["sid"], self._now()
        call = self.world.find(sid) if CALL_SID.fullmatch(sid) else None
        if call is None or not self.accounts.may_see(asker, call.account_sid):
            raise not_found(request.url.path)
        match self.summaries.stage(call, now).state:
            case "unborn":
                raise not_found(request.url.path)
            case "expired":
                raise expired()
        if NOT_ENABLED in call.traits:
            raise not_enabled()
        return call, now

    def _answers(self, wanted: str, snapshot: Snapshot) -> bool:
        """Whether a summary in this state is what was asked for."""
        state = snapshot.stage.state
        late = wanted == "partial" and self.partial_finds_complete
        return wanted in (state, "all") or late

    def _links(
        self, query: Query, page: Page, start: paging.Cursor
    ) -> dict[Literal["own", "next", "previous"], str | None]:
        """Tokens to the pages before and after, where there are any."""

        def token(way: Literal["on", "back"], number: int, call: Call | None) -> str:
            when, sid = _place(query, call) if call else (0, "")
            place = msgspec.structs.replace(start, page=number, way=way, when=when, sid=sid)
            return self.tokens.write(place)

        calls = [call for call, _ in page.items]
        before = token("back", start.page - 1, calls[0] if calls else None)
        after = token("on", start.page + 1, calls[-1]) if page.more and calls else None
        return {"previous": before if start.page else None, "next": after}


def _place(query: Query, call: Call) -> tuple[int, str]:
    """Where the call stands on the shelf that the query walks along."""
    return (call.start if query.sort == "start_time" else call.end), call.sid


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _refuse(_: Request, error: Exception) -> Response:
    """An error body for what the API refuses."""
    failure = (
        error if isinstance(error, ApiError) else ApiError(500, 17009, "Internal Server Error")
    )
    return Response(failure.body, failure.status, failure.headers, "application/json")


def _refuse_path(request: Request, error: Exception) -> Response:
    """The same for paths and methods that do not exist."""
    if isinstance(error, HTTPException) and error.status_code == 405:  # noqa: PLR2004  (HTTP's own)
        return _refuse(request, ApiError(405, 20004, "Method not allowed", error.headers))
    return _refuse(request, not_found(request.url.path))
