"""Serves `/healthz` and `/readyz`: liveness and readiness."""

from typing import Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.instrumentation import CircuitChanged, Listeners, Outcome, UpstreamAnswered
from gateway.server.drain import Drain
from gateway.server.telemetry.background_tasks import BackgroundTasks
from gateway.server.telemetry.dependencies import Dependencies

State: TypeAlias = Literal["ok", "rate limited", "failing"]


class Health:
    """A listener that remembers how the last requests to Twilio went."""

    def __init__(
        self,
        drain: Drain,
        dependencies: Dependencies,
        tasks: BackgroundTasks,
        has_warehouse: bool = False,  # noqa: FBT001, FBT002 - a part that may be there or not
    ) -> None:
        self._drain = drain
        self._dependencies = dependencies
        self._tasks = tasks
        self._has_warehouse = has_warehouse
        self._answered: dict[str, UpstreamAnswered] = {}
        self._circuits: dict[str, str] = {}

    def listeners(self) -> Listeners:
        """What it hears of: upstream requests and circuit breakers."""
        return {
            UpstreamAnswered: self._upstream_answered,
            CircuitChanged: self._circuit_changed,
        }

    def _upstream_answered(self, happening: UpstreamAnswered) -> None:
        if happening.outcome is not None:
            self._answered[happening.account] = happening

    def _circuit_changed(self, happening: CircuitChanged) -> None:
        self._circuits[happening.account] = happening.state

    async def alive(self, _: Request) -> Response:
        """The process answers, so it lives."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Requests may come, until the process leaves: what one part cannot do, another may."""
        accounts = {
            account: {"upstream": _state(one), "circuit": self._circuits.get(account, "closed")}
            for account, one in self._answered.items()
        }
        parts = {
            "cache": self._dependencies.state("cache"),
            "upstream": self._upstream(),
            "accounts": accounts,
            "tasks": self._tasks.states(),
            "failing": {**self._last_failures(), **self._dependencies.reasons()},
        }
        if self._has_warehouse:
            parts["warehouse"] = self._dependencies.state("warehouse")
        if self._drain.begun:
            return JSONResponse({"status": "unready", "server": "leaving", **parts}, 503)
        return JSONResponse({"status": "ok", "server": "ok", **parts})

    def _last_failures(self) -> dict[str, str]:
        """Why the last request of an account failed, also before that counts as an outage."""
        return {
            f"upstream {account}": one.reason or "no reason is known"
            for account, one in self._answered.items()
            if _state(one) == "failing"
        }

    def _upstream(self) -> str:
        """How it is on the whole: wrong credentials of one account are no outage of all."""
        states = {_state(one) for one in self._answered.values()}
        match len(states):
            case 0:
                return "not asked yet"
            case 1:
                return states.pop()
            case _:
                return "failing in part" if "failing" in states else "rate limited in part"


def _state(happening: UpstreamAnswered) -> State:
    """How a request went."""
    if happening.outcome is Outcome.RATE_LIMITED:
        return "rate limited"
    return "ok" if happening.outcome is Outcome.ANSWERED else "failing"
