"""What `/healthz` and `/readyz` tell, part by part."""

from hashlib import sha256
from typing import Any

import pytest

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.sandbox import Fault, Sandbox
from gateway.upstream.circuit_breaker import REFUSALS
from tests.conftest import Clock, Gateway
from tests.viewers import Asker

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
WRONG = Account("AC" + "7b" * 16, "AC" + "7b" * 16, Secret("not its token"))


async def ready(gateway: Gateway) -> dict[str, Any]:
    """What `/readyz` tells; whatever that is, requests may come."""
    answer = await gateway.http.get("/readyz")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert (told.pop("status"), told.pop("server")) == ("ok", "ok")
    return told


async def test_a_gateway_that_asked_nothing_knows_nothing(gateway: Gateway) -> None:
    """Before the first request to Twilio, nobody is said to be well."""
    assert await ready(gateway) == {
        "cache": "ok",
        "upstream": "not asked yet",
        "accounts": {},
        "tasks": {"measuring": "ok"},
        "failing": {},
    }
    with gateway.upstream() as requests:
        assert (await gateway.http.get("/healthz")).json() == {"status": "ok"}
    assert requests == []


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(kind="server_error"), "failing"),
        (Fault(kind="rate_limited_retry_after", seconds=0), "rate limited"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
async def test_twilio_is_as_the_last_request_found_it(
    gateway: Gateway, fault: Fault, state: str
) -> None:
    """Down is not the same as busy, and what is over is forgotten."""
    account = gateway.sandbox.account_sid
    sids = iter(gateway.sandbox.examples().values())
    gateway.sandbox.inject(fault)
    await gateway.send(CALL, sid=next(sids))
    told = await ready(gateway)
    assert told["upstream"] == state
    assert told["accounts"] == {account: {"upstream": state, "circuit": "closed"}}
    gateway.sandbox.clear_faults()
    await gateway.ask(CALL, sid=next(sids))
    assert (await ready(gateway))["upstream"] == "ok"


async def test_an_account_that_fails_is_never_without_a_reason(gateway: Gateway) -> None:
    """`/readyz` has the reason for each failure, also of one that is no outage yet (ours)."""
    sids = iter(gateway.sandbox.examples().values())
    gateway.sandbox.inject(Fault(kind="server_error"))
    await gateway.send(CALL, sid=next(sids))
    told = await ready(gateway)
    assert told["upstream"] == "failing"
    assert told["failing"].keys() == {f"upstream {gateway.sandbox.account_sid}"}
    assert told["failing"].popitem()[1].startswith("HTTP 50")
    gateway.sandbox.clear_faults()
    await gateway.ask(CALL, sid=next(sids))
    assert (await ready(gateway))["failing"] == {}


async def test_wrong_credentials_of_one_account_are_told_of_it_alone(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Whoever reads `/readyz` sees which account is kept from Twilio, and that others are not."""
    right = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    grants = tuple(
        Grant(
            Viewer(name, Realm(account, None), frozenset({Scope.CALLS_READ})),
            sha256(name.encode()).hexdigest(),
        )
        for name, account in (("right", right), ("wrong", WRONG))
    )
    access = Configuration((right, WRONG), grants)
    async with Gateway(sandbox, clock, Settings(), access=access) as gateway:
        sids = list(sandbox.examples().values())
        await Asker(gateway, "right").ask(CALL, sid=sids[0])
        for sid in sids[:REFUSALS]:
            await Asker(gateway, "wrong").post(CALL, variables={"sid": sid})
        told = await ready(gateway)
    assert told["upstream"] == "failing in part"
    assert told["accounts"] == {
        right.sid: {"upstream": "ok", "circuit": "closed"},
        WRONG.sid: {"upstream": "failing", "circuit": "open"},
    }
