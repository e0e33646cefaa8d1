"""A sandbox whose lists lead nowhere for some carriers: `python -m tests.attacks.lying_twilio P`.

P is a port. It prints its account, its token and SIDs of calls, as a line of JSON.
"""

import json
import sys
from urllib.parse import parse_qs, urlencode

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from gateway.sandbox import Sandbox

CIRCLE, ENDLESS = "circle", "endless"
"""Carriers whose pages are empty, and lead to themselves or to ever other ones."""

CALLS, MOST_KNOWN = 400, 1000


class LyingTwilio:
    """A sandbox but for these carriers; to the same question it gives the same answer at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.app
        self._known: dict[bytes, list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = parse_qs(scope["query_string"].decode("latin-1"))
        carrier = said.get("FromCarrier", [""])[0]
        if carrier in {CIRCLE, ENDLESS}:
            page = int(said.get("PageToken", ["0"])[0]) + (carrier == ENDLESS)
            await empty_page_before(page)(scope, receive, send)
        else:
            for message in await self._answer(scope, receive):
                await send({**message})

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        asked = scope["raw_path"] + b"?" + scope["query_string"]
        if asked not in self._known:
            told: list[Message] = []

            async def tell(message: Message) -> None:
                told.append(message)

            await self._app(scope, receive, tell)
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            self._known[asked] = told
        return self._known[asked]


def empty_page_before(page: int) -> JSONResponse:
    """A page without calls, and an address of another one."""
    query = urlencode({"Page": page, "PageToken": page})
    meta = {"next_page_url": f"http://127.0.0.1/?{query}", "previous_page_url": None}
    return JSONResponse({"call_summaries": [], "meta": meta})


if __name__ == "__main__":
    sandbox = Sandbox(calls=CALLS, arrivals=False)
    told = [sandbox.account_sid, sandbox.auth_token, sandbox.examples()]
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started it reads that
    uvicorn.run(LyingTwilio(sandbox), port=int(sys.argv[1]), log_config=None, access_log=False)
