import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from gateway import __version__
from gateway.cli import main, root
from gateway.schema.federation import subgraph_sdl
from gateway.schema.operations import sdl
from gateway.server.app import from_environment
from gateway.server.graphiql import SOURCES
from tests.live import becomes

OURS = ("TWILIO_", "GATEWAY_")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
SMALL = ("--calls", "40")


def environment(**settings: str) -> dict[str, str]:
    """That of this process, with these settings and no others."""
    others = {name: text for name, text in os.environ.items() if not name.startswith(OURS)}
    return others | settings


@contextlib.contextmanager
def running(
    directory: Path, *arguments: str, until: str = "http://", **settings: str
) -> Iterator[tuple[str, str]]:
    """`gateway …` as a process of its own: its address, and all it said up to some line.

    At the end it is asked to stop, as an orchestrator would, and must do so by itself.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=directory,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while until not in said:
            line = process.stdout.readline()
            assert line, f"it ended: {said}"
            said += line
        try:
            yield ADDRESS.findall(said)[-1], said
        finally:
            process.terminate()
            process.wait(timeout=20)
            said += process.stdout.read()
    assert "Traceback" not in said


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A directory without a `.env`, an environment without settings; logging is put back."""
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield monkeypatch
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings for a sandbox that runs as a process of its own, as it prints them."""
    directory = tmp_path_factory.mktemp("twilio")
    arguments = ("sandbox", "--port", "0", *SMALL)
    with running(directory, *arguments, until="TWILIO_AUTH_TOKEN") as (address, said):
        printed = dict(re.findall(r"(TWILIO_\w+) +(\w+)", said))
        assert printed.keys() == {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"}
        patient = {"GATEWAY_UPSTREAM_TIMEOUT": "60", "GATEWAY_DEADLINE": "60"}
        yield {"GATEWAY_UPSTREAM_URL": address, **printed, **patient}


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing a report of a bug needs."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gateway {__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_without_a_command_it_says_which_there_are(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who types the name alone wants to know what it is; that is no mistake."""
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert not err
    assert re.findall(r"^  (\w+)  +[A-Z].*$", out, re.MULTILINE) == [*root.commands]


def test_what_a_command_does_is_told_in_a_whole_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Click cuts a sentence after 45 characters, which left `needs...` of `needs no account`."""
    main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    for command in root.commands.values():
        assert command.help is not None
        assert f"{command.name} {' '.join(command.help.split('.')[0].split())}." in words


@pytest.mark.parametrize("command", root.commands)
def test_the_help_of_a_command_has_examples_and_statuses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example can be typed as it is, and each option says what it does, with its default."""
    assert main([command, "--help"]) == 0
    told = capsys.readouterr().out
    assert re.search(
        r"^Exit status:\n  0  \w+.*\n(  1 .*\n(     .*\n)*)?  2  wrong", told, re.MULTILINE
    )
    examples = told.partition("Examples:\n")[2].partition("\n\n")[0]
    assert f"gateway {command}" in examples
    for option in root.commands[command].params:
        if isinstance(option, click.Option):
            assert str(option.help).endswith((".", "]")), option.name
            is_said = option.show_default or "default: " in str(option.help)
            may_be_without = {"sink", "file", "federation", "variables", "usage"}
            assert is_said or option.required or option.name in may_be_without


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sreve"], "No such command 'sreve'. Did you mean 'serve'? `gateway --help` tells more."),
        (
            ["serve", "--prot=1"],
            "No such option '--prot'. (Did you mean one of: '--host', '--port'?)",
        ),
        (["serve", "--port"], "Option '--port' requires an argument."),
        (["serve", "--port=x"], "--port is 'x': set it to a port, 0 to 65535."),
        (["serve", "--workers=0"], "--workers is '0': set it to a whole number from 1."),
        (["serve", "now"], "Got unexpected extra argument (now)."),
        (["forget"], "Missing argument 'CALL_SID|NUMBER'."),
        (["completion", "tcsh"], "Invalid value for '{bash|zsh|fish}': 'tcsh' is not one of"),
    ],
    ids=" ".join,
)
def test_a_mistake_on_the_command_line_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, the nearest that there is, and where to read more; exit status 2."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"gateway: {told}")
    assert re.fullmatch(r".* `gateway( \w+)? --help` tells more\.\n", err)


