"""Every verb ends alike: 2 and nothing on standard output if it is called wrongly, 130 if it is interrupted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tunewright.cli import main
from tunewright.cli.app import app
from tunewright.cli.options import OutputOption

TOKENS = {"admin tokens add", "admin tokens list", "admin tokens revoke"}
DEAD_LETTERS = {f"admin dead-letters {verb}" for verb in ("list", "show", "replay")}
DATA = {"admin backup", "admin restore", "admin restored"}
OFFLINE = {"local", "serve", "credentials", "sign", "check", "admin check", "admin credentials", "admin certs"} | DATA
ELSEWHERE = OFFLINE | TOKENS | DEAD_LETTERS | {"admin acls"}
"""They ask no server."""
READS_FIRST = {"import optuna", "import sagemaker"}
"""They ask somebody else before the server."""
NOT_RECORDS = (
    {"admin pause-starts", "admin resume-starts", "admin tokens add", "admin tokens revoke"}
    | DATA
    | {
        "admin certs",
        "admin acls",
    }
)
"""They say that something is done."""
GIVEN = {
    "tune": ["train.py", "--param", "x=0.0..1.0", "--maximize", "acc"],
    "enqueue": ["job", "x=1"],
    "amend": ["job", "--trials", "3"],
    "export": ["job", "--to", "job.csv"],
    "narrow": ["job", "--yes"],
    "jobs": [],
    "top": [],
    "admin trainers": [],
    "admin settle": ["training", "--state", "completed"],
    "admin pause-starts": [],
    "admin resume-starts": [],
    "admin quota": [],
    "admin purge": ["job", "--yes"],
}
"""What a verb must be given; a name where nothing stands here."""


def verbs() -> list[str]:
    return list(_verbs_below(get_command(app)))


def _verbs_below(group: Any, above: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _verbs_below(command, f"{above}{name} ")
        else:
            yield f"{above}{name}"


ASKING = sorted(set(verbs()) - ELSEWHERE)


def words(verb: str) -> list[str]:
    return [*verb.split(), *GIVEN.get(verb, ["job"])]


@pytest.mark.parametrize("verb", verbs())
def test_a_wrong_option_is_a_usage_error(verb):
    done = CliRunner().invoke(app, [*verb.split(), "--no-such-option"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no-such-option" in done.stderr


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_help_that_says_what_it_does(verb):
    done = CliRunner().invoke(app, [*verb.split(), "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 6


@pytest.mark.parametrize("verb", sorted(set(verbs()) - NOT_RECORDS - {"local", "serve", "credentials", "sign"} -
                                        {"admin credentials"}))  # fmt: skip
def test_every_verb_that_prints_records_takes_output(verb):
    command = get_command(app)
    for name in verb.split():
        command = command.commands[name]
    assert [item.opts for item in command.params if item.name == "output"] == [["--output", "-o"]]
    assert OutputOption.__origin__.__members__.keys() == {"TABLE", "JSON", "CSV"}


@pytest.fixture(scope="module")
def away(tmp_path_factory) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A server that takes calls and never answers, and the environment that leads there."""
    folder = tmp_path_factory.mktemp("nobody")
    (folder / "train.py").touch()
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TUNEWRIGHT_")}
        endpoint = f"127.0.0.1:{server.getsockname()[1]}"
        yield server, kept | {"TUNEWRIGHT_ENDPOINT": endpoint, "TUNEWRIGHT_TOKEN": "t", "PWD": str(folder)}


def interrupted(verb: str, environment: dict[str, str], server: socket.socket) -> tuple[int, str]:
    """Interrupt a verb while it waits for its server; return its exit code, as a shell tells it, and what it has said.

    Where the interrupt meets code that is being made (a dataclass, while modules are imported), Python ends by the
    signal itself in place of our exit code; a shell tells both alike.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tunewright", *words(verb)], env=environment, cwd=environment["PWD"], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        calls = []
        while not any(called(call) for call in calls):
            calls.append(server.accept()[0])
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    for call in calls:
        call.close()
    ended = process.returncode
    return ended if ended >= 0 else 128 - ended, out + errors


def called(connection: socket.socket) -> bool:
    """Whether it is a call: who only looks whether somebody listens sends nothing and closes."""
    return bool(connection.recv(1))


def test_an_interrupt_is_130_whatever_was_asked(away):
    server, environment = away
    said = {verb: interrupted(verb, environment, server) for verb in ASKING if verb not in READS_FIRST}
    assert {verb: code for verb, (code, _) in said.items() if code != 130} == {}
    assert [verb for verb, (_, text) in said.items() if "Traceback" in text] == []


@pytest.mark.parametrize("verb", [verb for verb in ASKING if verb not in {"tune", "doctor"}])
def test_without_a_server_every_verb_says_so_in_a_line(verb, tmp_path, monkeypatch, capsys):
    """All but `tune`, which starts one, and `doctor`, which says what is wrong."""
    monkeypatch.delenv("TUNEWRIGHT_ENDPOINT", raising=False)
    monkeypatch.setattr(sys, "argv", ["tunewright", *words(verb), "--data-dir", str(tmp_path / "none")])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (2, "", 1)
