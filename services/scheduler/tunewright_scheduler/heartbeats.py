"""Heartbeats: a trainer renews its lease, and is told what to do about what it holds.

What it is told is found out anew by each heartbeat (tunewright_scheduler.core.orders). All that it holds is looked at
as often as heartbeats are due; in between, only what is new, what a bell has named, and what there was something to do
about the last time. So what a heartbeat costs does not grow with what its trainer holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from tunewright.core.absence import RunnerAbsence
from tunewright.core.values import replace
from tunewright.platform.store.port import Store
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bell, Bells, heard, trainers_bell
from tunewright_scheduler.core.orders import Held, Holding, Orders, orders
from tunewright_scheduler.core.phases import Told
from tunewright_scheduler.core.session import Speaker
from tunewright_scheduler.core.training import Resend, Training, is_leased_to
from tunewright_scheduler.sessions import Sessions

UNHEARD_S: Final = 60.0
"""A grant that its trainer has not spoken of for so long has not reached it: longer than an answer is waited for."""

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Known:
    """What is known here of what a trainer holds."""

    epoch: int
    bell: Bell
    heard_at: float
    looked_at: float = float("-inf")
    """When all of it was looked at."""
    settled: dict[str, Holding] = field(default_factory=dict)
    """By training: what was looked at since and needs nothing; no bell has named it."""
    resent: frozenset[tuple[Held, Resend]] = frozenset()
    """What is to be sent again and was handed on from here. Losing it costs a repetition."""


class Heartbeats:
    def __init__(self, store: Store, sessions: Sessions, bells: Bells) -> None:
        self._store, self._sessions, self._bells = store, sessions, bells
        self._known: dict[str, Known] = {}
        """Per trainer that is heard here."""

    async def answer(
        self,
        trainer_id: str,
        epoch: int,
        holding: Sequence[Holding],
        *,
        wait_s: float,
        draining: bool,
        told: tuple[Told, ...] = (),
        absence: RunnerAbsence | None = None,
    ) -> Orders:
        """Renew the lease; return orders as soon as there are some, none after `wait_s`.

        `told` are the phases of what runs there, `absence` is that of what runs it.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait_s
        session = await self._sessions.renew(trainer_id, epoch, draining=draining, told=told, absence=absence)
        known = self._of(trainer_id, epoch, await self._store.now())
        while True:
            found = _without_resent(known, await self._look(known, session.speaker, holding))
            if found or not await heard(known.bell, deadline - clock()):
                return found

    def _of(self, trainer_id: str, epoch: int, now: float) -> Known:
        known = self._known.get(trainer_id)
        if known is None or known.epoch != epoch:
            self._forget_silent(trainer_id, now - self._sessions.terms.lease_s)
            known = self._known[trainer_id] = Known(epoch, self._bells.hear(trainers_bell(trainer_id)), now)
        known.heard_at = now
        return known

    def _forget_silent(self, anew: str, before: float) -> None:
        """Forget who has not been heard here for a lease, and the one that begins anew."""
        gone = [name for name, known in self._known.items() if known.heard_at < before or name == anew]
        for name in gone:
            self._bells.forget(trainers_bell(name), self._known.pop(name).bell)

    async def _look(self, known: Known, by: Speaker, holding: Sequence[Holding]) -> Orders:
        """Return what is to be done about what is held; what is not leased to him, he is told to abandon."""
        now = await self._store.now()
        for name in known.bell.take():
            known.settled.pop(name, None)
        whole = now >= known.looked_at + self._sessions.terms.heartbeat_s
        if whole:
            known.settled.clear()
        looked = [item for item in holding if known.settled.get(item.training_id) != item]
        found = await self._running(by, looked) if whole else {}
        found |= await self._sessions.leased([item.training_id for item in looked if item.training_id not in found], by)
        told = orders(looked, found)
        if whole:
            known.looked_at = now
        # What a bell has named meanwhile was perhaps read before it changed.
        unsettled = told.about | known.bell.about
        known.settled |= {item.training_id: item for item in looked if item.training_id not in unsettled}
        return told

    async def _running(self, by: Speaker, holding: Sequence[Holding]) -> dict[str, Training]:
        """Return, by id, all that runs under his lease.

        What was granted long ago and is not held is taken back: whatever became of that grant, nobody runs it.
        """
        running = await self._sessions.running(by.trainer_id)
        before = await self._store.now() - UNHEARD_S
        named = {(held.training_id, held.attempt) for held in holding}
        for training in running:
            late = training.granted_at is not None and training.granted_at < before
            if late and (records.training_key(training), training.attempt) not in named:
                log.warning("grant unheard of", trainer=by.trainer_id, uid=training.uid, number=training.number)
                await self._sessions.lose(training)
        return {records.training_key(training): training for training in running if is_leased_to(training, by)}


def _without_resent(known: Known, found: Orders) -> Orders:
    """Leave out what was handed on for this trainer before; note the rest."""
    before, known.resent = known.resent, frozenset(found.resend)
    return replace(found, resend=tuple(item for item in found.resend if item not in before))
