"""Posts an empty batch to the public address of the webhook, as Twilio would."""

from hashlib import sha256

from gateway.cli.examination.finding import Finding, way_out
from gateway.cli.start_lines import place
from gateway.config.accounts import Account
from gateway.config.settings import Settings
from gateway.http_library import httpx
from gateway.server.webhook import PATH, Signer
from gateway.upstream.failures import TRANSPORT_FAILURES, reason_of_exception

_NO_EVENTS = b"[]"


async def examine_sink(settings: Settings, account: Account, signer: Signer) -> Finding:
    """See whether a gateway there accepts what the account signs; it need not run yet."""
    where = place(signer.url)
    try:
        status = await _post(settings, signer)
    except TRANSPORT_FAILURES as error:
        message = f"nobody answers at {where} ({reason_of_exception(error)})."
        return Finding("Sink", "later", f"{message} Start the gateway; Twilio must reach it there.")
    match status:
        case 200:
            message = f"a gateway at {where} accepts what account {account.sid} signs"
            return Finding("Sink", "fine", message)
        case 403:
            message = f"the gateway at {where} refuses what account {account.sid} signs."
            cure = "start it with these settings, and let no proxy change the query string."
        case _:
            message = f"{where} answers with HTTP {status}, as no sink does."
            cure = f"lead that address to {PATH} of the gateway, or correct GATEWAY_WEBHOOK_URL."
    return Finding("Sink", "wrong", f"{message} Cure: {cure}")


async def _post(settings: Settings, signer: Signer) -> int:
    query = f"bodySHA256={sha256(_NO_EVENTS).hexdigest()}"
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signer.sign(query)}
    url = f"{signer.url}?{query}"
    async with httpx.AsyncClient(transport=way_out(settings), timeout=None) as client:
        return (await client.post(url, content=_NO_EVENTS, headers=headers)).status_code
