"""The circle on a real Kafka broker and a MongoDB-protocol server: two of each service, and what befalls them.

Three tuning jobs run at once in each test. At the end every job is completed, its counts are exact, no finished
training has run again and no limit was exceeded, by what the trainings themselves have written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.kafka import KafkaServer
from tests.servers.mongodb import MongoServer
from tests.wire.fleet import LEASE, Fleet, until
from tests.wire.trainings import Wanted, ended, job, judge
from tunewright.client import Client
from tunewright.core.spec import Strategy

TRAININGS = 12
OVER_WITHIN_S = 150


@pytest.fixture
def jobs(fleet: Fleet, request: pytest.FixtureRequest) -> list[Wanted]:
    fleet.start_again()
    name = request.node.name.removeprefix("test_").replace("_", "-")[:20]
    return [
        job(fleet.folder, f"{name}-{strategy.value.lower()}", strategy=strategy, trainings=TRAININGS)
        for strategy in (Strategy.RANDOM, Strategy.GRID, Strategy.BAYESIAN)
    ]


@contextmanager
def running(fleet: Fleet, jobs: Sequence[Wanted]) -> Iterator[Client]:
    """Create the jobs; after the block wait until all have ended, and judge them."""
    with fleet.client() as client:
        for wanted in jobs:
            client.create(wanted.spec)
        try:
            yield client
            for wanted in jobs:
                within(client, wanted.spec.name)
                judge(client, wanted)
        except AssertionError as failure:
            failure.add_note(fleet.logs())
            raise


def within(client: Client, name: str) -> None:
    until(lambda: client.describe(name).state.final, f"{name} has ended", OVER_WITHIN_S)


def all_ended(jobs: Sequence[Wanted]) -> int:
    return sum(map(ended, jobs))


def test_three_jobs_at_once(fleet: Fleet, jobs: list[Wanted]):
    with running(fleet, jobs):
        assert all(member.ready()["ready"] for member in fleet.members)


def test_one_of_each_is_killed(fleet: Fleet, jobs: list[Wanted]):
    """The scheduler, the collector and the suggester stay dead; a trainer is started again, as its host would."""
    with running(fleet, jobs):
        for number, service in enumerate(("scheduler", "metrics", "suggester", "trainer")):
            until(lambda least=3 * (number + 1): all_ended(jobs) >= least, "trainings end")
            fleet.of(service)[0].kill()
        fleet.of("trainer")[0].start()


def test_a_scheduler_that_stood_still_past_a_lease_goes_on(fleet: Fleet, jobs: list[Wanted]):
    with running(fleet, jobs):
        until(lambda: all_ended(jobs) >= 4, "trainings end")
        still = fleet.of("scheduler")[0]
        still.pause()
        lease_s = float(LEASE["TUNEWRIGHT_LEASE_S"]) + float(LEASE["TUNEWRIGHT_LEASE_GRACE_S"])
        at = all_ended(jobs)
        taken_s = until(lambda: all_ended(jobs) >= at + 6, "the other one goes on")
        asyncio.run(asyncio.sleep(max(0.0, lease_s + 1 - taken_s)))  # what is tested is that this time passes
        still.resume()


def test_the_broker_comes_back_empty(fleet: Fleet, jobs: list[Wanted], kafka: KafkaServer):
    with running(fleet, jobs):
        until(lambda: all_ended(jobs) >= 6, "trainings end")
        kafka.kill()
        kafka.start(empty=True)


def test_what_starts_while_the_broker_is_away_runs_trainings(fleet: Fleet, kafka: KafkaServer):
    fleet.start_again()
    wanted = job(fleet.folder, "without-a-broker", trainings=4)
    (definition,) = wanted.spec.definitions
    late = replace(wanted, spec=replace(wanted.spec, definitions=(replace(definition, pool="late"),)))
    kafka.kill()
    fleet.of("scheduler")[0].kill()
    fleet.of("scheduler")[0].start()
    with fleet.trainer_beside("late", "late"), running(fleet, [late]):
        until(lambda: ended(late) == 4, "all trainings have run without a broker", OVER_WITHIN_S)
        kafka.start()


def test_the_database_is_away_for_ten_seconds(fleet: Fleet, jobs: list[Wanted], mongodb: MongoServer):
    with running(fleet, jobs):
        until(lambda: all_ended(jobs) >= 6, "trainings end")
        mongodb.stop()
        asyncio.run(asyncio.sleep(10))  # what is tested is that this time passes
        mongodb.start()


def test_all_end_in_order(fleet: Fleet):
    """Settled attempts leave nothing behind; drained, every service ends by itself."""
    fleet.start_again()
    until(lambda: unsettled(fleet) == [], "attempts are settled")
    assert {member.name: member.end() for member in reversed(fleet.members)} == {
        member.name: 0 for member in fleet.members
    }
    assert fleet.programs() == []


def unsettled(fleet: Fleet) -> list[str]:
    """Return the folders of attempts whose output is still to be stored; what was abandoned is kept for people."""
    folders = Path(fleet.folder).glob("trainer-*/trainings/*")
    return [folder.name for folder in folders if not (folder / "abandoned").exists()]
