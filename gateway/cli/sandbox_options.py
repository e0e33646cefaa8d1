"""Defines the options of the sandbox that `gateway demo` and `gateway sandbox` share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli.command import Accepted
from gateway.config.kinds import Calls, Seed, Speed

if TYPE_CHECKING:
    from gateway.http_library import httpx

F = TypeVar("F", bound=Callable[..., Any])


def world_options(speed: int) -> Callable[[F], F]:
    """`--calls`, `--seed` and `--speed`, whose default is `speed`."""
    options = (
        click.option(
            "--calls",
            type=Accepted("NUMBER", Calls),
            default=3000,
            show_default=True,
            help="How many calls there are at the start.",
        ),
        click.option(
            "--seed",
            type=Accepted("NUMBER", Seed),
            default=7,
            show_default=True,
            help="Which world: the same number gives the same calls.",
        ),
        click.option(
            "--speed",
            type=Accepted("FACTOR", Speed),
            default=speed,
            show_default=True,
            help=(
                "How fast summaries age. At 1, as at Twilio, they are complete half an hour "
                "after the end of a call; at 10 after three minutes."
            ),
        ),
    )

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def post_by(
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]:
    """A way for the sandbox to push events."""
    from gateway.http_library import httpx

    client = httpx.AsyncClient(transport=transport, timeout=5, trust_env=False)

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            return (await client.post(url, content=body, headers=headers)).status_code
        except httpx.TransportError:
            return 0

    return post
