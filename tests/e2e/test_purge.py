"""Jobs that nobody needs any more are purged: what is stored of them goes, what others need stays."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served, job
from tests.e2e.test_backup import admin
from tunewright.core.errors import NotFound
from tunewright.core.spec import Limits, WarmStart, WarmStartType

OF_A_JOB = ("tuning_jobs", "training_jobs", "specs", "observations", "asks", "streams", "output", "measurements")
SMALL = Limits(max_parallel=2, max_trainings=2)


def stored(data_dir: Path, uid: str) -> dict[str, int]:
    """Return how much is stored of a job, by collection; those with nothing are left out."""
    connection = sqlite3.connect(data_dir / "store.db")
    counts = {
        name: connection.execute(f"SELECT count(*) FROM {name} WHERE key LIKE ?", (f"{uid}%",)).fetchone()[0]  # noqa: S608
        for name in OF_A_JOB
    }
    connection.close()
    return {name: count for name, count in counts.items() if count}


def purged(served: Served, *words: str) -> list[dict[str, object]]:
    code, said = admin("purge", *words, "--output", "json", "--data-dir", served.data_dir)
    assert code == 0, said
    return json.loads(said)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


def test_what_is_stored_of_a_purged_job_goes_and_a_parent_stays_while_it_is_needed(served: Served) -> None:
    image = served.program('echo "score=0.5"')
    with served.client() as client:
        parent = client.create(job(image, "parent", limits=SMALL))
        client.wait("parent")
        other = client.create(job(image, "other", limits=SMALL))
        client.wait("other")
        client.operations.pause_starts("for the test")
        warm = WarmStart(("parent",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
        client.create(job(image, "child", limits=SMALL, warm_start=warm))

        seen = {item["name"]: item for item in purged(served, "--older-than", "0s", "--dry-run")}
        assert set(seen) == {"parent", "other"}
        assert "child" in str(seen["parent"]["kept_because"])
        assert (seen["other"]["trainings"], seen["other"]["kept_because"]) == (2, "")
        assert int(str(seen["other"]["output_bytes"])) > 0
        assert client.describe("other").uid == other.uid, "it was only looked"

        assert admin("purge", "other", "--data-dir", served.data_dir)[0] != 0, "nobody can be asked"
        assert [item["name"] for item in purged(served, "--older-than", "0s", "--yes") if not item["kept_because"]] == [
            "other"
        ]
        with pytest.raises(NotFound):
            client.describe("other")
        client.operations.resume_starts()
        assert client.wait("child").trainings.completed == 2
        within = time.monotonic() + 120
        while left := stored(served.data_dir, other.uid):
            assert time.monotonic() < within, left
            time.sleep(0.2)
        assert stored(served.data_dir, parent.uid).keys() == set(OF_A_JOB)
        assert purged(served, "--older-than", "1d", "--yes") == []
