"""Serves `/healthz` and `/readyz`: liveness and readiness."""

from typing import Literal, TypeAlias

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.instrumentation import CircuitChanged, Listeners, Outcome, UpstreamAnswered
from gateway.server.drain import Drain
from gateway.server.telemetry.background_tasks import BackgroundTasks
from gateway.server.telemetry.dependencies import Dependencies

State: TypeAlias = Literal["ok", "rate limited", "failing"]


class Health(Struct, eq=False):
    """A listener that remembers how the last requests to Twilio went."""

    drain: Drain
    dependencies: Dependencies
    tasks: BackgroundTasks
    has_warehouse: bool = False
    answered: dict[str, UpstreamAnswered] = field(default_factory=dict)
    circuits: dict[str, str] = field(default_factory=dict)

    def listeners(self) -> Listeners:
        """What it hears of: upstream requests and circuit breakers."""
        return {
            UpstreamAnswered: self._upstream_answered,
            CircuitChanged: self._circuit_changed,
        }

    def _upstream_answered(self, happening: UpstreamAnswered) -> None:
        if happening.outcome is not None:
            self.answered[happening.account] = happening

    def _circuit_changed(self, happening: CircuitChanged) -> None:
        self.circuits[happening.account] = happening.state

    async def alive(self, _: Request) -> Response:
        """The process answers, so it lives."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Requests may come, until the process leaves: what one part cannot do, another may."""
        accounts = {
            account: {"upstream": _state(one), "circuit": self.circuits.get(account, "closed")}
            for account, one in self.answered.items()
        }
        parts = {
            "cache": self.dependencies.state("cache"),
            "upstream": self._upstream(),
            "accounts": accounts,
            "tasks": self.tasks.states(),
            "failing": {**self._last_failures(), **self.dependencies.reasons()},
        }
        if self.has_warehouse:
            parts["warehouse"] = self.dependencies.state("warehouse")
        if self.drain.begun:
            return JSONResponse({"status": "unready", "server": "leaving", **parts}, 503)
        return JSONResponse({"status": "ok", "server": "ok", **parts})

    def _last_failures(self) -> dict[str, str]:
        """Why the last request of an account failed, also before that counts as an outage."""
        return {
            f"upstream {account}": one.reason or "no reason is known"
            for account, one in self.answered.items()
            if _state(one) == "failing"
        }

    def _upstream(self) -> str:
        """How it is on the whole: wrong credentials of one account are no outage of all."""
        states = {_state(one) for one in self.answered.values()}
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
