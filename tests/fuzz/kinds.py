"""The kinds of inputs that there are."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tests.fuzz.shared import from_redis, from_the_channel
from tests.fuzz.targets import Feed, over_a_socket, over_a_web_socket
from tests.fuzz.upstream import from_a_socket, from_twilio
from tests.fuzz.watch import Watch

KINDS: dict[str, Callable[[Watch], AbstractAsyncContextManager[Feed]]] = {
    "socket": over_a_socket,
    "websocket": over_a_web_socket,
    "redis": from_redis,
    "channel": from_the_channel,
    "upstream": from_twilio,
    "upstream-socket": from_a_socket,
}
