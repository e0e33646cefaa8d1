"""Serves a simulation of Twilio's Insights API: `gateway sandbox`."""

import click

from gateway.cli.command import Accepted, Command
from gateway.cli.environment import listen
from gateway.cli.sandbox_options import post_by, world_options
from gateway.config.kinds import Port, WebhookUrl


@click.command(
    cls=Command,
    examples=(
        ("gateway sandbox", "prints the address and credentials to use"),
        ("gateway sandbox --speed 60", "summaries are complete after half a minute"),
        (
            "gateway sandbox --sink http://127.0.0.1:8000/webhooks/twilio/events",
            "pushes events to a gateway",
        ),
    ),
    statuses=("it was stopped", "", "wrong options", "the server could not start"),
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=Accepted("PORT", Port),
    metavar="PORT",
    default=8001,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--sink",
    type=Accepted("URL", WebhookUrl),
    metavar="URL",
    help="Push events there, signed, as Twilio's Event Streams do.",
)
@world_options(speed=1)
def sandbox(host: str, port: int, sink: str | None, calls: int, seed: int, speed: float) -> int:  # noqa: PLR0913, PLR0917 - its options
    """A stand-in for Twilio's Insights API."""
    from gateway.sandbox import Sandbox
    from gateway.server.run import run

    listening, address = listen(host, port)
    world = Sandbox(calls=calls, seed=seed, speed=speed)
    print(
        f"\n  Insights API       {address}\n"
        f"  TWILIO_ACCOUNT_SID {world.account_sid}\n"
        f"  TWILIO_AUTH_TOKEN  {world.auth_token}\n"
        + (f"  GATEWAY_WEBHOOK_URL {sink}\n" if sink else ""),
        flush=True,
    )
    return run(
        world.event_pusher(sink, post_by()).beside(world.app) if sink else world.app, listening
    )
