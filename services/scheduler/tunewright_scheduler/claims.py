"""Claims: which trainer gets which training.

Those that wait at one scheduler for trainings of one pool are served together, in the order in which they came and in
one commit: the more of them there are, the less each costs. Where trainers have told what they have, a claim gets what
fits what is free there (core/sharing_out.py). Whoever waits looks again by himself after a while, since a bell that
another scheduler rings may be lost, and what may be given to whom changes with time.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.claimed import claimed_job
from tunewright.core.errors import Conflict, IllegalTransition
from tunewright.core.instances import Capacity
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Check, Put, Replace, Store, Stored, Write
from tunewright_scheduler import records, tally
from tunewright_scheduler.bells import job_bell, pool_bell, rung
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core import queueing
from tunewright_scheduler.core import training as trainings
from tunewright_scheduler.core.facts import TrainingJobGranted
from tunewright_scheduler.core.session import Session, check_epoch
from tunewright_scheduler.core.sharing_out import Place, Reservation, Room
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.look import Look
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.quotas import Quotas
from tunewright_scheduler.records import Versioned
from tunewright_scheduler.sessions import Sessions

CLAIM_LIMIT: Final = 32
"""Trainings granted by one commit."""
LOOK_AGAIN_S: Final = 2.0
"""A claim that waits looks so often without being rung."""
FIRST_PAUSE_S: Final = 0.01
LONGEST_PAUSE_S: Final = 1.0
"""Most that is paused after being beaten; doubled each time between the two. Who pauses leaves the other to go on."""
NOT_KEPT: Final = Reservation()


@dataclass(eq=False, slots=True)
class Claimer:
    """One claim that waits."""

    trainer_id: str
    epoch: int
    request_id: str
    slots: int
    free: Capacity | None
    """What is free there, as its trainer says; None: it does not say."""
    bell: asyncio.Event
    served: asyncio.Future[list[Training]]

    def serve(self, granted: list[Training]) -> None:
        if not self.served.done():
            self.served.set_result(granted)
        self.bell.set()

    def refuse(self, error: Exception) -> None:
        if not self.served.done():
            self.served.set_exception(error)
        self.bell.set()


@dataclass(eq=False, weakref_slot=True, slots=True)
class Door:
    """Where the claims of one pool wait in this process. One looks at a time, on behalf of all that wait."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[Claimer] = field(default_factory=list)
    looked_at: float = float("-inf")
    """By the loop's clock."""
    after: str | None = None
    """Where to look on, behind trainings that may not be granted; None: from the first one."""
    kept: Reservation = NOT_KEPT
    """By what stands in front of that place."""

    @contextmanager
    def let_wait(self, claimer: Claimer) -> Iterator[None]:
        self.waiting.append(claimer)
        try:
            yield
        finally:
            self.waiting.remove(claimer)
            claimer.served.cancel()  # without effect if it is done


