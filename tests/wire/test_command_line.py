"""The command line against an installation elsewhere, whose servers it cannot start again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

from tests.servers.mongodb import MongoServer
from tests.wire.fleet import Fleet, until
from tests.wire.trainings import Wanted, ended, job, judge
from tunewright.cli.tuning import PATIENCE_S

NAMED_WITHIN_S = 30.0


def started(fleet: Fleet, *words: str, **variables: str) -> subprocess.Popen[str]:
    """Start a command of one who knows the installation by its addresses."""
    address = fleet.address()
    known = {
        "PATH": os.environ["PATH"],
        "TUNEWRIGHT_ENDPOINT": address.endpoint,
        "TUNEWRIGHT_METRICS_ENDPOINT": address.metrics,
        "TUNEWRIGHT_CREDENTIALS": str(fleet.folder / "credentials"),
    }
    command = [sys.executable, "-m", "tunewright", *words]
    return subprocess.Popen(
        command, env=known | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=fleet.folder
    )


def written(fleet: Fleet, wanted: Wanted) -> str:
    """Write the job as a file; return its path."""
    (definition,) = wanted.spec.definitions
    file = fleet.folder / f"{wanted.spec.name}.yaml"
    file.write_text(
        json.dumps(
            {
                "name": wanted.spec.name,
                "image": definition.image,
                "maximize": "score",
                "params": {"x": "0.0..1.0"},
                "strategy": "random",
                "trials": wanted.spec.limits.max_trainings,
                "parallel": wanted.spec.limits.max_parallel,
                "environment": dict(definition.environment),
            }
        )
    )
    return str(file)


def test_tune_waits_for_schedulers_that_are_all_away(fleet: Fleet):
    fleet.start_again()
    wanted = job(fleet.folder, "all-away", trainings=6)
    tune = started(fleet, "tune", written(fleet, wanted))
    until(lambda: ended(wanted) >= 1, "trainings end")
    for scheduler in fleet.of("scheduler"):
        scheduler.kill()
    asyncio.run(asyncio.sleep(2 * PATIENCE_S))  # what is tested is that this time passes
    fleet.start_again()
    told, _ = tune.communicate(timeout=90)
    assert tune.returncode == 0, told
    assert "Best of 6" in told
    with fleet.client() as client:
        judge(client, wanted, leases_ran_out=True)


def test_one_replica_of_several_is_enough(fleet: Fleet):
    fleet.start_again()
    fleet.of("scheduler")[0].kill()
    wanted = job(fleet.folder, "one-is-enough", trainings=2)
    tune = started(fleet, "tune", written(fleet, wanted))
    told, _ = tune.communicate(timeout=90)
    assert tune.returncode == 0, told


def causes(fleet: Fleet) -> list[str]:
    """Return what the doctor finds, by name; its exit code says whether there is a fault."""
    doctor = started(fleet, "doctor", "--output", "json")
    told, _ = doctor.communicate(timeout=60)
    found = [finding["cause"] for finding in json.loads(told)]
    assert doctor.returncode == (1 if found else 0), told
    return found


def test_the_doctor_names_what_is_down_and_nothing_once_all_is_back(fleet: Fleet, mongodb: MongoServer):
    fleet.start_again()
    until(lambda: causes(fleet) == [], "all is well")
    for collector in fleet.of("metrics"):
        collector.kill()
    wanted = job(fleet.folder, "unread", trainings=2)
    with fleet.client() as client:
        client.create(wanted.spec)
        until(lambda: "COLLECTOR_UNREACHABLE" in causes(fleet), "silent collectors are named", NAMED_WITHIN_S)
        assert client.describe("unread").trainings.ended == 0
        mongodb.stop()
        until(lambda: causes(fleet) == ["STORE_UNREACHABLE"], "the database is named", NAMED_WITHIN_S)
        mongodb.start()
        fleet.start_again()
        client.wait("unread")
        judge(client, wanted)
    until(lambda: causes(fleet) == [], "all is well again")
    for scheduler in fleet.of("scheduler"):
        scheduler.kill()
    assert causes(fleet) == ["SCHEDULER_UNREACHABLE"]
    fleet.start_again()


def test_the_address_of_metrics_is_asked_for_where_it_is_needed(fleet: Fleet):
    fleet.start_again()
    curves = started(fleet, "curves", "some-training", TUNEWRIGHT_METRICS_ENDPOINT="")
    told, _ = curves.communicate(timeout=30)
    assert curves.returncode == 2
    assert "TUNEWRIGHT_METRICS_ENDPOINT: is not set" in told
