"""A thousand trainings of a minute at once: on one scheduler and one collector, then on two of each."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from tests.servers import kafka
from tests.wire.fleet import Fleet, Member

from bench.distributed import fleet
from bench.operate.hosts import Heard
from bench.rows import Row
from tunewright.core.space import Float
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec

JOBS: Final = 10
TRAINERS: Final = 10
"""Each with as many slots as a job has trainings."""
LASTS_S: Final = 60.0
NO_SLOWER: Final = 1.05


@dataclass(frozen=True, slots=True)
class Measured:
    completed: int
    took_s: float
    """From the first job's creation until all have ended."""
    at_once: int
    """Trainings that ran at the same time, at most."""
    ramp_s: float
    """From the first job's creation until the last training began."""
    busy_s: dict[str, float]
    """Processor time by service."""
    heard: Heard


def rows(folder: Path, each: int) -> list[Row]:
    """`each` trainings in each of ten jobs; a hundred are the thousand."""
    count = JOBS * each
    one, two = (measured(folder, replicas, each) for replicas in (1, 2))
    bare_s = bare(folder, count)
    made = [
        row
        for replicas, found in ((1, one), (2, two))
        for row in _rows(f"{count:,} at once, {replicas} of each", found, count, bare_s)
    ]
    slower = two.took_s / one.took_s
    return [
        *made,
        Row(
            f"{count:,} at once, two of each against one",
            slower,
            "×",
            "",
            None,
            f"no slower (≤ {NO_SLOWER} ×)",
            slower <= NO_SLOWER,
        ),
    ]


def _rows(name: str, found: Measured, count: int, bare_s: float) -> Iterator[Row]:
    beside = f"the same coroutines alone: {bare_s:.1f} s; {found.completed} completed, {found.at_once} at once"
    whole = found.completed == count
    yield Row(name, found.took_s, "s", beside, found.took_s / bare_s, "all complete", whole)
    yield Row(
        f"{name}, last begun", found.ramp_s, "s", "ideal: 0 s", None, "all at once (< 60 s)", found.at_once == count
    )
    for service, busy_s in found.busy_s.items():
        share = f"{100 * busy_s / found.took_s:.0f} % of a core"
        yield Row(
            f"{name}, {service}'s processor", 1000 * busy_s / count, "ms", f"a training; {share}", None, "", holds=True
        )
    for call, taken in (("heartbeat", found.heard.heartbeats_s), ("claim", found.heard.claims_s)):
        median, p95 = 1000 * statistics.median(taken), 1000 * statistics.quantiles(taken, n=20)[-1]
        yield Row(f"{name}, {call}, p95", p95, "ms", f"median {median:.1f} ms of {len(taken)}", None, "", holds=True)


def measured(folder: Path, replicas: int, each: int) -> Measured:
    name = f"thousand{replicas}"
    with fleet(folder, name, of_each=replicas, trainers=0) as installed, _hosts(installed, name, each) as hosts:
        watched = {service: installed.of(service) for service in ("scheduler", "metrics")}
        before = {service: _busy_s(members) for service, members in watched.items()}
        with installed.client() as client:
            began = time.time()
            specs = [spec(f"{name}-{number}", each) for number in range(JOBS)]
            for item in specs:
                client.create(item)
            completed = sum(client.wait(item.name).trainings.completed for item in specs)
            took_s = time.time() - began
        busy_s = {service: _busy_s(members) - before[service] for service, members in watched.items()}
        said, _ = hosts.communicate()
    heard = Heard(**json.loads(said))
    return Measured(completed, took_s, most_at_once(heard), max(heard.begins) - began, busy_s, heard)


@contextmanager
def _hosts(installed: Fleet, name: str, slots: int) -> Iterator[subprocess.Popen[str]]:
    schedulers = ",".join(member.grpc for member in installed.of("scheduler"))
    words = [schedulers, kafka.kafka().bootstrap, f"{name}-", str(TRAINERS), str(slots), str(LASTS_S)]
    command = [sys.executable, "-m", "bench.operate.hosts", str(installed.folder), *words]
    hosts = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert hosts.stdout is not None
        assert hosts.stdout.readline() == "ready\n"
        yield hosts
    finally:
        hosts.kill()
        hosts.wait()


def spec(name: str, trainings: int) -> TuningJobSpec:
    definition = Definition(
        image="file:///bench",
        parameters=(Parameter("x", Float(0.0, 1.0)),),
        metric_definitions=(MetricDefinition("score", "score=([0-9.]+)"),),
    )
    return TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("score"),
        limits=Limits(max_parallel=trainings, max_trainings=trainings),
        strategy=Strategy.RANDOM,
        random_seed=3,
    )


def most_at_once(heard: Heard) -> int:
    moves = sorted([(at, 1) for at in heard.begins] + [(at, -1) for at in heard.ends])
    running = most = 0
    for _, move in moves:
        running += move
        most = max(most, running)
    return most


def bare(folder: Path, count: int) -> float:
    """Return how long the same takes without any service: coroutines that sleep and print."""
    command = [sys.executable, "-m", "bench.operate.bare", str(folder / "bare"), str(count), str(LASTS_S)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _busy_s(members: Sequence[Member]) -> float:
    times = [psutil.Process(member.pid).cpu_times() for member in members]
    return float(sum(each.user + each.system for each in times))