class Claims:
    def __init__(self, store: Store, changes: Changes, sessions: Sessions, room: ControlRoom, needs: Needs) -> None:
        self._store, self._changes, self._sessions, self._bells = store, changes, sessions, changes.bells
        self._room, self._needs = room, needs
        self._quotas = Quotas(store, self._room)
        self._doors: weakref.WeakValueDictionary[str, Door] = weakref.WeakValueDictionary()

    async def claim(
        self,
        trainer_id: str,
        epoch: int,
        request_id: str,
        *,
        slots: int,
        wait_s: float,
        free: Capacity | None = None,
        again: bool = False,
    ) -> list[Training]:
        """Lease up to `slots` trainings of the session's pool; as soon as there is one, [] after `wait_s`.

        All together fit what is `free` there, and what is left of the session's capacity by our own record. Asked
        `again` under the same `request_id`, for a reply that was lost, it gives the same leases as before.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait_s
        pool = (
            await self._sessions.seen(trainer_id, epoch)
        ).pool  # whether that is still its epoch, the look will tell
        if again:
            running = await self._sessions.running(trainer_id)
            if before := [training for training in running if training.claim_id == request_id]:
                return before
        door = self._door(pool)
        with self._bells.listen(pool_bell(pool)) as bell:
            served: asyncio.Future[list[Training]] = asyncio.get_running_loop().create_future()
            claimer = Claimer(trainer_id, epoch, request_id, slots, free, bell, served)
            with door.let_wait(claimer):
                bell.set()  # nobody has looked for this one yet
                while True:
                    async with door.turn:
                        if bell.is_set() and not served.done():
                            door.looked_at = clock()
                            await self._look(pool, list(door.waiting))
                    if served.done():
                        return served.result()
                    if clock() >= deadline:
                        return []
                    again_at = door.looked_at + LOOK_AGAIN_S
                    await rung(bell, min(deadline, again_at) - clock())
                    if clock() >= door.looked_at + LOOK_AGAIN_S:
                        bell.set()

    def _door(self, pool: str) -> Door:
        door = self._doors.get(pool)
        if door is None:
            door = self._doors[pool] = Door()
        return door

    async def _look(self, pool: str, waiting: Sequence[Claimer]) -> None:
        """Serve those that wait. They are woken again only if something may be left."""
        self._bells.silence(pool_bell(pool))
        all_found = False
        try:
            all_found = await self._serve(pool, waiting)
        finally:
            if not all_found:
                self._bells.ring_here(pool_bell(pool))

    async def _serve(self, pool: str, waiting: Sequence[Claimer]) -> bool:
        """Grant what is ready; say whether that is all there is. What operators forbid is granted at a later look."""
        door, pause_s = self._door(pool), FIRST_PAUSE_S
        while True:
            controls = await self._room.now()
            if controls.starts is not None:
                return True
            open_now = await self._open([item for item in waiting if item.trainer_id not in controls.cordons])
            wanted = min(sum(claimer.slots for claimer, _ in open_now), CLAIM_LIMIT)
            if not wanted:
                return True
            hosts = {item.value.trainer_id: _host(item.value) for _, item in open_now}
            places = [
                Place(claimer.trainer_id, claimer.slots, Room(claimer.free), hosts[claimer.trainer_id])
                for claimer, _ in open_now
            ]
            kept = door.kept if door.after is not None else NOT_KEPT
            look = Look(self._store, self._needs, controls, pool, places, kept)
            offer = await self._quotas.offer(look, pool, wanted, door.after)
            door.after, door.kept = offer.after, look.kept
            if not offer.taken:
                return offer.complete
            shares = {claimer: share for (claimer, _), share in zip(open_now, look.shares, strict=True)}
            guards = {session.value.trainer_id: _guard(session) for claimer, session in open_now if shares[claimer]}
            holders = {claimer: session.value for claimer, session in open_now}
            try:
                granted = await self._grant(shares, holders, [*guards.values(), *offer.turns], controls.attempts_above)
            except Conflict:  # another scheduler was faster, or a session was renewed: look again
                await asyncio.sleep(self._changes.chance() * pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            except Exception as error:  # noqa: BLE001 - it may have been applied: all of them have to ask again
                for claimer, _ in open_now:
                    claimer.refuse(error)
                return False
            for claimer, leased in granted.items():
                if leased:
                    claimer.serve(leased)
            return offer.complete

    async def _open(self, waiting: Sequence[Claimer]) -> list[tuple[Claimer, Versioned[Session]]]:
        """Return those that may be served, each with its session; refuse the others."""
        unserved = [claimer for claimer in waiting if not claimer.served.done()]
        stored = await self._store.get_many("sessions", list({claimer.trainer_id for claimer in unserved}))
        found = []
        for claimer in unserved:
            item = stored.get(claimer.trainer_id)
            try:
                session = check_epoch(
                    from_document(item.document, Session) if item else None, claimer.trainer_id, claimer.epoch
                )
            except IllegalTransition as error:
                claimer.refuse(error)
                continue
            if session.draining or item is None:
                claimer.serve([])
            else:
                found.append((claimer, Versioned(session, item.version)))
        return found

    async def _grant(
        self,
        shares: dict[Claimer, list[Stored]],
        holders: dict[Claimer, Session],
        guards: Sequence[Write],
        above: int,
    ) -> dict[Claimer, list[Training]]:
        """Commit the grants. Raises Conflict."""
        reached = _turns_reached([stored for items in shares.values() for stored in items])
        now, before = await asyncio.gather(self._store.now(), records.read_turns(self._store, list(reached)))
        # A training that was lost has its turn again: time does not go back to it.
        moved = [Put("pools", key, {"turn": turn}) for key, turn in reached.items() if turn > before[key]]
        writes: list[Write] = [*moved, *guards]
        facts: list[TrainingJobGranted] = []
        waited: list[tuple[str, float]] = []
        granted: dict[Claimer, list[Training]] = {}
        for claimer, items in shares.items():
            granted[claimer] = []
            for stored in items:
                waiting, to = from_document(stored.document, Training), holders[claimer]
                training = trainings.granted(waiting, to.speaker, claimer.request_id, now, host=to.host, above=above)
                granted[claimer].append(training)
                waited.append((training.pool, now - waiting.waits_since))
                writes.append(
                    Replace("training_jobs", stored.key, records.training_document(training, now), stored.version)
                )
                facts.append(
                    TrainingJobGranted(training.uid, training.number, training.attempt, claimer.trainer_id, now)
                )
        first = facts[0]
        key = f"{first.uid}/{first.number:06d}/granted/{first.attempt}"
        traces = {records.training_key(one): one.traceparent for leased in granted.values() for one in leased}
        await self._store.commit([*writes, records.grants_write(key, facts, traces, now)])
        self._changes.on_outbox()
        tally.granted(waited)
        for fact in facts:
            self._bells.ring(job_bell(fact.uid))
        return granted


def _host(session: Session) -> Room:
    """Return what a trainer has: beside what it holds by our record, once that is counted."""
    return Room(session.capacity, counted=session.capacity is None)


def _guard(session: Versioned[Session]) -> Write:
    """Return what lets a grant stand only if the session is as it was read.

    Where what is left of a capacity was counted, the session is written: of two schedulers that grant to one trainer at
    the same time, one counts again.
    """
    key = session.value.trainer_id
    if session.value.capacity is None:
        return Check("sessions", key, session.version)
    return Replace("sessions", key, to_document(session.value), session.version)


def _turns_reached(items: Sequence[Stored]) -> dict[str, float]:
    """Return the virtual times, by key, to which these trainings bring their pools when they are granted."""
    reached: dict[str, float] = {}
    for stored in items:
        start, priority = queueing.of_claim_order(stored.document["claim_order"])
        if claimed_job(stored.document["pool"]) is not None:
            continue  # it is one job's, which takes turns with nobody
        key = records.turn_key(stored.document["pool"], priority)
        reached[key] = max(start, reached.get(key, 0.0))
    return reached
