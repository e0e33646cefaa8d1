"""How long a view of the explorer takes until it can be read, in a real browser."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from playwright.async_api import Browser

from tests.explorer import reading

MARK = """
const seen = new MutationObserver(() => {
  if (!document.querySelector(%s)?.checkVisibility()) return;
  seen.disconnect();
  requestAnimationFrame(() => {
    const painted = new MessageChannel();
    painted.port1.onmessage = () => performance.mark("first-answer");
    painted.port2.postMessage(null);
  });
});
seen.observe(document, { subtree: true, childList: true, attributes: true });
"""
"""Marks the frame in which a selector is seen first: what is posted in a frame runs behind it."""

MARKED = "() => performance.getEntriesByName('first-answer').length > 0"
TIMES = """() => [
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByName("first-answer")[0].startTime,
]"""
AFTERWARDS = 500
"""Milliseconds in which what follows the first answer is drawn."""


class Load(NamedTuple):
    """One load of a view by a new reader, in milliseconds; those of the thread are CPU time."""

    painted: float
    answered: float
    longest: float
    thread: float
    server: float


async def load(
    browser: Browser,
    origin: str,
    address: str,
    selector: str,
    cpu: Callable[[], float] = lambda: 0.0,
) -> Load:
    """Open a view with an empty cache, and wait for what it shows first.

    Args:
        browser: with no page of this origin open.
        origin: of the gateway.
        address: of the view, behind `/explorer/`.
        selector: what the view shows first of its answers.
        cpu: seconds of CPU time that the server took so far.
    """
    async with reading(browser, origin) as reader:
        await reader.page.add_init_script(MARK % json.dumps(selector))
        await reader.page.goto("about:blank")
        await browser.start_tracing(page=reader.page, categories=["toplevel"])
        before = cpu()
        await reader.page.goto(f"{origin}/explorer/{address}", wait_until="commit")
        await reader.page.wait_for_function(MARKED, timeout=60_000)
        await reader.page.wait_for_timeout(AFTERWARDS)
        server = (cpu() - before) * 1000
        tasks = tasks_of(await browser.stop_tracing())
        painted, answered = await reader.page.evaluate(TIMES)
    return Load(painted, answered, max(tasks), sum(tasks), server)


def tasks_of(trace: bytes) -> list[float]:
    """Milliseconds of CPU time of each task of the page's main thread."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    names = [event for event in events if event["name"] == "thread_name"]
    main = {
        (event["pid"], event["tid"]) for event in names if event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"].endswith("RunTask")
        and (event["pid"], event["tid"]) in main
        and "tdur" in event
    ]
