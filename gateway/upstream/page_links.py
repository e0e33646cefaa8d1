"""Reads the links of a page: takes their page tokens, and never their addresses."""

from gateway.http_library import httpx
from gateway.insights.paging import PageRef, page_named_in
from gateway.upstream.failures import invalid


def neighbour(
    ref: PageRef, url: str | None, response: httpx.Response, *, back: bool = False
) -> PageRef | None:
    """The page that `url` leads to. Only its token and number are taken: never the address."""
    if not url:
        return None
    try:
        token, number = page_named_in(url)
    except ValueError as error:
        raise invalid("named a page in a way that cannot be read", response) from error
    if number < 0 or (not token and number > 0):
        raise invalid("named a page without its token", response)
    return PageRef(ref.window, ref.size, number, token, back and token != "")
