"""Sessions and leases: which trainer runs what, until when."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import structlog

from tunewright.core.absence import RunnerAbsence
from tunewright.core.claimed import claimed_job
from tunewright.core.errors import CallerError, Conflict, IllegalTransition, NotFound, PeerError
from tunewright.core.names import split_training_id
from tunewright.core.phases import Phase
from tunewright.core.states import NOT_THE_ALGORITHMS, EndCause, TrainingState
from tunewright.core.values import replace
from tunewright.platform.documents import from_document, to_document
from tunewright.platform.store.port import Check, Insert, Query, Remove, Replace, Store
from tunewright_scheduler import records, tally
from tunewright_scheduler.bells import pool_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core import ending
from tunewright_scheduler.core.decide import ProcessEnded
from tunewright_scheduler.core.ending import runs_again
from tunewright_scheduler.core.facts import TrainingJobExited, TrainingJobLost
from tunewright_scheduler.core.orders import Held, Holding, orders
from tunewright_scheduler.core.phases import Told
from tunewright_scheduler.core.session import (
    LeaseState,
    LeaseTerms,
    Session,
    Speaker,
    check_epoch,
    check_taken_over,
    fenced,
    renewed,
)
from tunewright_scheduler.core.training import Exit, Training, check_speaker, is_leased_to
from tunewright_scheduler.records import Versioned

log = structlog.get_logger()


class Sessions:
    def __init__(self, store: Store, changes: Changes, terms: LeaseTerms) -> None:
        self.terms = terms
        self._store, self._changes = store, changes
        self._seen: dict[str, Session] = {}
        """Per trainer: its session as last read or written here. An epoch ends by its trainer or with its lease."""

    async def open(self, session: Session, holding: Sequence[Holding]) -> tuple[Session, tuple[Held, ...]]:
        """Open or take over a session; return it under its new epoch, and which of `holding` are void.

        What the trainer held by our record and does not name is lost at once: its process is gone.

        Raises IllegalTransition: a session of that trainer is another's. NotFound: it is to claim trainings of a
        tuning job that its owner has not got.
        """
        await self._check_job(session)
        found = await self._session(session.trainer_id)
        if found is not None:
            check_taken_over(found.value, session.speaker)
        now = await self._store.now()
        epoch = found.value.epoch + 1 if found else round(now * 1000)  # never one that a forgotten session had
        told = found.value.told if found else ()  # until its first heartbeat tells of them: they may be lost before
        opened = replace(session, epoch=epoch, opened_at=now, expires_at=now + self.terms.lease_s, told=told)
        key, document = session.trainer_id, to_document(opened)
        await self._store.commit(
            [Replace("sessions", key, document, found.version) if found else Insert("sessions", key, document)]
        )
        self._seen[session.trainer_id] = opened
        named = {(held.training_id, held.attempt) for held in holding}
        for training in await self.running(session.trainer_id):
            if (records.training_key(training), training.attempt) not in named:
                await self.lose(training, leased_until=_leased_until(found))
        leased = await self.leased([held.training_id for held in holding], opened.speaker)
        return opened, orders(holding, leased).abandon

    async def _check_job(self, session: Session) -> None:
        uid = claimed_job(session.pool)
        if uid is not None:
            job = await records.read_job(self._store, uid)
            if job is None or job.value.owner != session.owner:
                raise NotFound("tuning job", uid)

    async def seen(self, trainer_id: str, epoch: int) -> Session:
        """Return the session as last read here. Raises IllegalTransition: it is not known to be at this epoch."""
        seen = self._seen.get(trainer_id)
        if seen is None or seen.epoch != epoch:
            seen = self._seen[trainer_id] = (await self.current(trainer_id, epoch)).value
        return seen

    async def exited(self, by: Speaker, held: Held, exit_: Exit, phases: tuple[Phase, ...] = ()) -> None:
        """Take note that a process has ended, which was in these phases.

        Raises IllegalTransition if the lease is void or another's, NotFound if the job is gone.
        """
        uid, number = split_training_id(held[0])

        async def step(change: Change) -> None:
            training = await change.training(number)
            check_speaker(training, held[1], by)
            blameless = training.attempt == held[1] and exit_.cause in NOT_THE_ALGORITHMS
            if blameless and await self._run_again(change, training, exit_, phases):
                return
            moved = ending.exited(training, held[1], exit_, change.now, change.spec.summary_due_s, phases)
            if moved is training:
                return
            change.facts.append(_exited(training, exit_, change.now))
            await change.put(moved)  # first what it has cost: the next one may be more than is left
            await change.apply(ProcessEnded(number))

        try:
            await self._changes.make(uid, step, reading=[number])
        except IllegalTransition:
            tally.fenced_attempts.inc()
            raise

    async def close(self, trainer_id: str, epoch: int) -> None:
        """End a session in order: all that it holds is ready for others at once."""
        while True:
            try:
                fenced = await self._fenced(await self.current(trainer_id, epoch))
            except Conflict:
                continue  # a heartbeat has come in between
            with suppress(Conflict):  # another scheduler has found it fenced, and forgotten it
                await self._forget(fenced)
            return

    async def lose_expired(self) -> None:
        """End the sessions whose lease and grace have passed; what they hold runs again elsewhere.

        One that cannot be ended now keeps none of the others: the next sweep finds it again.
        """
        before = await self._store.now() - self.terms.lease_grace_s
        self._seen = {name: session for name, session in self._seen.items() if session.expires_at > before}
        page = await self._store.find(Query("sessions", "expiring", high=before))
        for stored in page.items:
            try:
                found = Versioned(from_document(stored.document, Session), stored.version)
                await self._forget(await self._fenced(found), _leased_until(found))
            except Conflict:
                continue  # it has been renewed or opened anew meanwhile, or another scheduler ends it
            except PeerError as error:
                log.warning("session not ended yet", trainer=stored.key, why=str(error))
            except Exception:
                log.exception("session not ended", trainer=stored.key)

    async def lose(self, training: Training, fenced: Check | None = None, leased_until: float | None = None) -> None:
        """Take a lease back. Does nothing if it has moved on meanwhile; a fault of ours parks the job.

        With `fenced`, only while the session is as it was: opened anew, its trainer may have claimed it again.
        """

        async def step(change: Change) -> None:
            if fenced is not None:
                session = await self._session(fenced.key)
                if session is None or session.version != fenced.version:
                    return
                change.writes.append(fenced)
            now_there = await change.training(training.number)
            if now_there.state is TrainingState.RUNNING and now_there.attempt == training.attempt:
                await self._lost(change, now_there, leased_until=leased_until)

        try:
            await self._changes.make(training.uid, step)
        except PeerError:
            raise
        except CallerError as error:
            log.info("nothing to lose", uid=training.uid, number=training.number, why=str(error))
        except Exception as error:
            log.exception("lease not taken back", uid=training.uid, number=training.number)
            await self._changes.park(training.uid, f"a lost training could not be taken back: {error}")

    async def _lost(
        self,
        change: Change,
        training: Training,
        why: str = "",
        told: tuple[Phase, ...] = (),
        leased_until: float | None = None,
    ) -> None:
        phases = told or await records.phases_of(change.store, training)
        fact = TrainingJobLost(training.uid, training.number, training.attempt, training.holder, change.now)
        change.facts.append(fact)
        change.bells.add(pool_bell(training.pool))
        await change.put(ending.lost(training, change.now, phases, why, leased_until))

    async def _run_again(self, change: Change, training: Training, exit_: Exit, phases: tuple[Phase, ...]) -> bool:
        """Give it another attempt if its definition allows; say whether the end is dealt with."""
        running = training.state is TrainingState.RUNNING
        if exit_.cause is EndCause.LOST:
            if running:
                await self._lost(change, training, exit_.reason, phases)
            return True
        if running and exit_.unbegun:
            await self._put_back(change, training, exit_, ending.handed_back(training, exit_, change.now))
            return True
        definition = change.spec.definition(training.definition_name)
        if running and runs_again(training, exit_.cause, definition.max_retries, spot=definition.spot):
            retried = ending.retried(training, exit_, change.now, phases, spot=definition.spot)
            await self._put_back(change, training, exit_, retried)
            return True
        return training.state is TrainingState.READY  # told again, it is no further retry

    async def _put_back(self, change: Change, training: Training, exit_: Exit, moved: Training) -> None:
        """Commit that a training is there to be claimed again after its attempt has ended so."""
        change.facts.append(_exited(training, exit_, change.now))
        change.bells.add(pool_bell(training.pool))
        await change.put(moved)

    async def _fenced(self, found: Versioned[Session]) -> Versioned[Session]:
        """Fence a session off: nothing is claimed under it any more. Raises Conflict: it has moved on meanwhile.

        One that is fenced already stays as it is: two schedulers at it would keep each other from forgetting it.
        """
        if found.value.lease is LeaseState.FENCED:
            return found
        self._seen.pop(found.value.trainer_id, None)
        session = fenced(found.value)
        await self._store.commit([Replace("sessions", session.trainer_id, to_document(session), found.version)])
        tally.fenced_sessions.inc()
        return Versioned(session, found.version + 1)

    async def _forget(self, fenced: Versioned[Session], leased_until: float | None = None) -> None:
        """Lose what a fenced session holds, then forget it. Raises Conflict: it has been opened anew meanwhile.

        Whatever interrupts this, the record stays, expired, until nothing is held under it: the next sweep goes on.
        """
        trainer_id = fenced.value.trainer_id
        for training in await self.running(trainer_id):
            await self.lose(training, Check("sessions", trainer_id, fenced.version), leased_until)
        await self._store.commit([Remove("sessions", trainer_id, fenced.version)])

    async def renew(
        self, trainer_id: str, epoch: int, *, draining: bool, told: tuple[Told, ...], absence: RunnerAbsence | None
    ) -> Session:
        """Renew the lease, if it is time to, or there is news of what runs.

        What was seen here of a session that has time left is not read again.
        """
        renew = partial(renewed, lease_s=self.terms.lease_s, draining=draining, told=told, absence=absence)
        now, seen = await self._store.now(), self._seen.get(trainer_id)
        if seen is not None and seen.epoch == epoch and renew(seen, now) is seen:
            return seen
        while True:
            found = await self.current(trainer_id, epoch)
            session = renew(found.value, await self._store.now())
            if session is not found.value:
                try:
                    await self._store.commit([Replace("sessions", trainer_id, to_document(session), found.version)])
                except Conflict:
                    continue
            self._seen[trainer_id] = session
            return session

    async def current(self, trainer_id: str, epoch: int) -> Versioned[Session]:
        found = await self._session(trainer_id)
        check_epoch(found.value if found else None, trainer_id, epoch)
        if found is None:
            raise NotFound("session", trainer_id)
        return found

    async def _session(self, trainer_id: str) -> Versioned[Session] | None:
        stored = await self._store.get("sessions", trainer_id)
        return Versioned(from_document(stored.document, Session), stored.version) if stored else None

    async def leased(self, names: Sequence[str], by: Speaker) -> dict[str, Training]:
        """Return, by id, those of the trainings whose last lease is his."""
        stored = await self._store.get_many("training_jobs", names) if names else {}
        found = {key: from_document(item.document, Training) for key, item in stored.items()}
        return {key: training for key, training in found.items() if is_leased_to(training, by)}

    async def running(self, trainer_id: str) -> list[Training]:
        """Return all trainings under this trainer's lease; there are as many as it has slots."""
        query = Query("training_jobs", "by_holder", {"holder": trainer_id, "state": "RUNNING"}, limit=1000)
        page = await self._store.find(query)
        return [from_document(stored.document, Training) for stored in page.items]


def _leased_until(session: Versioned[Session] | None) -> float | None:
    """Return when its lease ran out, or will; None: it is not known any more."""
    fenced_off = session is None or session.value.lease is LeaseState.FENCED
    return None if fenced_off or session is None else session.value.expires_at


def _exited(training: Training, exit_: Exit, now: float) -> TrainingJobExited:
    return TrainingJobExited(training.uid, training.number, training.attempt, exit_.cause.value, exit_.exit_code, now)
