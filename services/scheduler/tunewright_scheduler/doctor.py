"""Finds out why jobs wait: of one job, or of all that an owner has, with the trainers and peers they stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Final

from tunewright.core.causes import RANK
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.diagnosis import Finding, counted, diagnose, found, in_short, installation
from tunewright_scheduler.core.fitting import Demand
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.session import LeaseTerms, Session
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.situations import Situations, read_collectors

MOST_JOBS: Final = 200
"""Jobs of an owner that are looked at by one diagnosis of all."""
PAGE: Final = 200


class Doctor:
    def __init__(self, store: Store, changes: Changes, room: ControlRoom, terms: LeaseTerms, needs: Needs) -> None:
        self._store, self._changes, self._room, self._terms = store, changes, room, terms
        self._needs = needs
        self.situations = Situations(store, room, terms, needs)

    async def of(self, job: TuningJob) -> tuple[str, list[Finding]]:
        """Return in a sentence what the job waits for, and every finding."""
        situation = await self.situations.of(job, await self._changes.spec(job.uid, job.spec_revision))
        findings = diagnose(situation)
        return in_short(situation, findings), findings

    async def of_all(self, owner: str) -> list[Finding]:
        """Return why an owner's jobs wait, and what is wrong with the installation, each once, by importance."""
        now, controls = await self._store.now(), await self._room.now()
        untold_since, collectors = await self.situations.untold_since(), await read_collectors(self._store)
        findings = list(installation(untold_since, collectors, controls, now))
        query = Query("tuning_jobs", "by_owner", {"owner": owner, "active": True}, limit=MOST_JOBS)
        for stored in (await self._store.find(query)).items:
            findings += (await self.of(from_document(stored.document, TuningJob)))[1]
        async for session in self.sessions():
            findings += [finding async for finding in self._trainer(session, controls, now)]
        return sorted(_each_once(findings), key=lambda finding: RANK[finding.cause])

    async def sessions(self) -> AsyncIterator[Session]:
        """Yield the sessions of all trainers, by their ids."""
        after: str | None = None
        while True:
            page = await self._store.find(Query("sessions", "by_id", limit=PAGE, after=after))
            for item in page.items:
                yield from_document(item.document, Session)
            if page.next is None:
                return
            after = page.next

    async def held(self, trainer_id: str) -> list[tuple[str, Demand]]:
        """Return the trainings that a trainer runs, by name, and what each takes; there are as many as it has slots."""
        query = Query("training_jobs", "by_holder", {"holder": trainer_id, "state": "RUNNING"}, limit=1000)
        documents = [item.document for item in (await self._store.find(query)).items]
        return [
            (one["name"], await self._needs.of(one["uid"], one["spec_revision"], one["definition_name"]))
            for one in documents
        ]

    async def _trainer(self, session: Session, controls: Controls, now: float) -> AsyncIterator[Finding]:
        trainer, terms = session.trainer_id, self._terms
        order = controls.cordons.get(trainer)
        if order is not None:
            yield found("TRAINER_CORDONED", trainer=trainer, why=order.reason or "no reason given", since=order.since)
        if session.silent(now, terms.lease_s):
            unheard_s, until = session.unheard_s(now, terms.lease_s), session.expires_at + terms.lease_grace_s
            held = counted(len(await self.held(trainer)))
            left = max(0, round(until - now))
            told: dict[str, Any] = {"trainer": trainer, "host": session.host, "trainings": held, "left": left}
            yield found("TRAINER_SILENT", seconds=round(unheard_s), since=now - unheard_s, until=until, **told)


def _each_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for finding in findings:
        if (key := (finding.cause, finding.text)) not in seen:
            seen.add(key)
            yield finding