@pytest.mark.processes
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By a function of its own, which asks the command itself."""
    assert main(["completion", shell]) == 0
    assert f"_GATEWAY_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.processes
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("gateway s", ["serve", "sandbox", "schema"]),
        ("gateway serve --w", ["--workers"]),
        ("gateway completion f", ["fish"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(typed: str, completed: list[str]) -> None:
    """As bash asks: by the words so far, and the number of the one that is typed."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    told = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env=environment() | words | {"_GATEWAY_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [f"plain,{word}" for word in completed]


@pytest.mark.processes
@pytest.mark.parametrize("arguments", [("schema",), ("--help",)])
def test_whoever_reads_no_further_sees_no_traceback(arguments: tuple[str, ...]) -> None:
    """`gateway schema | head -1` closes the pipe before all is printed."""
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in (told := process.stderr.read())
        assert b"BrokenPipeError" not in told


def test_the_schema_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else on standard output, so that it can be piped into a file."""
    assert main(["schema"]) == 0
    assert capsys.readouterr() == (sdl(), "")


def test_what_a_supergraph_is_composed_of_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """For a pipeline that composes without asking a gateway that runs."""
    assert main(["schema", "--federation"]) == 0
    assert capsys.readouterr().out == subgraph_sdl()


def test_a_schema_in_a_file_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 if it is the same; 1 and the difference if not."""
    file = tmp_path / "schema.graphql"
    file.write_text(sdl(), "utf-8")
    assert main(["schema", "--check", str(file)]) == 0
    assert capsys.readouterr() == ("", "")

    file.write_text(sdl().replace("type Query {", "type Question {"), "utf-8")
    assert main(["schema", "--check", str(file)]) == 1
    difference, err = capsys.readouterr()
    assert "-type Question {" in difference
    assert "+type Query {" in difference
    assert err == f"gateway: {file} is not the schema: run `gateway schema > {file}`.\n"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_schema_that_cannot_be_read_is_one_line(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a traceback."""
    file = tmp_path / "schema.graphql"
    if content is not None:
        file.write_bytes(content)

    assert main(["schema", "--check", str(file)]) == 1
    assert re.fullmatch(r"gateway: .* cannot be read: .*\.\n", capsys.readouterr().err)


@pytest.mark.parametrize("command", ["serve", "check", "demo"])
def test_wrong_settings_are_a_line_each_and_exit_status_2(
    command: str, here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong and what to do, before anything is started."""
    here.setenv("GATEWAY_UPSTREAM_TIMEOUT", "soon")
    here.setenv("GATEWAY_LOG_LEVEL", "loud")

    assert main([command]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert [line.split()[:2] for line in err.splitlines()] == [
        ["gateway:", "GATEWAY_UPSTREAM_TIMEOUT"],
        ["gateway:", "GATEWAY_LOG_LEVEL"],
    ]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", ["serve", "check"])
def test_without_an_account_the_first_line_says_what_to_do(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is what somebody sees who has just installed the gateway."""
    assert main([command]) == 2
    assert re.fullmatch(
        r"gateway: TWILIO_ACCOUNT_SID is not set: .*`gateway demo` needs no account.*\n",
        capsys.readouterr().err,
    )


def test_settings_are_read_from_an_env_file(
    here: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of the directory in which the command is run; options come before both."""
    here.setenv("GATEWAY_LOG_LEVEL", "info")
    (tmp_path / ".env").write_text("GATEWAY_LOG_LEVEL=loud\nGATEWAY_PORT=http\n")

    assert main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("gateway: GATEWAY_PORT is 'http'")
    assert main(["serve", "--port", "8000"]) == 2
    assert "GATEWAY_PORT" not in capsys.readouterr().err


def one_viewer(directory: Path, sid: str, variable: str = "TWILIO_AUTH_TOKEN") -> str:
    """The path of a file with an account and a viewer."""
    file = directory / "gateway.toml"
    viewer = f'name = "ana"\naccount = "{sid}"\ntoken_sha256 = "{"0" * 64}"'
    file.write_text(
        f'[[accounts]]\nsid = "{sid}"\nauth_token_env = "{variable}"\n[[viewers]]\n{viewer}\n'
    )
    return str(file)


@pytest.mark.usefixtures("here")
async def test_secrets_that_the_configuration_names_may_stand_in_the_env_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the start, and at each SIGHUP as the file says then."""
    file = tmp_path / ".env"
    config = f"GATEWAY_CONFIG={one_viewer(tmp_path, 'AC' + '1' * 32)}\n"
    file.write_text(f"{config}TWILIO_AUTH_TOKEN=harbour\n")
    app = from_environment()
    async with app.router.lifespan_context(app):
        file.write_text(config)
        os.kill(os.getpid(), signal.SIGHUP)
        assert await becomes(lambda: "TWILIO_AUTH_TOKEN is not set" in capsys.readouterr().err)


@pytest.mark.processes
def test_a_check_with_the_right_credentials_succeeds(
    here: pytest.MonkeyPatch, twilio: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Over a real connection; it says what it did, and no secret."""
    for name, text in twilio.items():
        here.setenv(name, text)

    assert main(["check"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Settings: fine (1 account, asked at {twilio['GATEWAY_UPSTREAM_URL']}).")
    assert f"Upstream: fine (Twilio answered account {twilio['TWILIO_ACCOUNT_SID']} with" in out
    assert not err
    assert twilio["TWILIO_AUTH_TOKEN"] not in out


@pytest.mark.processes
def test_a_check_with_wrong_credentials_says_which_to_compare(
    here: pytest.MonkeyPatch, twilio: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With Twilio's code, and the cure."""
    for name, text in {**twilio, "TWILIO_AUTH_TOKEN": "harbour"}.items():
        here.setenv(name, text)

    assert main(["check"]) == 1
    error = capsys.readouterr().err
    assert "(Twilio's code 20003)" in error
    assert f"Upstream: account {twilio['TWILIO_ACCOUNT_SID']}: Twilio refused" in error
    assert "Cure: compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN with" in error
    assert "`gateway check`" not in error
    assert "harbour" not in error


@pytest.mark.processes
def test_a_check_of_several_accounts_names_the_one_that_is_wrong(
    here: pytest.MonkeyPatch,
    tmp_path: Path,
    twilio: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And the variables that it has in the file, not those that nobody set."""
    sid, other = twilio["TWILIO_ACCOUNT_SID"], "AC" + "1" * 32
    config = Path(one_viewer(tmp_path, sid, "ACME_TOKEN"))
    row = f'[[accounts]]\nsid = "{other}"\napi_key = "SK1"\napi_secret_env = "OTHER_SECRET"\n'
    config.write_text(row + config.read_text())
    here.setenv("GATEWAY_UPSTREAM_URL", twilio["GATEWAY_UPSTREAM_URL"])
    here.setenv("GATEWAY_CONFIG", str(config))
    here.setenv("ACME_TOKEN", twilio["TWILIO_AUTH_TOKEN"])
    here.setenv("OTHER_SECRET", "harbour")

    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out.count("Upstream: fine (") == 1
    assert f"Upstream: account {other}: Twilio refused" in err
    assert "Cure: compare `api_key` and OTHER_SECRET with" in err
    assert "TWILIO_" not in err
    assert sid not in err

    here.setenv("ACME_TOKEN", "harbour")
    assert main(["check"]) == 1
    assert "Cure: compare ACME_TOKEN with" in capsys.readouterr().err


@pytest.mark.processes
def test_a_check_of_an_address_where_nobody_listens_says_so(
    here: pytest.MonkeyPatch, twilio: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The address is the first thing to look at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    for name, text in {**twilio, "GATEWAY_UPSTREAM_URL": f"http://127.0.0.1:{port}"}.items():
        here.setenv(name, text)

    assert main(["check"]) == 1
    assert "Cure: see whether GATEWAY_UPSTREAM_URL is right" in capsys.readouterr().err


@pytest.mark.processes
def test_the_demo_answers_without_an_account(tmp_path: Path) -> None:
    """One command: GraphiQL, and GraphQL over calls that are there; it ends when it is told to."""
    with running(tmp_path, "demo", "--port", "0", *SMALL) as (address, _):
        page = httpx.get(f"{address}/", headers={"Accept": "text/html"}, timeout=30)
        answer = httpx.post(
            f"{address}/graphql",
            json={"query": '{ calls(first: 1, filter: {startTime: "30d"}) { nodes { sid } } }'},
            timeout=30,
        )

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert re.fullmatch("CA[0-9a-f]{32}", answer.json()["data"]["calls"]["nodes"][0]["sid"])


@pytest.mark.processes
def test_something_happens_in_the_demo(tmp_path: Path) -> None:
    """Its first lines say what to look for, and calls keep ending while one looks."""
    everything = '{startTime: "1h", processingState: ALL}'
    query = f"{{ calls(first: 100, filter: {everything}) {{ nodes {{ sid }} }} }}"
    settings = {"GATEWAY_PAGE_MAX_AGE": "0"}
    with running(tmp_path, "demo", "--port", "0", *SMALL, until="ringing", **settings) as (
        address,
        said,
    ):

        def sids() -> set[str]:
            answer = httpx.post(f"{address}/graphql", json={"query": query}, timeout=30).json()
            return {call["sid"] for call in answer["data"]["calls"]["nodes"]}

        first = sids()
        deadline = time.monotonic() + 60
        while sids() <= first:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert "a call ends every 2 s, and its summary is complete 180 s later" in said
    tabs = "".join(path.read_text("utf-8") for path in (SOURCES / "tabs").iterdir())
    assert [f for f in ("BadCarrier", "WhatIsNew", "FollowACall") if f" {f}" not in said] == []
    assert [f for f in ("BadCarrier", "WhatIsNew", "FollowACall") if f" {f}" not in tabs] == []
    assert f"{address}/docs/" in said


@pytest.mark.processes
def test_the_sandbox_prints_what_a_gateway_needs_to_be_set_to(twilio: dict[str, str]) -> None:
    """Other programs talk to it as they would to Twilio."""
    url = f"{twilio['GATEWAY_UPSTREAM_URL']}/v1/Voice/Summaries"
    credentials = (twilio["TWILIO_ACCOUNT_SID"], twilio["TWILIO_AUTH_TOKEN"])

    assert httpx.get(url, timeout=30).status_code == 401
    assert httpx.get(url, auth=credentials, timeout=30).status_code == 200


@pytest.mark.processes
def test_a_served_gateway_asks_the_twilio_that_it_is_told(
    tmp_path: Path, twilio: dict[str, str]
) -> None:
    """Settings from the environment, over real connections from end to end."""
    with running(tmp_path, "serve", "--port", "0", until="Listening", **twilio) as (address, _):
        alive = httpx.get(f"{address}/healthz", timeout=30)
        answer = httpx.post(
            f"{address}/graphql",
            json={"query": '{ calls(first: 2, filter: {startTime: "30d"}) { nodes { sid } } }'},
            timeout=30,
        )

    assert alive.status_code == 200
    assert len(answer.json()["data"]["calls"]["nodes"]) == 2


def started(directory: Path, **settings: str) -> dict[str, str]:
    """What `gateway serve` logs before it listens: the rest of each line by its first word."""
    with running(directory, "serve", "--port", "0", until="Listening", **settings) as (_, said):
        lines = re.findall(r" (INFO|WARNING) +gateway\.server +(\w+)(.*)", said)
    return {word: f"{level}{rest}" for level, word, rest in lines}


@pytest.mark.processes
def test_the_start_tells_what_it_serves_with(tmp_path: Path, twilio: dict[str, str]) -> None:
    """A line each for cache, accounts, viewers, sink and what is off: whoever starts it looks."""
    said = started(tmp_path, **twilio, GATEWAY_GRAPHIQL="false")
    assert said["Cache"] == "INFO: up to 256 MiB in the memory of each process, shared with none."
    sid, upstream = twilio["TWILIO_ACCOUNT_SID"], twilio["GATEWAY_UPSTREAM_URL"]
    assert said["Accounts"] == f"INFO: 1 ({sid}), asked at {upstream}."
    assert said["Viewers"] == "INFO: none, so whoever reaches 127.0.0.1 reads every call."
    assert said["Sink"].startswith("INFO of Event Streams: none")
    assert "documentation (GATEWAY_GRAPHIQL), calls from" in said["Off"]
    assert "introspection" not in said["Off"]


@pytest.mark.processes
def test_the_start_tells_no_secret_and_what_has_no_effect(
    tmp_path: Path, twilio: dict[str, str]
) -> None:
    """The address of the cache holds a password; tokens and SIDs of others are many."""
    config = one_viewer(tmp_path, twilio["TWILIO_ACCOUNT_SID"])
    said = started(
        tmp_path,
        **twilio | {"GATEWAY_DEADLINE": "5", "GATEWAY_UPSTREAM_TIMEOUT": "6"},
        GATEWAY_CONFIG=config,
        GATEWAY_CACHE_URL="redis://user:harbour@127.0.0.1:1/2?password=harbour",
        GATEWAY_CACHE_KEY="A" * 43 + "=",
        GATEWAY_WEBHOOK_URL="https://calls.example/hook",
        GATEWAY_SERVICE_HOST="10.0.0.1",
    )
    assert said["Cache"].startswith("INFO: redis://127.0.0.1:1/2, encrypted, and up to 256 MiB")
    assert "harbour" not in str(said)
    assert said["Viewers"] == "INFO: 1, 1 by a bearer token, 0 by JSON Web Token."
    assert said["Sink"] == "INFO of Event Streams: https://calls.example/hook."
    assert said["GATEWAY_UPSTREAM_TIMEOUT"].startswith("WARNING is 6 s, and GATEWAY_DEADLINE")
    assert said["Left"] == "INFO aside, as Kubernetes sets them: GATEWAY_SERVICE_HOST."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"GATEWAY_CONFIG": "gateway.toml"}, ["GATEWAY_CONFIG is set"]),
        ({"GATEWAY_AUTH": "required"}, ["GATEWAY_AUTH is 'required'"]),
        (
            {"GATEWAY_AUTH": "required", "GATEWAY_CONFIG": "gateway.toml"},
            ["GATEWAY_CONFIG is set", "GATEWAY_AUTH is 'required'"],
        ),
        ({"GATEWAY_HOST": "10.0.0.7"}, ["GATEWAY_HOST is '10.0.0.7'"]),
        ({"GATEWAY_WAREHOUSE_URL": "chdb:///calls"}, ["GATEWAY_WAREHOUSE_URL is set"]),
    ],
)
def test_the_demo_refuses_what_it_cannot_obey(
    said: dict[str, str],
    told: list[str],
    here: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Rather than let everybody in where viewers are named; no cure is one that it refuses."""
    one_viewer(tmp_path, "AC" + "1" * 32)
    for name, text in said.items():
        here.setenv(name, text)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["demo", f"--port={taken.getsockname()[1]}", *SMALL]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].partition(",")[0] for line in lines] == told
    assert not any("name viewers" in line or "set GATEWAY_CONFIG" in line for line in lines)


@pytest.mark.parametrize(
    ("command", "option", "text", "told"),
    [
        *(("demo", "--speed", text, "a number from 0.001") for text in ("0", "-1", "nan")),
        *(("sandbox", "--speed", text, "a number from") for text in ("0", "inf", "fast")),
        *((name, "--calls", "-5", "a whole number, 0") for name in ("demo", "sandbox")),
        *(("sandbox", "--sink", text, "an address") for text in ("foo", "http://a:1x/b")),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    command: str, option: str, text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what it may be, before anything is printed that would not be true."""
    assert main([command, f"{option}={text}"]) == 2
    assert capsys.readouterr().err.startswith(f"gateway: {option} is {text!r}: set it to {told}")


@pytest.mark.usefixtures("here")
def test_a_host_that_there_cannot_be_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the system calls the mistake."""
    assert main(["sandbox", "--host", "a..b", *SMALL]) == 2
    assert re.fullmatch(r"gateway: a\.\.b:8001 cannot be .*\n", capsys.readouterr().err)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_a_port_that_is_taken_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before anything is printed that would not be true."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main([command, "--port", port, *SMALL]) == 2

    out, err = capsys.readouterr()
    assert not out
    assert re.fullmatch(r"gateway: 127\.0\.0\.1:\d+ cannot be listened on .*\n", err)
