"""Each service a process of its own, that may be killed at any moment and started again while the others go on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.simulation.circle import Trainers
from tests.simulation.history import RecordedStore
from tests.simulation.mortal import Life, MortalBus, MortalLine, MortalRunner, MortalStore
from tests.simulation.outages import Broker, RemoteStore
from tests.simulation.stories import Story
from tests.simulation.timeless import wall_clock
from tests.simulation.wire import Fork, Telling, Wire
from tests.unit.scheduler.world import any_program
from tunewright.platform.bus.faulty import FaultyBus
from tunewright.platform.store.faulty import FaultyStore
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub, add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub, add_WorkerServiceServicer_to_server
from tunewright_metrics.main import Metrics
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import scheduler
from tunewright_suggester.fitting import Fitter
from tunewright_suggester.frames import Kind
from tunewright_suggester.pool import _opened
from tunewright_suggester.servicer import SuggestionServicer
from tunewright_trainer.trainer import Trainer

TERMS = LeaseTerms(lease_s=6.0, lease_grace_s=3.0, heartbeat_s=2.0, stop_grace_s=10.0)
"""Short beside trainings and outages, so that leases lapse in many stories."""


def _fast_by(skew_s: float) -> float:
    return wall_clock() + skew_s


class _InlinePool:
    """One place, in this process: a fit takes no time that the loop counts."""

    def __init__(self) -> None:
        self._fitter = Fitter()

    async def run(self, kind: Kind, payload: bytes, _job: str = "", _wanted: int | None = None) -> tuple[bytes, int]:
        answer = _opened(*self._fitter.answer(kind, payload))
        self._fitter.prefixes.trim()
        return answer, 0


class InlineSuggester(SuggestionServicer):
    def __init__(self, life: Life | None = None) -> None:
        super().__init__(1)
        self._pool, self._life = _InlinePool(), life or Life()

    async def Suggest(self, request, context):  # noqa: N802 - the generated base's name
        answer = super().Suggest
        return await self._life.act(lambda: answer(request, context))


@dataclass
class Process:
    """`work` is run under a life; when that is over, it is run again once it may."""

    name: str
    work: Callable[[Life], Awaitable[None]]
    life: Life = field(default_factory=Life)
    allowed: asyncio.Event = field(default_factory=asyncio.Event)
    away: list[tuple[float, float]] = field(default_factory=list)
    """From when to when it was dead, by the loop's clock."""

    async def keep(self) -> None:
        """Run it until cancelled. It fails if it ends by itself."""
        self.allowed.set()
        while True:
            self.life = Life()
            working, dying = asyncio.create_task(self.work(self.life)), asyncio.create_task(self.life.over.wait())
            try:
                await asyncio.wait([working, dying], return_when=asyncio.FIRST_COMPLETED)
                if not self.life.over.is_set():
                    await working
                    raise AssertionError(f"{self.name} has ended by itself")
            finally:
                dying.cancel()
                working.cancel()
                await asyncio.wait([working])
            await self.allowed.wait()

    async def die(self, for_s: float, commits: int, applied: bool, most_s: float) -> None:
        """Die at the commit after so many, or after `most_s`; come back after `for_s`."""
        self.allowed.clear()
        life, clock = self.life, asyncio.get_running_loop().time
        life.commits, life.applied = commits, applied
        try:
            async with asyncio.timeout(most_s):
                await life.over.wait()
        except TimeoutError:
            life.over.set()
        self.away.append((clock(), clock() + for_s))
        await asyncio.sleep(for_s)
        self.allowed.set()


class Fleet:
    """Store, broker and machines stay; the processes come and go."""

    def __init__(self, told: Story, folder: Path) -> None:
        self.told = told
        self.recorded, self.broker = RecordedStore(), Broker()
        self.remote = RemoteStore(self.recorded)
        self.store = FaultyStore(self.remote, told.seed, told.store)
        self.bus = FaultyBus(self.broker, told.seed, told.bus)
        self.trainers = Trainers.in_folder(folder, told.slots)
        for host, skew_s in zip(self.trainers.hosts, told.skews_s, strict=False):
            host.clock = partial(_fast_by, skew_s)
        self.wires = [Wire(told.seed + index, told.wire) for index in range(told.schedulers)]
        self.suggester = Wire(told.seed + 17, told.suggester_wire or told.wire)
        self.lines = [Fork(self.wires, told.seed + index) for index in range(len(told.slots))]
        self.channels = [Telling(line, cpus) for line, cpus in zip(self.lines, told.cpus, strict=False)] or self.lines
        """What the trainers speak over; the lines below can be cut."""
        self.cut: list[list[tuple[float, float]]] = [[] for _ in told.slots]
        """Per trainer: from when to when it could reach no scheduler, by the loop's clock."""
        self.dying: list[asyncio.Task[None]] = []
        """Deaths under way, kept here so that they are not forgotten."""
        self.deaf: list[tuple[float, float]] = []
        """From when to when the store was gone, by the loop's clock."""
        self.front = TuningServiceStub(Fork(self.wires, told.seed))
        works: dict[str, Callable[[int, Life], Awaitable[None]]] = {
            "scheduler": self._schedule,
            "metrics": self._collect,
            "trainer": self._train,
            "suggester": self._suggest,
        }
        self.processes = {name: Process(name, self._part(works, name)) for name in told.processes}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        random.seed(self.told.seed)  # the pauses of who is beaten
        async with asyncio.TaskGroup() as group:
            keeping = [group.create_task(process.keep()) for process in self.processes.values()]
            yield
            for task in keeping:
                task.cancel()

    def _part(self, works: dict[str, Any], name: str) -> Callable[[Life], Awaitable[None]]:
        kind, index = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
        return lambda life: works[kind](index, life)

    async def _schedule(self, index: int, life: Life) -> None:
        wire, store, bus = self.wires[index], MortalStore(self.store, life), MortalBus(self.bus, life)
        try:
            async with scheduler(store, bus, self.suggester, any_program, TERMS) as scheduling:
                add_TuningServiceServicer_to_server(scheduling.tuning, wire)
                add_WorkerServiceServicer_to_server(scheduling.worker, wire)
                async with asyncio.TaskGroup() as group:
                    for part in scheduling.long_lived():
                        group.create_task(part)
        finally:
            wire.close()

    async def _collect(self, _index: int, life: Life) -> None:
        await Metrics(MortalStore(self.store, life), MortalBus(self.bus, life)).run()

    async def _train(self, index: int, life: Life) -> None:
        settings, host = self.trainers.settings[index], self.trainers.hosts[index]
        stub, bus = WorkerServiceStub(MortalLine(self.channels[index], life)), MortalBus(self.bus, life, counts=True)
        await Trainer(settings, stub, bus, MortalRunner(host, life), host.clock).run()

    async def _suggest(self, _index: int, life: Life) -> None:
        add_SuggestionServiceServicer_to_server(InlineSuggester(life), self.suggester)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.suggester.close()
