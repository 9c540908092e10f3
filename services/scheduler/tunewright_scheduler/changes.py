"""Load, decide, commit: every change of a tuning job goes through here.

A Change gathers one commit: the job, the trainings it touches, and the writes that its decisions ask for. It is
committed all or nothing under the versions that were read; beaten by another replica, it is thrown away and decided
anew, after a pause that grows and is drawn by chance, so that replicas do not keep meeting. What must be done after
the commit (ask, ring) waits in the Change until the commit has returned.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from tunewright.core.errors import CallerError, Conflict, NotFound, PeerError, Unavailable
from tunewright.core.spec import TuningJobSpec
from tunewright.platform import tracing
from tunewright.platform.lifecycle import take_error
from tunewright.platform.store.port import Insert, Store, Write
from tunewright_scheduler import records, tally
from tunewright_scheduler.bells import Bells, job_bell, owner_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.core.decide import Message, Park, advance
from tunewright_scheduler.core.facts import Fact, TuningJobCreated
from tunewright_scheduler.core.job import TuningJob

ATTEMPTS: Final = 20
"""How often a change is decided anew after being beaten, before the caller is told."""
FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.2
"""Most that is paused after being beaten; doubled each time between the two."""

SPECS_KEPT: Final = 4_000
"""Specifications remembered here, a few kilobytes each: reading one costs more than the decision that wants it."""

AT_ONCE: Final = 4
"""Jobs changed here at the same time. What waits for the store must not have been read yet: it would be old by then."""

TOGETHER: Final = 64
"""Steps that share a commit at most."""

VERSIONED: Final = frozenset({"tuning_jobs", "training_jobs"})
"""What others have changed here is read again, and may be decided anew."""


Step = Callable[[Change], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that waits for its turn, and who waits for it."""

    step: Step
    reading: Sequence[int]
    done: asyncio.Future[TuningJob]


