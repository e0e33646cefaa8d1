import json
import logging
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from gateway.config.settings import Settings
from gateway.server.telemetry.logs import Fields, JsonLines, configure_logging
from tests.conftest import Gateway
from tests.live import UPDATES, hear, subscribe
from tests.servers import serving


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger, served = logging.getLogger(), logging.getLogger("uvicorn.error")
    handlers, level, level_of_server = logger.handlers[:], logger.level, served.level
    yield logger
    served.setLevel(level_of_server)
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(level)


def record(message: str = "hello %s", **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("gateway.x", logging.WARNING, __file__, 1, message, ("boat",), None)
    made.__dict__.update(extra)
    return made


def test_a_json_line_is_one_object_on_one_line() -> None:
    """Whatever a message holds, a machine reads it line by line."""
    line = JsonLines().format(record("hello\n%s", created=1_780_000_000.0))

    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-05-28T20:26:40+00:00",
        "level": "warning",
        "logger": "gateway.x",
        "message": "hello\nboat",
    }


def test_a_json_line_says_which_request_it_is_about_and_what_went_wrong() -> None:
    """The request id is what a client can tell an operator."""
    fault = (LookupError, LookupError("no harbour"), None)
    line = json.loads(JsonLines().format(record(request_id="r1", exc_info=fault)))

    assert line["request_id"] == "r1"
    assert "LookupError: no harbour" in line["exception"]


def test_a_normal_start_is_no_error_by_its_name(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server logs all that it does under `uvicorn.error`."""
    configure_logging(Settings())
    logging.getLogger("uvicorn.error").info("Application startup complete.")

    assert root.handlers
    assert "INFO    uvicorn  Application startup complete." in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_are_written_from_the_chosen_level_on(
    form: str, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """To standard error: standard output is for what a command prints."""
    configure_logging(Settings(gateway_log_level="warning", gateway_log_format=form))  # type: ignore[arg-type]
    logging.getLogger("gateway.x").info("too quiet")
    logging.getLogger("gateway.x").warning("loud enough")
    out, err = capsys.readouterr()

    assert root.level == logging.WARNING
    assert not out
    assert "too quiet" not in err
    assert "loud enough" in err
    assert err.startswith("{") is (form == "json")


def test_no_address_of_an_upstream_request_is_logged(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds what was filtered by, and that may be a phone number."""
    configure_logging(Settings(gateway_log_level="info"))
    logging.getLogger("httpx").info("HTTP Request: GET https://twilio/?From=+12025550143")

    assert root.handlers
    assert not capsys.readouterr().err


@pytest.mark.parametrize("level", ["debug", "info", "warning"])
async def test_what_is_said_over_a_websocket_is_in_no_line(
    level: str, root: logging.Logger, capsys: pytest.CaptureFixture[str], gateway: Gateway
) -> None:
    """Neither the address that was opened, nor a header, nor what was asked and answered."""
    configure_logging(Settings(gateway_log_level=level))  # type: ignore[arg-type]
    logging.getLogger("of the other side").setLevel(logging.WARNING)
    sid = gateway.sandbox.examples()["not_found"]
    headers = {"Authorization": "Bearer of-the-header"}
    with serving(gateway.app) as address:
        url = address.replace("http:", "ws:") + "/graphql?token=of-the-query"
        async with connect(
            url,
            proxy=None,
            logger=logging.getLogger("of the other side"),
            additional_headers=headers,
            subprotocols=[Subprotocol("graphql-transport-ws")],
        ) as connection:
            await subscribe(connection, UPDATES, sid=sid)
            assert (await hear(connection))["payload"]["data"]["callUpdates"]
    said = capsys.readouterr().err
    assert root.handlers
    assert "of-the" not in said
    assert sid not in said
    assert ("connection open" in said) == (level != "warning")


def test_a_message_of_fields_is_words_for_people_and_keys_for_machines() -> None:
    """Nobody has to take a line apart that was put together here."""
    fields = Fields({"status": 200, "viewer": "support"})
    made = logging.LogRecord("gateway.x", logging.INFO, "", 0, fields, (), None)

    line = json.loads(JsonLines().format(made))

    assert made.getMessage() == "status=200 viewer=support"
    assert (line["status"], line["viewer"]) == (200, "support")
    assert "message" not in line
