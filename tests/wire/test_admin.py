"""`tunewright admin check` before the services start: what is missing, what is not reached, what is as it should be."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import kafka, mongodb
from tests.wire.fleet import Member
from tunewright.cli.operating import check, make_credentials, skew_problems


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """The variables of an installation of which nothing is made yet."""
    name = f"admin-{uuid.uuid4().hex[:8]}"
    return {
        "TUNEWRIGHT_KAFKA": kafka.kafka().bootstrap,
        "TUNEWRIGHT_KAFKA_PREFIX": f"{name}-",
        "TUNEWRIGHT_MONGODB": mongodb.mongodb().database(name),
        "TUNEWRIGHT_CREDENTIALS": str(tmp_path / "credentials"),
    }


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is taken and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def verdicts(told: str) -> dict[str, str]:
    """Return what was said of each thing that was looked at."""
    heads = [line for line in told.splitlines() if not line.startswith(" ")]
    return {head[:24].strip(): head[24:].strip() for head in heads}


def test_what_is_missing_is_named_then_made_then_right(
    installation: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(create=False, environ=installation) == 1
    told = capsys.readouterr().out
    assert verdicts(told) == {
        "credentials": "WRONG",
        "topics (Kafka)": "WRONG",
        "indexes (MongoDB)": "WRONG",
        "clock": "ok",
    }
    assert f"tunewright admin credentials {installation['TUNEWRIGHT_CREDENTIALS']}" in told
    assert "training.output is missing" in told
    assert "collection training_jobs is missing" in told

    make_credentials(Path(installation["TUNEWRIGHT_CREDENTIALS"]))
    capsys.readouterr()
    assert check(create=True, environ=installation) == 0
    assert check(create=False, environ=installation) == 0
    assert set(verdicts(capsys.readouterr().out).values()) == {"ok"}


def test_who_is_not_reached_is_named_and_the_others_are_looked_at(
    installation: dict[str, str], nobody: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_credentials(tmp_path / "credentials")
    suggester = Member(
        "suggester", "suggester", tmp_path, {"TUNEWRIGHT_CREDENTIALS": installation["TUNEWRIGHT_CREDENTIALS"]}
    )
    suggester.start()
    capsys.readouterr()
    away = {
        "TUNEWRIGHT_KAFKA": nobody,
        "TUNEWRIGHT_MONGODB": f"mongodb://{nobody}/x",
        "TUNEWRIGHT_SCHEDULER": nobody,
        "TUNEWRIGHT_SUGGESTER": suggester.grpc,
    }
    try:
        assert check(create=False, environ=installation | away) == 1
    finally:
        suggester.end()
    assert verdicts(capsys.readouterr().out) == {
        "credentials": "ok",
        "topics (Kafka)": "WRONG",
        "indexes (MongoDB)": "WRONG",
        "clock": "WRONG",
        "scheduler": "WRONG",
        "suggester": "ok",
    }


@pytest.mark.parametrize(
    ("skew_s", "told"),
    [(0.9, None), (-0.9, None), (3.0, "3.0 s ahead of MongoDB's"), (-90.0, "90.0 s behind MongoDB's")],
)
def test_a_clock_that_is_a_second_off_is_wrong(skew_s: float, told: str | None) -> None:
    problems = skew_problems(skew_s)
    assert (problems == []) if told is None else (told in problems[0] and "NTP" in problems[0])
