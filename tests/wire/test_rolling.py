"""Services of this version and of the one before side by side, updated one by one in the midst of jobs.

The one before is the last release that this commit follows; while there is none, the commit before this one, of a merge
what it was merged into. TUNEWRIGHT_PREVIOUS names another.
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


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


def before() -> str:
    release = git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^").stdout.decode().strip()
    return os.environ.get("TUNEWRIGHT_PREVIOUS") or release or "HEAD^"


@pytest.fixture
def earlier(tmp_path: Path) -> str:
    """The PYTHONPATH of the version before."""
    packed = git("archive", before(), "src", "services", "proto")
    if packed.returncode and "TUNEWRIGHT_PREVIOUS" not in os.environ:
        # Also under CI=true: how deep a clone is, is not for a test to say.
        pytest.skip("this clone has no commit before HEAD: git fetch --unshallow --tags")
    assert packed.returncode == 0, packed.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(tmp_path / "earlier", filter="data")
    return os.pathsep.join(str(tmp_path / "earlier" / part) for part in PARTS)


@pytest.fixture
def fleet(earlier: str, kafka: KafkaServer, mongodb: MongoServer, tmp_path: Path) -> Iterator[Fleet]:
    """Two of each service, all of the version before."""
    fleet = Fleet(tmp_path, kafka.bootstrap, mongodb.database("rolling"), prefix="rolling-")
    try:
        fleet.start(PYTHONPATH=earlier)
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
        until(lambda: all(member.ready()["ready"] for member in fleet.members), "all are ready")


def update(member: Member) -> None:
    """Have it go on as this version, where it was."""
    member.end()
    member.variables["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in PARTS)
    member.start()
