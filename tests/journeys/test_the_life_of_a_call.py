"""A call is followed from its first minute to the day Twilio forgets it."""

from typing import Any

import httpx

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway

LOOKUP = """
query($sid: CallSid!) {
  callLookup(sid: $sid) { status call { processing { version source isFinal finalReason } } }
}
"""
ANNOTATION = """
query($sid: CallSid!) {
  call(sid: $sid) { annotation { callScore } processing { source } }
}
"""


class Follower:
    """Asks for one call, and says what it was told and what that cost upstream."""

    def __init__(self, gateway: Gateway, sid: str) -> None:
        self.gateway = gateway
        self.sid = sid

    async def look_up(self) -> tuple[str, int | None, str | None, int]:
        """Status, version, source and number of upstream requests."""
        with self.gateway.upstream() as requests:
            lookup = (await self.gateway.ask(LOOKUP, sid=self.sid))["callLookup"]
        processing = (lookup["call"] or {}).get("processing", {})
        version, source = processing.get("version"), processing.get("source")
        return lookup["status"], version, source, len(requests)

    async def score(self) -> tuple[int | None, str, list[str]]:
        """The score of the annotation, the source, and which resources were asked for."""
        with self.gateway.upstream() as requests:
            call = (await self.gateway.ask(ANNOTATION, sid=self.sid))["call"]
        resources = [request.path.rsplit("/", 1)[1] for request in requests]
        return (call["annotation"] or {}).get("callScore"), call["processing"]["source"], resources


async def test_from_not_ready_to_expired(sandbox: Sandbox, clock: Clock) -> None:
    """Each stage costs what it must: two requests while it changes, none once it does not."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        follower = Follower(gateway, sandbox.examples()["not_ready"])

        # There is nothing yet; that is remembered for seconds.
        assert await follower.look_up() == ("NOT_READY", None, None, 2)
        assert await follower.look_up() == ("NOT_READY", None, None, 0)

        # The first partial summary, and no memory of it: every question goes to Twilio.
        status, version = "NOT_READY", None
        while status == "NOT_READY":
            clock.advance(30)
            status, version, source, cost = await follower.look_up()
        assert (status, version, source, cost) == ("PARTIAL", 1, "UPSTREAM", 2)
        assert await follower.look_up() == ("PARTIAL", 1, "UPSTREAM", 2)
        while version is not None and version < 3:
            clock.advance(60)
            status, version, source, cost = await follower.look_up()
        assert (status, version, source, cost) == ("PARTIAL", 3, "UPSTREAM", 2)

        # Complete: one request, and then none for days.
        while status == "PARTIAL":
            clock.advance(60)
            status, version, source, cost = await follower.look_up()
        assert (status, source, cost) == ("COMPLETE", "UPSTREAM", 1)
        clock.advance(5 * 86400)
        assert await follower.look_up() == ("COMPLETE", version, "CACHE", 0)

        # Operators see how long it took, and what was saved.
        metrics = (await gateway.http.get("/metrics")).text
        for state in ("partial", "complete"):
            told = f'gateway_summary_after_call_end_seconds_count{{state="{state}"}} 1.0'
            assert told in metrics
        assert 'gateway_upstream_requests_saved_total{kind="summary"}' in metrics

        # Somebody annotates it. Who selects the annotation pays for it, others do not.
        await _annotate(sandbox, follower.sid, score=2)
        assert await follower.look_up() == ("COMPLETE", version, "CACHE", 0)
        assert await follower.score() == (2, "CACHE", ["Annotation"])
        assert await follower.score() == (2, "CACHE", [])
        await _annotate(sandbox, follower.sid, score=5)
        clock.advance(61)
        assert await follower.score() == (5, "CACHE", ["Annotation"])

        # After thirty days Twilio has forgotten it, and so has the gateway.
        clock.advance(26 * 86400)
        assert await follower.look_up() == ("EXPIRED", None, None, 1)
        clock.advance(3600)
        assert await follower.look_up() == ("EXPIRED", None, None, 0)


async def test_a_settled_partial_is_taken_for_final(sandbox: Sandbox, clock: Clock) -> None:
    """A team that knows its traffic closes its books at a version, and is told that it did."""
    settings = Settings(gateway_settled_version=2)
    async with Gateway(sandbox, clock, settings) as gateway:
        sid = sandbox.examples()["partial"]
        processing: dict[str, Any] = {"version": 0}
        while processing["version"] < 2:
            clock.advance(60)
            lookup = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
            processing = lookup["call"]["processing"]
        assert lookup["status"] == "PARTIAL"
        assert processing["isFinal"] is True
        assert processing["finalReason"] == "SETTLED"
        clock.advance(86400)
        with gateway.upstream() as requests:
            again = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["call"]["processing"]
        assert (again["source"], again["version"]) == ("CACHE", processing["version"])
        assert requests == []


async def test_a_partial_is_kept_for_as_long_as_the_setting_says(
    sandbox: Sandbox, clock: Clock
) -> None:
    """With a maximum age a partial summary is an answer up to it, and not beyond."""
    settings = Settings(gateway_partial_max_age=20)
    async with Gateway(sandbox, clock, settings) as gateway:
        follower = Follower(gateway, sandbox.examples()["partial"])
        status, version, source, cost = await follower.look_up()
        assert (status, source, cost) == ("PARTIAL", "UPSTREAM", 2)
        clock.advance(19)
        assert await follower.look_up() == ("PARTIAL", version, "CACHE", 0)
        clock.advance(2)
        assert (await follower.look_up())[2:] == ("UPSTREAM", 2)


async def _annotate(sandbox: Sandbox, sid: str, score: int) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox.app),
        base_url="http://twilio",
        auth=(sandbox.account_sid, sandbox.auth_token),
    ) as twilio:
        written = await twilio.post(f"/v1/Voice/{sid}/Annotation", data={"CallScore": str(score)})
        assert written.status_code == 200
