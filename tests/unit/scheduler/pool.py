"""A pool of slots that jobs share, on the real scheduler with the test's clock."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.unit.scheduler.world import World, spec
from tunewright.core.spec import Limits, Strategy
from tunewright_scheduler import records
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.job import Provenance, Suggestion
from tunewright_scheduler.core.training import Training

SUGGESTION = Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("random"))
Length = Callable[[int], float]
"""Seconds that the training of a number runs."""


@dataclass
class Pool:
    """One trainer with so many slots, and a suggester that answers after `thinks_s`."""

    world: World
    slots: int
    thinks_s: float = 0.5
    lengths: dict[str, Length] = field(default_factory=dict)
    used_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Slot seconds of each job, of trainings that have ended."""
    order: list[tuple[str, int]] = field(default_factory=list)
    """Grants in their order."""
    granted_at: dict[tuple[str, int], float] = field(default_factory=dict)
    events: list[tuple[float, int, Any]] = field(default_factory=list)
    free: int = 0
    epoch: int = 0
    count: int = 0

    def __post_init__(self) -> None:
        self.free = self.slots
        self.world.changes.on_ask = lambda uid, number: self.later(self.thinks_s, (uid, number))

    def later(self, seconds: float, what: Any) -> None:
        self.count += 1
        heapq.heappush(self.events, (self.world.store.clock + seconds, self.count, what))

    async def create(
        self,
        uid: str,
        length: float | Length,
        *,
        parallel: int = 1,
        trainings: int = 1000,
        priority: int = 0,
        strategy: Strategy = Strategy.RANDOM,
    ) -> None:
        self.lengths[uid] = length if callable(length) else lambda _number: length
        limits = Limits(max_parallel=parallel, max_trainings=trainings)
        await self.world.create(spec(name=uid, limits=limits, priority=priority, strategy=strategy), uid)

    async def run(self, seconds: float) -> None:
        """Let so much time pass."""
        if not self.epoch:
            self.epoch = await self.world.open("t", self.slots)
        until = self.world.store.clock + seconds
        while True:
            await self._claim()
            if not self.events or self.events[0][0] > until:
                break
            at, _, what = heapq.heappop(self.events)
            self.world.store.clock = max(at, self.world.store.clock)
            if isinstance(what, Training):
                await self._end(what)
            else:
                await self._answer(*what)
        self.world.store.clock = until

    async def _claim(self) -> None:
        if not self.free:
            return
        self.count += 1
        for training in await self.world.claim("t", self.epoch, f"r{self.count}", slots=self.free):
            self.free -= 1
            self.order.append((training.uid, training.number))
            self.granted_at[self.order[-1]] = self.world.store.clock
            self.later(self.lengths[training.uid](training.number), training)

    async def _end(self, training: Training) -> None:
        seconds = self.lengths[training.uid](training.number)
        self.free += 1
        self.used_s[training.uid] += seconds
        await self.world.exit(training, seconds=seconds)
        await self.world.summarize(training, 0.5)

    async def _answer(self, uid: str, number: int) -> None:
        ask = await records.read_ask(self.world.store, uid, number)
        if ask is not None:
            await self.world.changes.send(uid, Answered(number, (SUGGESTION,) * ask.count))