class Contended(Unavailable):
    """A job is changed by so many at once that this change did not get through. Nothing is down; try again later."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"tuning job {uid}", f"a change of it was beaten {ATTEMPTS} times")


class Changes:
    """Makes changes, one at a time per job in this process, safe against other processes by version."""

    def __init__(self, store: Store, bells: Bells, chance: Callable[[], float] = random.random) -> None:
        self.store, self.bells = store, bells
        self.chance = chance
        """From 0 to 1, drawn for each pause."""
        self.on_ask: Callable[[str, int], None] = lambda _uid, _number: None
        """Called after the commit for every ask to be made; set by the asker."""
        self.on_outbox: Callable[[], None] = lambda: None
        """Called after every commit that told a fact; set by the relay."""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting: dict[str, list[Waiting]] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._specs: dict[tuple[str, int], records.Specification] = {}

    async def create(self, job: TuningJob, spec: TuningJobSpec, guards: Sequence[Write]) -> TuningJob:
        """Write a new job with its first ask. Raises Conflict if a guard does not hold."""
        change = Change(self.store, job, 0, spec, job.created_at)
        specification = records.Specification.of(spec)
        change.writes.extend([*guards, Insert("specs", records.spec_key(job.uid, 1), specification.document())])
        change.tell(TuningJobCreated(job.uid, job.name, job.owner, 1, job.created_at))
        await change.perform(advance(job, spec, job.created_at))
        await self._commit(change)
        self._remember((job.uid, 1), specification)
        return change.job

    async def publish(
        self, job: TuningJob, spec: TuningJobSpec, guards: Sequence[Write], facts: Sequence[Fact]
    ) -> None:
        """Let a job be seen that was written as a deleted one, and tell of it. Raises Conflict."""
        change = Change(self.store, job, 1, spec, job.modified_at)
        change.writes.extend(guards)
        for fact in facts:
            change.tell(fact)
        await self._commit(change)

    async def make(self, uid: str, step: Step, *, reading: Sequence[int] = ()) -> TuningJob:
        """Load the job, let `step` decide, commit; again if beaten. Raises NotFound, Unavailable.

        `reading` names trainings that the step will look at: they are read at once with the job.
        """
        waiting = Waiting(step, reading, asyncio.get_running_loop().create_future())
        waiting.done.add_done_callback(take_error)  # its caller may have gone
        self._waiting.setdefault(uid, []).append(waiting)
        async with self._lock(uid):
            while not waiting.done.done():  # those in front of it may be more than share a commit
                await self._make_all(uid, self._next(uid))
        return await waiting.done

    def _next(self, uid: str) -> list[Waiting]:
        waiting = self._waiting.pop(uid)
        if len(waiting) > TOGETHER:
            self._waiting[uid] = waiting[TOGETHER:]
        return waiting[:TOGETHER]

    async def _make_all(self, uid: str, waiting: list[Waiting]) -> None:
        """See to it that every one of them is done, or waits again if this is cancelled."""
        try:
            beaten = await self._together(uid, waiting)
            for one in waiting if beaten else ():
                await self._together(uid, [one])
        finally:
            if left := [one for one in waiting if not one.done.done()]:
                self._waiting[uid] = left + self._waiting.get(uid, [])

    async def _together(self, uid: str, waiting: Sequence[Waiting]) -> bool:
        """Make one commit of them; say whether they are to be tried one by one, for one of them is beaten for good."""
        pause_s = FIRST_PAUSE_S
        for _ in range(ATTEMPTS):
            try:
                async with self._turns:
                    await self._attempt(uid, waiting)
            except Conflict as beaten:
                if len(waiting) > 1 and beaten.collection not in VERSIONED:
                    return True
                await asyncio.sleep(self.chance() * pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - it is theirs to hear
                _fail(waiting, error)
                return False
            else:
                return False
        _fail(waiting, Contended(uid))
        return False

    async def send(self, uid: str, message: Message) -> TuningJob:
        """Fold one message into the job."""
        return await self.make(uid, lambda change: change.apply(message))

    async def park(self, uid: str, reason: str) -> None:
        """Set a job aside after a fault of ours, which never becomes another job's. Raises Unavailable.

        Where the fault is in the job's own record, there is nothing to note it in: the log has to do.
        """
        try:
            await self.send(uid, Park(reason))
        except PeerError:
            raise
        except CallerError as error:
            log.info("not parked", uid=uid, why=str(error))
        except Exception:
            log.exception("cannot be parked", uid=uid, reason=reason)

    async def spec(self, uid: str, revision: int) -> TuningJobSpec:
        """Return an immutable revision of a job's specification. Raises NotFound."""
        return (await self.specification(uid, revision)).value

    async def specification(self, uid: str, revision: int) -> records.Specification:
        """Return a revision with its message, which takes half a millisecond to make. Raises NotFound."""
        key = (uid, revision)
        if key not in self._specs:
            read = await records.read_spec(self.store, uid, revision)
            if read is None:
                raise NotFound("specification", f"{uid}/{revision}")
            self._remember(key, read)
        return self._specs[key]

    def _remember(self, key: tuple[str, int], specification: records.Specification) -> None:
        self._specs[key] = specification
        if len(self._specs) > SPECS_KEPT:
            self._specs.pop(next(iter(self._specs)))

    async def _attempt(self, uid: str, waiting: Sequence[Waiting]) -> None:
        numbers = sorted({number for one in waiting for number in one.reading})
        found, read, now = await asyncio.gather(
            records.read_job(self.store, uid), records.read_trainings(self.store, uid, numbers), self.store.now()
        )
        if found is None:
            raise NotFound("tuning job", uid)
        job = found.value
        spec = await self.spec(uid, job.spec_revision)
        change = Change(self.store, job, found.version, spec, now, job_read=job)
        change.know(read)
        failed = {id(one): error for one in waiting if (error := await _stepped(change, one.step)) is not None}
        await self._commit(change)
        for one in waiting:
            if one.done.done():  # its caller has gone
                continue
            if id(one) in failed:
                one.done.set_exception(failed[id(one)])
            else:
                one.done.set_result(change.job)

    async def _commit(self, change: Change) -> None:
        """Whoever's call it is in which steps of several are committed: what follows belongs to the job's trace."""
        with tracing.within(tracing.in_trace(change.job.traceparent)):
            await self._committed(change)

    async def _committed(self, change: Change) -> None:
        writes = change.all_writes()
        if writes:
            await self.store.commit(writes)
            tally.count(change)
            change.bells |= {job_bell(change.job.uid), owner_bell(change.job.owner)}
        for number in change.asks:
            self.on_ask(change.job.uid, number)
        for bell in sorted(change.bells):  # the same order in every process
            self.bells.ring(bell)
        if change.tells:
            self.on_outbox()

    def _lock(self, uid: str) -> asyncio.Lock:
        lock = self._locks.get(uid)
        if lock is None:
            lock = self._locks[uid] = asyncio.Lock()
        return lock


async def _stepped(change: Change, step: Step) -> Exception | None:
    """Let one step decide; one that fails is undone, and its error returned."""
    saved = change.saved()
    try:
        if change.job.deleted:
            raise NotFound("tuning job", change.job.uid)
        await step(change)
    except Exception as error:  # noqa: BLE001 - its caller's to hear
        change.restore(saved)
        return error
    return None


def _fail(waiting: Sequence[Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)
