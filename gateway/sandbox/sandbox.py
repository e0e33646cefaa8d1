"""Combines world and API as one sandbox, with controls for tests."""

import copy
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.sandbox import paging, request_log, scenarios, summary_state
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.app import InsightsApi
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.event_delivery import EventPusher, Post
from gateway.sandbox.events import EventStream
from gateway.sandbox.faults import Fault, Faults
from gateway.sandbox.filters import find, instant
from gateway.sandbox.summaries import Summaries
from gateway.sandbox.world import World, interval_at


class Sandbox:
    """A small Twilio that lies well: `app` answers as the Insights API would.

    The same `calls`, `seed` and time of making give the same world. `clock` (epoch seconds) is
    read on every request; `speed` divides the delays in a summary's life. With `arrivals`, calls
    keep ending as time passes: one every `often` seconds, and its summary is complete about `late`
    seconds later. `calls=0` is an empty world, for tests that add their own. `month` are calls of
    the last month beside, in which there is something to find (`month.py`).
    """

    def __init__(  # noqa: PLR0913  (the knobs of a world; each with a default)
        self,
        calls: int = 3000,
        seed: int = 7,
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
        *,
        arrivals: bool = True,
        partial_finds_complete: bool = True,
        month: int = 0,
    ) -> None:
        """Make the world, anchored at what the clock says now."""
        self._accounts = Accounts.of(seed)
        self._clock = clock
        self._random = random.Random(f"{seed}/added")
        self.often = interval_at(speed)
        self.late = summary_state.STEPS * summary_state.STEP / speed
        interval = self.often if arrivals else None
        self._world = World(self._accounts, calls, seed, int(clock()), interval, month)
        self._summaries = Summaries(self._world, speed)
        self._stream = EventStream(self._accounts, self._world, self._summaries, seed, speed)
        tokens = paging.Tokens(f"{seed}/tokens")
        api = InsightsApi(
            self._accounts, self._world, self._summaries, tokens, clock, partial_finds_complete
        )
        doors = (
            Route("/sandbox/examples", self._show_examples),
            Route("/sandbox/faults", self._take_fault, methods=["POST", "DELETE"]),
        )
        self._faults = Faults(api.app(*doors))
        self._journal = request_log.RequestLog(self._faults, seed)

    @property
    def app(self) -> ASGIApp:
        """The ASGI application."""
        return self._journal

    @property
    def account_sid(self) -> str:
        """The user name of the account."""
        return self._accounts.account_sid

    @property
    def auth_token(self) -> str:
        """The password of the account."""
        return self._accounts.secrets[self._accounts.account_sid]

    @property
    def api_key(self) -> str:
        """Another user name of the account."""
        return self._accounts.api_key

    @property
    def api_secret(self) -> str:
        """The password that goes with the API key."""
        return self._accounts.secrets[self._accounts.api_key]

    @property
    def subaccounts(self) -> tuple[str, ...]:
        """The SIDs of the account's subaccounts."""
        return self._accounts.subaccounts

    def subaccount_token(self, sid: str) -> str:
        """The password of a subaccount; raises KeyError for anything else."""
        return {sub: self._accounts.secrets[sub] for sub in self.subaccounts}[sid]

    @property
    def requests(self) -> list[request_log.Request]:
        """What the API was asked so far, oldest first; clear it at will."""
        return self._journal.requests

    def examples(self) -> dict[str, str]:
        """Call SIDs by what they show; "partial" and "not_ready" are so at this very moment."""
        now = self._clock()
        self._world.advance(now)
        found = {"not_found": f"CA{0:031x}f"} | self._world.examples
        for name in ("partial", "not_ready"):
            call = self._youngest(name, now)
            if call:
                found[name] = call.sid
        return found

    def add(self, summary: Json, metrics: Iterable[Json] = (), events: Iterable[Json] = ()) -> str:
        """Put a summary into the world just as it is, and give its call's SID.

        It is complete unless its `processing_state` says otherwise, and never too old. Without
        times it counts as a call of this moment; without an account, or with a strange one, as
        one of the account's own. Its metrics and events are those given, and no others.
        """
        verbatim = {"call_sid": scenarios.new_sid(self._random)} | copy.deepcopy(summary)
        owner = verbatim.get("account_sid")
        now = self._clock()
        start, end = (instant(verbatim.get(name)) or now for name in ("start_time", "end_time"))
        call = Call(
            sid=verbatim["call_sid"],
            account_sid=owner if owner in self.subaccounts else self.account_sid,
            type=str(verbatim.get("call_type")),
            direction=str(find(verbatim, "properties", "direction")),
            state=str(verbatim.get("call_state")),
            start=int(start),
            end=int(end),
            verbatim=verbatim,
            verbatim_metrics=tuple(copy.deepcopy(list(metrics))),
            verbatim_events=tuple(copy.deepcopy(list(events))),
        )
        self._world.add(call)
        return call.sid

    def events_between(self, since: float, until: float) -> list[Json]:
        """What Event Streams tell after `since` and up to `until` (epoch seconds)."""
        return self._stream.between(since, until)

    def event_pusher(self, url: str, post: Post) -> EventPusher:
        """Tells the sink at `url` what happens from now on, as Event Streams would."""
        return EventPusher(self._stream, url, self.auth_token, post, self._clock)

    def inject(self, fault: Fault) -> None:
        """Let answers go wrong from now on."""
        self._faults.inject(fault)

    def clear_faults(self) -> None:
        """Let all be well again."""
        self._faults.clear()

    def _youngest(self, state: str, now: float) -> Call | None:
        """A call of the account's own whose summary is in this state; None if there is none.

        The planted example, as long as it still is; after that the last call that ended.
        """
        planted = self._world.find(self._world.examples.get(state, ""))
        if planted and self._summaries.stage(planted, now).state == state:
            return planted
        for _, sid in reversed(self._world.shelf(self.account_sid, "end_time")):
            call = self._world.find(sid)
            if call and call.end <= now and self._summaries.stage(call, now).state == state:
                return call
        return None

    async def _show_examples(self, _: HttpRequest) -> Response:
        return _json(self.examples())

    async def _take_fault(self, request: HttpRequest) -> Response:
        """POST puts the fault of its JSON body in force; DELETE clears all of them."""
        if request.method == "DELETE":
            self.clear_faults()
            return Response(status_code=204)
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as wrong:
            return _json({"message": str(wrong)}, 400)
        self.inject(fault)
        return _json(fault, 201)


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
