"""Which of several media types a client gets."""

import pytest

from gateway.server.graphql.negotiation import GRAPHQL_RESPONSE, HTML, JSON, accepted_of, choose

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
APOLLO = "application/graphql-response+json,application/json;q=0.9"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        (" , ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("Application/GraphQL-Response+JSON", GRAPHQL_RESPONSE),
        ("application/graphql-response+json; charset=utf-8", GRAPHQL_RESPONSE),
        (APOLLO, GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", JSON),
        ("application/graphql-response+json, application/json", GRAPHQL_RESPONSE),
        ("application/json;q=0.1, application/graphql-response+json;Q=0.2", GRAPHQL_RESPONSE),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ("*/*;q=0.9, application/graphql-response+json;q=0.1", JSON),
        ("text/plain, */*;q=0.1", JSON),
        ("text/html", None),
        ("application/xml, text/*", None),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
        ("json", None),
    ],
)
def test_the_best_offer_that_the_client_accepts_is_chosen(accept: str, chosen: str | None) -> None:
    """Quality decides, then the order of the client, then ours; nothing acceptable is None."""
    assert choose(accept, (JSON, GRAPHQL_RESPONSE)) == chosen


@pytest.mark.parametrize("part", ["a/b,", "text/html;q=0.5,", ";,", "a/b;q=1;"])
def test_an_accept_as_long_as_a_book_is_disregarded(part: str) -> None:
    """It is read before the token, so that a stranger could have it read again and again.

    A server may treat the header as if it was not there (RFC 9110 §12.5.1).
    """
    assert accepted_of(part * 20_000) == accepted_of("")


@pytest.mark.parametrize("quality", ["", "x", "nan", "inf", "7", '"0.5"'])
def test_a_quality_that_is_no_number_from_0_to_1_counts_as_1(quality: str) -> None:
    """A client that misspells its preference is served all the same."""
    assert choose(f"application/json;q={quality}", (JSON, GRAPHQL_RESPONSE)) == JSON


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [(CHROME, HTML), ("text/html", HTML), ("*/*", JSON), (APOLLO, GRAPHQL_RESPONSE), ("", JSON)],
)
def test_only_who_prefers_html_gets_a_page(accept: str, chosen: str) -> None:
    """Browsers name HTML; clients that take anything get JSON."""
    assert choose(accept, (JSON, GRAPHQL_RESPONSE, HTML)) == chosen
