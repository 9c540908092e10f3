from __future__ import annotations

import errno
import io
import json
import sys

import pytest
import structlog

from tunewright.platform import telemetry

SECRET = "swordfish"


@pytest.fixture
def log():
    yield structlog.get_logger()
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def fail(token: str) -> None:
    raise RuntimeError(f"no entry after {len(token)} letters")


def log_a_failure(log) -> None:
    try:
        fail(SECRET)
    except RuntimeError:
        log.exception("refused")


class Full(io.StringIO):
    """What stderr is when the disk that it goes to is full."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_service_outlives_a_log_that_nothing_can_be_written_to(log, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Full())
    telemetry.configure()
    log.error("lost")
    log_a_failure(log)


def test_an_event_is_one_json_object_a_line(log, capsys):
    telemetry.configure()
    log.info("claimed", training="u/000001", slots=2)
    log.debug("not shown")
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["training"], event["slots"]) == ("claimed", "info", "u/000001", 2)
    assert event["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "fields",
    [
        {"token": SECRET},
        {"tunewright_token": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"aws_secret_access_key": SECRET},
        {"environment": {"DB_PASSWORD": SECRET, "HOME": "/root"}},
        {"headers": [{"authorization": SECRET}]},
        {"keys": ({"inner": {"api_token": [SECRET]}},)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_is_named_like_a_secret_is_not_logged(log, capsys, fields):
    telemetry.configure()
    log.warning("something", **fields)
    written = capsys.readouterr().err
    assert SECRET not in written
    assert "[redacted]" in written


def test_a_traceback_for_programs_holds_no_variables(log, capsys):
    telemetry.configure()
    log_a_failure(log)
    written = capsys.readouterr().err
    assert SECRET not in written
    frames = json.loads(written)["exception"][0]["frames"]
    assert [frame["name"] for frame in frames] == ["log_a_failure", "fail"]


def test_a_traceback_for_people_holds_no_variables(log, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    telemetry.configure()
    log_a_failure(log)
    written = terminal.getvalue()
    assert "no entry after 9 letters" in written
    assert SECRET not in written


def test_an_event_for_people_holds_no_secrets(log, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    telemetry.configure()
    log.warning("something", token=SECRET)
    assert "[redacted]" in terminal.getvalue()
