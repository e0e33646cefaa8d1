"""Sends one cheap request to Twilio with the credentials of an account."""

import time

from gateway.cli.examination.finding import REACHABLE, Finding, way_out
from gateway.config.accounts import Account
from gateway.config.settings import Settings
from gateway.errors import UpstreamCredentials, UpstreamError
from gateway.insights.filters import CallSort
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import pin
from gateway.upstream.client import InsightsClient
from gateway.upstream.failures import reason_of_exception

_OUTAGE = (
    "GATEWAY_UPSTREAM_URL answers, and with a failure. If it is Twilio's address, see "
    "https://status.twilio.com; the gateway recovers by itself within seconds after Twilio does."
)


async def examine_upstream(settings: Settings, account: Account, proof: str | None) -> Finding:
    """Ask for one call of the last four hours; `proof` says where the credentials are."""
    client = InsightsClient(way_out(settings), settings.gateway_upstream_url)
    question = Question(account.sid, (("ProcessingState", "all"),), CallSort.END_TIME.value)
    try:
        page = await client.page(account, question, PageRef(pin(None, None, time.time(), 1), 1))
    except UpstreamError as error:
        cure = _cure(error, proof or _proof(account))
        return Finding(
            "Upstream", "wrong", f"account {account.sid}: {_message_of(error)} Cure: {cure}"
        )
    finally:
        await client.aclose()
    came = "the summary of a call" if page.snapshots else "no call of the last four hours"
    return Finding("Upstream", "fine", f"Twilio answered account {account.sid} with {came}")


def _message_of(error: UpstreamError) -> str:
    """What came instead, and what Twilio or the system calls it."""
    refused = isinstance(error, UpstreamCredentials)
    what = "Twilio refused the credentials" if refused else str(error).rstrip(".")
    if error.twilio_code is not None:
        return f"{what} (Twilio's code {error.twilio_code})."
    cause = error.__cause__
    return f"{what}." if cause is None else f"{what} ({reason_of_exception(cause)})."


def _proof(account: Account) -> str:
    """Where the credentials are of an account that the settings name."""
    has_key = account.username != account.sid
    proof = "TWILIO_API_KEY and TWILIO_API_SECRET" if has_key else "TWILIO_AUTH_TOKEN"
    return f"TWILIO_ACCOUNT_SID and {proof}"


def _cure(error: UpstreamError, proof: str) -> str:
    """What an operator can do about it."""
    if error.code == "UPSTREAM_UNAVAILABLE" and error.__cause__ is None:  # it came with a status
        return _OUTAGE
    return {
        "UPSTREAM_CREDENTIALS": f"compare {proof} with the Twilio console; a key must be a main "
        "API key.",
        "UPSTREAM_UNAVAILABLE": f"see whether GATEWAY_UPSTREAM_URL {REACHABLE}",
        "UPSTREAM_TIMEOUT": "see whether GATEWAY_UPSTREAM_URL is reachable from here, or raise "
        "GATEWAY_UPSTREAM_TIMEOUT.",
        "UPSTREAM_RATE_LIMITED": "the credentials are right; try again in a while.",
    }.get(error.code, "see whether GATEWAY_UPSTREAM_URL is Twilio's Insights API.")
