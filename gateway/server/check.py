"""One cheap question to Twilio for each account, and the cure for what is wrong."""

import asyncio
import time
from collections.abc import Iterator

from gateway.accounts import Account
from gateway.configuration import Configuration
from gateway.errors import UpstreamCredentials, UpstreamError
from gateway.insights.filters import CallSort
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import pin
from gateway.settings import Settings
from gateway.upstream.client import InsightsClient
from gateway.upstream.proxies import Proxies
from gateway.upstream.transport import Bounded, Wire


async def ask(settings: Settings, account: Account) -> str:
    """Ask for one call of the last four hours, and say what came. Raises UpstreamError."""
    wire = Bounded(Wire(Proxies.of(settings)), settings.gateway_upstream_timeout)
    client = InsightsClient(wire, settings.gateway_upstream_url)
    question = Question(account.sid, (("ProcessingState", "all"),), CallSort.END_TIME.value)
    try:
        page = await client.page(account, question, PageRef(pin(None, None, time.time(), 1), 1))
    finally:
        await client.aclose()
    if not page.snapshots:
        return "Twilio answered; there were no calls in the last four hours."
    return "Twilio answered with the summary of a call."


def findings(settings: Settings, configuration: Configuration) -> Iterator[tuple[str, bool]]:
    """What there is to say of each account, and whether that is fine."""
    for account in configuration.accounts:
        yield (
            f"Settings: fine. Account {account.sid}, upstream {settings.gateway_upstream_url}.",
            True,
        )
        try:
            yield f"Upstream: fine. {asyncio.run(ask(settings, account))}", True
        except UpstreamError as error:
            refused = isinstance(error, UpstreamCredentials)
            what = "Twilio refused the credentials." if refused else str(error)
            code = "" if error.twilio_code is None else f" (Twilio's code {error.twilio_code})"
            yield f"Upstream: account {account.sid}: {what}{code}", False
            yield cure(error, configuration.proofs.get(account.sid) or _proof(account)), False


def _proof(account: Account) -> str:
    """Where the credentials are of an account that the settings name."""
    has_key = account.username != account.sid
    proof = "TWILIO_API_KEY and TWILIO_API_SECRET" if has_key else "TWILIO_AUTH_TOKEN"
    return f"TWILIO_ACCOUNT_SID and {proof}"


def cure(error: UpstreamError, proof: str) -> str:
    """What an operator can do about it, in a line; `proof` says where the credentials are."""
    return {
        "UPSTREAM_CREDENTIALS": f"Cure: compare {proof} with the Twilio console; a key must be a "
        "main API key.",
        "UPSTREAM_UNAVAILABLE": "Cure: see whether GATEWAY_UPSTREAM_URL is right and reachable "
        "from here, and the proxy in HTTPS_PROXY if there is one.",
        "UPSTREAM_TIMEOUT": "Cure: see whether GATEWAY_UPSTREAM_URL is reachable from here, or "
        "raise GATEWAY_UPSTREAM_TIMEOUT.",
        "UPSTREAM_RATE_LIMITED": "Cure: the credentials are right; try again in a while.",
    }.get(error.code, "Cure: see whether GATEWAY_UPSTREAM_URL is Twilio's Insights API.")
