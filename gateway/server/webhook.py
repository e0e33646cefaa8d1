"""Serves `POST /webhooks/twilio/events`: the sink of Twilio's Event Streams.

Twilio signs the public URL of each request, whose query says the SHA-256 of the body; so the sink
must know its public URL. Only what is signed is read, and nothing is asked of Twilio: an answer
takes a write to the cache, which gives up on a slow server long before Twilio does (5 seconds).

Twilio discards what is answered with a 4xx and shows it in its console, and repeats what is not
answered for hours. So what can never be taken in is refused, and never left without an answer.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.config.accounts import Account
from gateway.config.settings import Settings
from gateway.insights.decoding import Undecodable
from gateway.instrumentation import Hook, WebhookAnswered, WebhookOutcome

PATH = "/webhooks/twilio/events"

MAX_BODY_BYTES = 2**20
"""Of one request; a summary has about 5 KB."""

Accept = Callable[[bytes], Awaitable[None]]
"""Takes in a body that Twilio signed; raises Undecodable."""

_REFUSALS: dict[WebhookOutcome, tuple[int, str]] = {
    "unsigned": (403, "Not signed by Twilio: there is no X-Twilio-Signature."),
    "forged": (403, "Not signed by Twilio for GATEWAY_WEBHOOK_URL and this body."),
    "too_large": (413, f"The body is larger than {MAX_BODY_BYTES} bytes."),
    "not_json": (400, "The body is not JSON."),
    "cut_off": (400, "The body was not sent whole."),
}
_PORT = re.compile(r":[0-9]+$")


class Signer:
    """Knows what Twilio signs: requests to `url`, the public one, with `key`, the auth token."""

    def __init__(self, url: str, key: bytes) -> None:
        self.url = url
        self._urls = with_and_without_port(url)
        self._key = key

    def sign(self, query: str) -> str:
        """The signature of a request with this query string."""
        return self._sign(f"{self.url}?{query}").decode()

    def signed(self, query: str, signature: str) -> bool:
        """Whether this is the signature of a request with this query string."""
        ours = [self._sign(f"{url}?{query}") for url in self._urls]
        fits = [hmac.compare_digest(one, signature.encode()) for one in ours]
        return any(fits)

    def _sign(self, url: str) -> bytes:
        return base64.b64encode(hmac.digest(self._key, url.encode(), "sha1"))


def signer_of(settings: Settings, account: Account) -> Signer | None:
    """The signer of what Twilio pushes to this gateway; None when it has no sink."""
    url, key = settings.gateway_webhook_url, account.webhook_key
    return None if url is None or key is None else Signer(url, key)


def is_body(query: str, body: bytes) -> bool:
    """Whether this is the raw body that the query string says the SHA-256 of."""
    expected = parse_qs(query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), expected.encode())


def with_and_without_port(url: str) -> tuple[str, str]:
    """A URL in the two forms of which Twilio signs either: with its port, and with none."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    bare = _PORT.sub("", host)
    default = "443" if scheme == "https" else "80"
    whole = host if host != bare else f"{host}:{default}"
    return f"{scheme}://{whole}{slash}{path}", f"{scheme}://{bare}{slash}{path}"


class EventSink:
    """Answers Twilio's requests.

    `receivers` has, for each account with a sink, its signer and what takes its events in; without
    any there is no sink.
    """

    def __init__(self, receivers: Sequence[tuple[Signer, Accept]], hook: Hook) -> None:
        self._receivers = receivers
        self._hook = hook

    def replace(self, receivers: Sequence[tuple[Signer, Accept]]) -> None:
        """Have these receivers from now on."""
        self._receivers = receivers

    def route(self) -> Route:
        """Where it is."""
        return Route(PATH, self.receive, methods=["POST"])

    async def receive(self, request: Request) -> Response:
        """Take in the events of one request, or say why not."""
        if not self._receivers:
            return _refusal(404, "No sink: set GATEWAY_WEBHOOK_URL.")
        outcome = await self._take(request)
        self._hook(WebhookAnswered(outcome))
        if outcome == "accepted":
            return JSONResponse({"status": "ok"})
        return _refusal(*_REFUSALS[outcome])

    async def _take(self, request: Request) -> WebhookOutcome:
        query = request.scope["query_string"].decode("latin-1")
        signature = request.headers.get("X-Twilio-Signature", "")
        accept = next(
            (take for signer, take in self._receivers if signer.signed(query, signature)), None
        )
        if accept is None:
            return "forged" if signature else "unsigned"  # whatever it brings
        try:
            body = await _read(request)
            if body is None:
                return "too_large"
            if not is_body(query, body):
                return "forged"
            await accept(body)
        except ClientDisconnect:
            return "cut_off"
        except Undecodable:
            return "not_json"
        return "accepted"


async def _read(request: Request) -> bytes | None:
    """The body; None for one that is too large, of which no more is read than that takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message}]}, status)
