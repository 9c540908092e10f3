"""A drill from its beginning to its verdict: an installation, tuning jobs, the hand, and what must be true then."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.drill.hand import Deed, carry_out
from tests.drill.history import read_all, read_facts
from tests.drill.judge import Found, failures, look_up, problems
from tests.drill.plan import Kind, drawn
from tests.drill.recovery import Circumstances, recovery_of
from tests.drill.report import Report
from tests.drill.stage import DATABASE, Stage, staged
from tests.wire.fleet import until
from tests.wire.trainings import Wanted, job
from tunewright.client import Client
from tunewright.core.errors import TunewrightError
from tunewright.core.spec import Strategy
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Query

STRATEGIES: Final = (Strategy.RANDOM, Strategy.RANDOM, Strategy.GRID, Strategy.BAYESIAN, Strategy.RANDOM)
PARALLEL: Final = 2
STEP_S: Final = 1.0
LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is drilled. Jobs are to last longer than the faults, and are waited for long afterwards."""

    jobs: int = 20
    trainings: int = 32
    """Of each."""
    steps: int = 5
    """Of a training, of a second each."""
    span_s: float = 120.0
    faults: Mapping[Kind, int] = field(
        default_factory=lambda: {
            Kind.KILL: 12,
            Kind.STILL: 6,
            Kind.CUT: 8,
            Kind.BREAK: 6,
            Kind.RESTART: 4,
            Kind.FILL: 4,
        }
    )
    patience_s: float = 900.0

    @property
    def slots(self) -> int:
        """Of each of the two trainers: room for all jobs at once, also while the other is away."""
        return self.jobs * PARALLEL


SHORT: Final = Size(
    jobs=5,
    trainings=14,
    steps=4,
    span_s=25.0,
    faults={Kind.KILL: 4, Kind.STILL: 1, Kind.CUT: 2, Kind.BREAK: 1, Kind.RESTART: 2, Kind.FILL: 1},
    patience_s=400.0,
)


def drill(folder: Path, seed: int, size: Size, told: Callable[[str], None]) -> Report:
    """Return what was found; logs stay in the folder."""
    with staged(folder, size.slots) as stage:
        told(f"{len(stage.fleet.members)} services are ready")
        wanted = _jobs(folder, size)
        with stage.fleet.client() as client:
            began = time.time()
            uids = {item.spec.name: client.create(item.spec).uid for item in wanted}
            until(lambda: all(item.stamps.read_text() for item in wanted), "every job has begun", size.patience_s)
            deeds = carry_out(stage, drawn(seed, stage.targets(), size.faults, size.span_s), told)
            told("the hand is taken off")
            wrong = [*_all_alive(stage, deeds, size), *_all_over(client, list(uids), size)]
            took_s = time.time() - began
        with suppress(AssertionError):  # said below, each by its name
            until(lambda: not asyncio.run(_unsettled(stage)), "all is settled", size.patience_s / 4)
        facts = asyncio.run(read_facts(stage.broker.bootstrap))
        bayesian = frozenset(uids[item.spec.name] for item in wanted if item.spec.strategy is Strategy.BAYESIAN)
        holders = stage.trainer_ids()
        known = Circumstances(bayesian, {name: holder for holder, name in holders.items()})
        recoveries = [recovery_of(deed, facts, known) for deed in deeds]
        found = asyncio.run(_found(stage, [uids[item.spec.name] for item in wanted]))
        wrong += [
            text
            for each, item in zip(found, wanted, strict=True)
            for text in problems(each, item, facts, _filled(deeds, known))
        ]
        wrong += asyncio.run(_left(stage))
        wrong += _ended_in_order(stage)
        wrong += asyncio.run(_sessions(stage))
    wrong += [f"process {program.pid} is left" for program in stage.fleet.programs()]
    attempts = sum(fact.kind == "TrainingJobGranted" for fact in facts)
    left_out = [] if stage.disks else ["a full disk: this machine lets us mount none"]
    failed = [text for each in found for text in failures(each)]
    return Report(
        seed, size.jobs, size.jobs * size.trainings, attempts, size.span_s, took_s, left_out, recoveries, failed, wrong
    )


def _jobs(folder: Path, size: Size) -> list[Wanted]:
    return [
        job(
            folder,
            f"drill-{number:02d}",
            strategy=STRATEGIES[number % len(STRATEGIES)],
            trainings=size.trainings,
            parallel=PARALLEL,
            steps=size.steps,
            step_s=STEP_S,
        )
        for number in range(size.jobs)
    ]


def _all_alive(stage: Stage, deeds: Sequence[Deed], size: Size) -> Iterator[str]:
    """Whoever was killed serves again, and nobody has ended otherwise."""
    yield from (f"{deed.fault.target} had ended by itself" for deed in deeds if deed.found_dead)
    for member in stage.fleet.members:
        if not member.running:
            yield f"{member.name} has ended by itself"
            member.spawn()
        try:
            until(partial(_is_ready, member.ready), f"{member.name} is ready", size.patience_s)
        except AssertionError as late:
            yield str(late)


def _is_ready(look: Callable[[], Mapping[str, object]]) -> bool:
    try:
        return bool(look()["ready"])
    except OSError:
        return False


def _all_over(client: Client, names: Sequence[str], size: Size) -> Iterator[str]:
    going, deadline = list(names), time.monotonic() + size.patience_s
    while going and time.monotonic() < deadline:
        time.sleep(LOOK_S)
        with suppress(TunewrightError):
            going = [name for name in going if not client.describe(name).state.final]
    yield from (f"{name} has not ended within {size.patience_s:g} s" for name in going)


async def _unsettled(stage: Stage) -> list[str]:
    """Return what is still to be told: facts to the world, output to metrics."""
    store = MongoStore(stage.store_uri)
    try:
        outbox = await store.find(Query("outbox", "unsent", limit=100))
    finally:
        await store.close()
    return [f"{item.key} waits in the outbox" for item in outbox.items] + [f"{name} is kept" for name in stage.kept()]


def _filled(deeds: Sequence[Deed], known: Circumstances) -> set[str]:
    targets = [deed.fault.target for deed in deeds if deed.fault.kind is Kind.FILL]
    return {known.holders[target.removeprefix("disk of ")] for target in targets}


async def _found(stage: Stage, uids: Sequence[str]) -> list[Found]:
    store = MongoStore(stage.store_uri)
    try:
        return [await look_up(store, uid) for uid in uids]
    finally:
        await store.close()


async def _left(stage: Stage) -> list[str]:
    letters = await read_all(stage.broker.bootstrap, "dead-letters")
    return [f"a dead letter: {letter.headers}" for letter in letters] + await _unsettled(stage)


def _ended_in_order(stage: Stage) -> Iterator[str]:
    for member in reversed(stage.fleet.members):
        if (code := member.end(signal.SIGTERM, within_s=60)) != 0:
            yield f"{member.name} ended with {code}"


async def _sessions(stage: Stage) -> list[str]:
    """Trainers that held nothing have handed their sessions back."""
    store = MongoStore(stage.store_uri)
    try:
        page = await store.find(Query("sessions", "by_id", limit=100))
    finally:
        await store.close()
    return [f"the session of {item.key} is left in {DATABASE}" for item in page.items]
