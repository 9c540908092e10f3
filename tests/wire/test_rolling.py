"""Services of this version and of the last release side by side, updated one by one in the midst of jobs.

TUNEWRIGHT_PREVIOUS names another commit than the last tag.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.kafka import KafkaServer
from tests.servers.mongodb import MongoServer
from tests.wire.fleet import Fleet, Member, until
from tests.wire.test_circle import all_ended, running
from tests.wire.trainings import job
from tunewright.core.spec import Strategy

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).parents[2]
PARTS = ("src", *(f"services/{name}" for name in ("suggester", "scheduler", "trainer", "metrics", "gateway")))
ORDER = ("suggester", "metrics", "scheduler", "trainer")


def git(*words: str) -> bytes | None:
    """Return what git says; None: there is no such thing here."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


@pytest.fixture
def released(tmp_path: Path) -> str:
    """The PYTHONPATH of the last release."""
    said = git("describe", "--tags", "--abbrev=0", "--match", "v*") or b""
    tag = os.environ.get("TUNEWRIGHT_PREVIOUS") or said.decode().strip()
    packed = git("archive", tag, *PARTS) if tag else None
    if packed is None:  # also under CI=true: whether a clone has tags is not for a test to say
        pytest.skip("no release is tagged in this clone: git fetch --tags")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "released", filter="data")
    return os.pathsep.join(str(tmp_path / "released" / part) for part in PARTS)


@pytest.fixture
def fleet(released: str, kafka: KafkaServer, mongodb: MongoServer, tmp_path: Path) -> Iterator[Fleet]:
    """Two of each service, all of the release."""
    fleet = Fleet(tmp_path, kafka.bootstrap, mongodb.database("rolling"), prefix="rolling-")
    try:
        fleet.start(PYTHONPATH=released)
        yield fleet
    finally:
        fleet.close()
    assert fleet.programs() == []


def test_services_are_updated_one_by_one_in_the_midst_of_jobs(fleet: Fleet) -> None:
    jobs = [
        job(fleet.folder, f"rolling-{strategy.value.lower()}", strategy=strategy, trainings=16)
        for strategy in (Strategy.RANDOM, Strategy.BAYESIAN)
    ]
    with running(fleet, jobs):
        members = [fleet.of(service)[number] for number in (0, 1) for service in ORDER]
        for count, member in enumerate(members):
            until(lambda least=2 * count + 1: all_ended(jobs) >= least, "trainings end beside both versions")
            update(member)
        assert all(member.ready()["ready"] for member in fleet.members)


def update(member: Member) -> None:
    """Have it go on as this version, where it was."""
    member.end()
    member.variables["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in PARTS)
    member.start()
