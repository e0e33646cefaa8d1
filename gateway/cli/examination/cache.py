"""Writes to the cache server and reads from it, as the gateway does."""

from gateway.cache.probe import Unfit, probe
from gateway.cli.examination.finding import Finding
from gateway.cli.start_lines import cache_line, place
from gateway.config.settings import Settings


async def examine_cache(settings: Settings) -> Finding:
    """See whether it keeps, gives back, and tells other replicas."""
    url, line = settings.gateway_cache_url, cache_line(settings)
    if url == "memory://":
        return Finding("Cache", "fine", line)
    try:
        await probe(url)
    except Unfit as error:
        return Finding("Cache", "wrong", f"{place(url)}: {error}. Cure: {error.cure}")
    return Finding("Cache", "fine", line)
