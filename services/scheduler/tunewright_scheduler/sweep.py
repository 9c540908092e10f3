"""Deadlines are data: whatever is due is looked at by any replica that comes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog
from prometheus_client import Counter

from tunewright.core.errors import CallerError, Conflict, PeerError
from tunewright.core.names import split_training_id
from tunewright.core.states import TrainingState
from tunewright.platform.store.port import Check, Query, Remove, Store, Stored, Write
from tunewright_scheduler import records
from tunewright_scheduler.bells import trainer_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes, Contended
from tunewright_scheduler.core.decide import Resumed, Tick
from tunewright_scheduler.core.ending import MAX_WAIT_EXCEEDED, output_lost, still_awaited, stopped
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import has_expired, unclaimed
from tunewright_scheduler.elsewhere import Elsewhere
from tunewright_scheduler.sessions import Sessions
from tunewright_scheduler.situations import read_collectors

EVERY_S: Final = 0.25
FORGET_EVERY_S: Final = 60.0
PAGE: Final = 200
AT_ONCE: Final = 32
"""Jobs that are looked at together."""
OF_A_JOB: Final = ("training_jobs", "observations", "asks")
"""Collections with an index by_job, to be emptied when a job is deleted."""

Call = Callable[[], Awaitable[object]]

log = structlog.get_logger()
summaries_waiting = Counter(
    "tunewright_summaries_waiting_total", "Deadlines of summaries put off because metrics has not read so far"
)


class Sweep:
    def __init__(self, store: Store, changes: Changes, sessions: Sessions, elsewhere: Elsewhere) -> None:
        self._store, self._changes, self._sessions, self._elsewhere = store, changes, sessions, elsewhere

    async def run(self) -> None:
        """Sweep until cancelled.

        No lease is judged before one lease has passed here since the start, and since a time without the store that was
        longer than a lease: then no heartbeat was heard.
        """
        lease_s = self._sessions.terms.lease_s
        swept_at, judge_from, forget_at = float("-inf"), float("inf"), float("-inf")
        while True:
            try:
                now = await self._store.now()
                if now - swept_at > lease_s:
                    judge_from = now + lease_s
                await self.sweep()
                if now >= judge_from:
                    await self._sessions.lose_expired()
                if now >= forget_at:
                    await self.forget_requests()
                    forget_at = now + FORGET_EVERY_S
                swept_at = now
            except PeerError as error:
                log.warning("sweep waits for the store", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def resume(self) -> None:
        """Ask again at once what was under way, however long the store keeps us waiting.

        For the start of the only scheduler there is. Where others may be asking, what is due comes by itself.
        """
        while True:
            try:
                async for uids in self._all("active", {"active": True}):
                    await self._together([(uid, partial(self._changes.send, uid, Resumed())) for uid in uids])
            except PeerError as error:
                log.warning("start waits for the store", error=str(error))
                await asyncio.sleep(EVERY_S)
            else:
                return

    async def forget_requests(self) -> None:
        """Remove what was kept to answer repeated requests, once nobody repeats them any more."""
        now = await self._store.now()
        while True:
            page = await self._store.find(Query("requests", "expiring", high=now, limit=PAGE))
            if not page.items:
                return
            await self._store.commit([Remove("requests", item.key) for item in page.items])

    async def sweep(self) -> None:
        """Do all that is due now. Of deleted jobs a few: however many there are, the others do not wait for them."""
        now = await self._store.now()
        jobs = await self._store.find(Query("tuning_jobs", "by_due", {"deleted": False}, high=now, limit=PAGE))
        await self._together([(stored.key, partial(self._changes.send, stored.key, Tick())) for stored in jobs.items])
        trainings = await self._store.find(Query("training_jobs", "due", high=now, limit=PAGE))
        read_through = (await read_collectors(self._store)).read_through(now) if trainings.items else None
        ids = [split_training_id(stored.key) for stored in trainings.items]
        await self._together([(uid, self._overdue(uid, number, read_through)) for uid, number in ids])
        deleted = await self._store.find(Query("tuning_jobs", "by_due", {"deleted": True}, high=now, limit=AT_ONCE))
        await self._together([(stored.key, self._cleared(stored)) for stored in deleted.items])

    def _cleared(self, job: Stored) -> Call:
        return partial(self._purge, job.key, job.version)

    def _overdue(self, uid: str, number: int, read_through: float | None) -> Call:
        return partial(self._changes.make, uid, self._judged(number, read_through), reading=[number])

    def _judged(self, number: int, read_through: float | None) -> Callable[[Change], Awaitable[None]]:
        here = _overdue(number, read_through)

        async def step(change: Change) -> None:
            training = await change.training(number)
            due = training.due_at is not None and training.due_at <= change.now
            if due and not await self._elsewhere.overdue(change, training):
                await here(change)

        return step

    async def _together(self, calls: Sequence[tuple[str, Call]]) -> None:
        """Make the calls, each for a job, some at a time: they share the store's commits. Raises Unavailable."""
        for start in range(0, len(calls), AT_ONCE):
            some = [self._isolated(uid, call) for uid, call in calls[start : start + AT_ONCE]]
            outcomes = await asyncio.gather(*some, return_exceptions=True)
            for error in outcomes:
                if error is not None:
                    raise error

    async def _isolated(self, uid: str, call: Call) -> None:
        """Keep one job's fault from the others: it is parked. Raises Unavailable: so is all else."""
        try:
            await call()
        except (Conflict, Contended) as beaten:
            log.info("left to another scheduler", uid=uid, why=str(beaten))
        except PeerError:
            raise
        except CallerError as error:
            log.info("sweep passed by", uid=uid, why=str(error))
        except Exception as error:
            log.exception("sweep failed", uid=uid)
            await self._changes.park(uid, f"a deadline could not be handled: {error}")

    async def _all(self, index: str, equals: dict[str, object]) -> AsyncIterator[list[str]]:
        """Yield the keys of the jobs, page by page."""
        after: str | None = None
        while True:
            page = await self._store.find(Query("tuning_jobs", index, equals, limit=PAGE, after=after))
            yield [stored.key for stored in page.items]
            if page.next is None:
                return
            after = page.next

    async def _purge(self, uid: str, version: int) -> None:
        """Remove what a deleted job has left, page by page, its own record last; several schedulers may be at it.

        An import that has come to its end meanwhile is no deleted job any more: its record has another version.
        """
        for collection in OF_A_JOB:
            page = await self._store.find(Query(collection, "by_job", {"uid": uid}, limit=PAGE))
            if page.items:
                removed = [Remove(collection, item.key) for item in page.items]
                await self._store.commit([Check("tuning_jobs", uid, version), *removed])
                return  # the rest at the next sweep
        await self._store.commit([*await self._revisions(uid), Remove("tuning_jobs", uid, version)])

    async def _revisions(self, uid: str) -> list[Write]:
        """Return what removes the last revisions of a deleted job's specification; the others are removed by this."""
        found = await records.read_job(self._store, uid)
        last = found.value.spec_revision if found is not None else 0
        removed = [Remove("specs", records.spec_key(uid, revision)) for revision in range(1, last + 1)]
        while len(removed) > PAGE:
            await self._store.commit(removed[:PAGE])
            removed = removed[PAGE:]
        return list(removed)


def _overdue(number: int, read_through: float | None) -> Callable[[Change], Awaitable[None]]:
    """Handle a training's deadline. Metrics has read what was published before `read_through`; None: it is silent."""

    async def step(change: Change) -> None:
        training = await change.training(number)
        if training.due_at is None or training.due_at > change.now:
            return
        if has_expired(training, change.now):
            change.bells |= {trainer_bell(training)} if training.holder else set()
            await change.put(stopped(training, MAX_WAIT_EXCEEDED, change.now))
            return
        match training.state:
            case TrainingState.EXITED if read_through is None or read_through < exited_at(change.job, number):
                log.warning("summary waits for metrics", uid=training.uid, number=number)
                summaries_waiting.inc()
                await change.put(still_awaited(training, change.now))
            case TrainingState.EXITED:
                await change.put(output_lost(training, change.now))
            case TrainingState.READY:
                await change.put(unclaimed(training, change.now))
            case _:
                pass

    return step


def exited_at(job: TuningJob, number: int) -> float:
    """Return when a training's process has ended, by the store's clock."""
    return next((waiting.exited_at for waiting in job.awaiting if waiting.number == number), job.created_at)
