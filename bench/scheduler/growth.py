"""What a training costs the scheduler, near the hundredth and near the ten-thousandth of one job.

The scheduler's own parts on SQLite, without wire and processes: each of ten slots claims a training, says that its
process has ended and what metrics has read, and claims the next. Suggestions come from a stub. The cost is processor
time of the whole process, with the store's thread and the relay; wall time is printed beside it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.simulation.wire import Wire

from bench.rows import Row
from bench.scheduler import subject
from tunewright.core.check import check
from tunewright.core.spec import Strategy
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.instance_types import packaged_types
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.session import LeaseTerms, Session
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.records import training_key
from tunewright_scheduler.relay import Relay
from tunewright_scheduler.results import Results
from tunewright_scheduler.sessions import Sessions
from tunewright_scheduler.tuning_jobs import TuningJobs

PARALLEL: Final = 10
TRAININGS: Final = 10_000
WINDOW: Final = 20
WINDOWS: Final = 9
"""The median of so many is taken."""
FIRST: Final = 100 - WINDOW * WINDOWS // 2
"""The first training of the windows around the hundredth."""
GROWTH: Final = 1.5
TRAINER: Final = "trainer"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a training had ended: seconds of wall time and of processor time."""

    wall_s: float
    busy_s: float

    @classmethod
    def now(cls) -> Stamp:
        return cls(time.perf_counter(), time.process_time())


def rows(folder: Path) -> list[Row]:
    found = []
    for strategy in (Strategy.RANDOM, Strategy.BAYESIAN):
        home = folder / f"growth-{strategy.name.lower()}"
        home.mkdir()
        stamps = asyncio.run(_run(home, strategy))
        found.append(_row(strategy, stamps))
    return found


def _row(strategy: Strategy, stamps: list[Stamp]) -> Row:
    early, early_wall = _cost_ms(stamps, FIRST)
    late, late_wall = _cost_ms(stamps, len(stamps) - WINDOW * WINDOWS - 1)
    wall_s = stamps[-1].wall_s - stamps[0].wall_s
    beside = (
        f"near 100: {early:.2f} ms; wall {early_wall:.2f} → {late_wall:.2f} ms; "
        f"all {len(stamps):,} in {wall_s:.0f} s, {len(stamps) / wall_s:.0f}/s"
    )
    name = f"a training near {len(stamps):,}, {strategy.value}"
    ratio = late / early
    return Row(name, late, "ms", beside, ratio, f"≤ {GROWTH} × near 100", ratio <= GROWTH)


def _cost_ms(stamps: list[Stamp], first: int) -> tuple[float, float]:
    """Return the processor and the wall time of a training, each a median over windows."""
    edges = [stamps[first + WINDOW * index] for index in range(WINDOWS + 1)]
    pairs = list(pairwise(edges))
    busy = statistics.median(after.busy_s - before.busy_s for before, after in pairs)
    wall = statistics.median(after.wall_s - before.wall_s for before, after in pairs)
    return 1000 * busy / WINDOW, 1000 * wall / WINDOW


async def _run(folder: Path, strategy: Strategy) -> list[Stamp]:
    """Run a job of TRAININGS and return when each of them ended."""
    store = SqliteStore(folder / "store.db")
    bells, wire = Bells(), Wire()
    changes = Changes(store, bells)
    add_SuggestionServiceServicer_to_server(subject.Drawing(), wire)
    asker, relay = Asker(changes, wire), Relay(store, MemoryBus(topics().values()))
    changes.on_ask, changes.on_outbox = asker.ask, relay.wake
    sessions = Sessions(store, changes, LeaseTerms())
    room = ControlRoom(store)
    claims, results = Claims(store, changes, sessions, room, Needs(changes, packaged_types())), Results(changes)
    opened, _ = await sessions.open(Session(TRAINER, 0, "owner", "default", PARALLEL, 0, "host", 0.0, 0.0), ())
    jobs = TuningJobs(store, changes, subject.any_program, room)
    spec = subject.spec("growth", trainings=TRAININGS, parallel=PARALLEL, strategy=strategy)
    uid = await jobs.create("owner", check(spec))
    stamps: list[Stamp] = []
    over = asyncio.Event()

    async def slot() -> None:
        while True:
            for training in await claims.claim(TRAINER, opened.epoch, uuid.uuid4().hex, slots=1, wait_s=60.0):
                held = (training_key(training), training.attempt)
                await sessions.exited(opened.speaker, held, subject.left(training.number, time.time()))
                await results.take(subject.said(uid, training.number, training.attempt))
                stamps.append(Stamp.now())
            if len(stamps) == TRAININGS:
                over.set()

    tasks = [asyncio.create_task(part) for part in (relay.run(), *(slot() for _ in range(PARALLEL)))]
    ended = asyncio.create_task(over.wait())
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asker.close()
    await store.close()
    return stamps
