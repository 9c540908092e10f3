"""The embedded store is backed up while it works, and restored when it has gone on since."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.e2e.served import Served, job
from tunewright.cli.app import app
from tunewright.core.spec import Limits
from tunewright.core.states import JobState

LINES = 20
PROGRAM = f"""
i=0
while [ $i -lt {LINES} ]; do echo "line $i"; sleep 0.02; i=$((i+1)); done
echo "score=0.5"
"""
TRAININGS = 10


def admin(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["admin", *map(str, words)])
    return result.exit_code, result.output + (str(result.exception) if result.exception else "")


def ended(served: Served, count: int) -> None:
    """Return once so many trainings have ended."""
    with served.client() as client:
        for watched in client.watch("job"):
            if watched.job.trainings.ended >= count:
                return


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


def test_a_job_goes_on_from_a_backup_that_is_older_than_its_trainers(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    with served.client() as client:
        client.create(job(served.program(PROGRAM), limits=Limits(max_parallel=2, max_trainings=TRAININGS)))
    ended(served, 2)
    code, said = admin("backup", file, "--data-dir", served.data_dir)
    assert (code, "whole" in said) == (0, True), said
    ended(served, 5)
    code, said = admin("restore", file, "--replace", "--data-dir", served.data_dir)
    assert code != 0, "a server runs on it"
    assert "it is at grpc=" in said
    served.end(signal.SIGKILL)
    assert admin("restore", file, "--data-dir", served.data_dir)[0] != 0, "it would be replaced"
    code, said = admin("restore", file, "--replace", "--data-dir", served.data_dir)
    assert code == 0, said
    served.start()
    with served.client() as client:
        done = client.wait("job")
        trainings = list(client.trainings("job"))
        outputs = [[line.text for line in client.output(training.name)] for training in trainings]
    assert (done.state, done.trainings.completed) == (JobState.COMPLETED, TRAININGS)
    assert [training.number for training in trainings] == list(range(1, TRAININGS + 1))
    assert outputs == [[*(f"line {number}" for number in range(LINES)), "score=0.5"]] * TRAININGS
    assert observed(served.data_dir / "store.db") == TRAININGS
    assert observed(served.data_dir / "store.db.replaced") >= 5, "what was replaced is kept"


def observed(store: Path) -> int:
    with sqlite3.connect(store) as connection:
        (count,) = connection.execute("SELECT count(*) FROM observations").fetchone()
    connection.close()
    return int(count)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"?" * 5000, b"text"])
def test_what_is_no_backup_is_refused_and_nothing_is_touched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    data = tmp_path / "data"
    code, said = admin("restore", tmp_path / "file", "--data-dir", data)
    assert code != 0
    assert "Give" in said
    assert not (data / "store.db").exists()


def test_a_backup_is_not_written_over_and_needs_a_store(tmp_path: Path) -> None:
    assert "--data-dir" in admin("backup", tmp_path / "file", "--data-dir", tmp_path)[1]
    (tmp_path / "store.db").touch()
    (tmp_path / "file").touch()
    assert "--replace" in admin("backup", tmp_path / "file", "--data-dir", tmp_path)[1]
