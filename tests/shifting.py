"""A list of Twilio's whose calls come, go and change while somebody walks through it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

SINCE = 1_779_990_000
"""When the first of its calls ended, in seconds since 1970."""


def sid_of(number: int) -> str:
    return f"CA{number:032x}"


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ShiftingList(httpx.AsyncBaseTransport):
    """Calls by number, and the second at which each ended, None for one that goes on.

    The newest come first, and those that go on before them. A page begins right after a call, or
    ends right before one, whatever there is now: Twilio does not say what its tokens mean, and
    tokens of another meaning would lose calls without the gateway.
    """

    def __init__(self, ended: dict[int, int | None]) -> None:
        self.ended = ended
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        said = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        size, token = int(said["PageSize"]), said.get("PageToken", "")
        calls = sorted(map(self.place, self.ended))
        way, *place = json.loads(token) if token else ("on", -1, 0)
        if way == "on":
            page = [one for one in calls if one > tuple(place)][:size]
        else:
            page = [one for one in calls if one < tuple(place)][-size:]
        meta: dict[str, Any] = {"key": "call_summaries"}
        number = int(said.get("Page", 0))
        if page and calls[-1] > page[-1]:
            meta["next_page_url"] = _url(size, number + 1, "on", page[-1])
        if page and calls[0] < page[0]:
            meta["previous_page_url"] = _url(size, number - 1, "back", page[0])
        summaries = [self._summary(number) for _, number in page]
        return httpx.Response(200, json={"call_summaries": summaries, "meta": meta})

    def place(self, number: int) -> tuple[int, int]:
        """What the list is sorted by."""
        ended = self.ended[number]
        return (0 if ended is None else 10**6 - ended, number)

    def _summary(self, number: int) -> dict[str, Any]:
        ended = self.ended[number]
        summary = {"call_sid": sid_of(number), "processing_state": "partial"}
        return summary if ended is None else summary | {"end_time": moment(SINCE + ended)}


def _url(size: int, number: int, way: str, place: Iterable[int]) -> str:
    token = json.dumps([way, *place])
    query = urlencode({"PageSize": size, "Page": max(0, number), "PageToken": token})
    return f"https://insights.twilio.com/v1/Voice/Summaries?{query}"
