"""One cheap question to Twilio, to see whether address and credentials are right."""

import time

from gateway.accounts import Account
from gateway.insights.filters import CallSort
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import pin
from gateway.settings import Settings
from gateway.upstream.client import InsightsClient
from gateway.upstream.transport import Bounded, connect


async def ask(settings: Settings, account: Account) -> str:
    """Ask for one call of the last four hours, and say what came. Raises UpstreamError."""
    client = InsightsClient(
        Bounded(connect(), settings.gateway_upstream_timeout), settings.gateway_upstream_url
    )
    question = Question(account.sid, (("ProcessingState", "all"),), CallSort.END_TIME.value)
    try:
        page = await client.page(account, question, PageRef(pin(None, None, time.time(), 1), 1))
    finally:
        await client.aclose()
    if not page.snapshots:
        return "Twilio answered; there were no calls in the last four hours."
    return "Twilio answered with the summary of a call."
