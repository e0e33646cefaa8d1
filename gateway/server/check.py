"""One cheap question to Twilio, to see whether address and credentials are right; or the cure."""

import time

from gateway.accounts import Account
from gateway.errors import UpstreamError
from gateway.insights.filters import CallSort
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import pin
from gateway.settings import Settings
from gateway.upstream.client import InsightsClient
from gateway.upstream.transport import Bounded, Wire


async def ask(settings: Settings, account: Account) -> str:
    """Ask for one call of the last four hours, and say what came. Raises UpstreamError."""
    client = InsightsClient(
        Bounded(Wire(), settings.gateway_upstream_timeout), settings.gateway_upstream_url
    )
    question = Question(account.sid, (("ProcessingState", "all"),), CallSort.END_TIME.value)
    try:
        page = await client.page(account, question, PageRef(pin(None, None, time.time(), 1), 1))
    finally:
        await client.aclose()
    if not page.snapshots:
        return "Twilio answered; there were no calls in the last four hours."
    return "Twilio answered with the summary of a call."


def cure(error: UpstreamError) -> str:
    """What an operator can do about it, in a line."""
    return {
        "UPSTREAM_CREDENTIALS": "Cure: compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (or "
        "TWILIO_API_KEY and TWILIO_API_SECRET) with the Twilio console; a main API key is needed.",
        "UPSTREAM_UNAVAILABLE": "Cure: see whether GATEWAY_UPSTREAM_URL is right and reachable "
        "from here.",
        "UPSTREAM_TIMEOUT": "Cure: see whether GATEWAY_UPSTREAM_URL is reachable from here, or "
        "raise GATEWAY_UPSTREAM_TIMEOUT.",
        "UPSTREAM_RATE_LIMITED": "Cure: the credentials are right; try again in a while.",
    }.get(error.code, "Cure: see whether GATEWAY_UPSTREAM_URL is Twilio's Insights API.")
