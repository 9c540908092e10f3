"""TuningService on the wire: create, look, stop, delete, watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import grpc

from tunewright.core.errors import NotFound
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Store, Stored
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import lists, records
from tunewright_scheduler.bells import Bells, heard, job_bell
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.doctor import Doctor
from tunewright_scheduler.etags import etag_of, holds
from tunewright_scheduler.listing import read_page
from tunewright_scheduler.parents import overall_best
from tunewright_scheduler.records import Versioned
from tunewright_scheduler.resources import NO_FINDINGS, Waits, job_message, training_message
from tunewright_scheduler.trainings import TrainingsServicer
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.view import View

WATCH_GATHER_S: Final = 0.25
"""Changes that come within it are shown together."""
WATCH_AGAIN_S: Final = 2.0
"""A watched job may be changed by another replica, whose bell does not ring here."""


class TuningServicer(TrainingsServicer):
    def __init__(self, store: Store, changes: Changes, bells: Bells, jobs: TuningJobs, doctor: Doctor) -> None:
        super().__init__(store, changes, jobs)
        self._bells, self._doctor = bells, doctor

    async def CreateTuningJob(  # noqa: N802
        self, request: pb.CreateTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.CreateTuningJobResponse:
        spec = await self._jobs.checked(request.spec)
        if request.validate_only:
            await self._jobs.parents(caller(), spec)
            return pb.CreateTuningJobResponse()
        uid = await self._once(request, lambda beside: self._jobs.create(caller(), spec, beside))
        created = await records.read_job(self._store, uid)
        if created is None:
            raise NotFound("tuning job", spec.name, "this request made it, and it has been deleted")
        return pb.CreateTuningJobResponse(job=await self.message(created))

    async def GetTuningJob(  # noqa: N802
        self, request: pb.GetTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTuningJobResponse:
        if not request.without_findings:
            return pb.GetTuningJobResponse(job=await self._described(request.job))
        kept = request.if_none_match
        if kept and await holds(self._store, caller(), request.job, kept):
            return pb.GetTuningJobResponse(etag=kept)
        found = await self._find(request.job)
        told = await self._told_with(found.value)
        etag = "" if found.value.parents else etag_of(found, told, _told(found.value))  # theirs may be told with it
        return pb.GetTuningJobResponse(job=await self._message(found, told, NO_FINDINGS), etag=etag)

    async def ListTuningJobs(  # noqa: N802
        self, request: pb.ListTuningJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTuningJobsResponse:
        size = lists.page_size(request.page_size, default=10, limit=100)
        page = await read_page(self._store, lists.tuning_jobs(request, caller()), size, request.page_token, _all)
        response = pb.ListTuningJobsResponse(next_page_token=page.token)
        for stored in page.items:
            job = from_document(stored.document, TuningJob)
            spec = await self._changes.specification(job.uid, job.spec_revision)
            response.jobs.append(job_message(job, stored.version, spec))
        return response

    async def StopTuningJob(  # noqa: N802
        self, request: pb.StopTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.StopTuningJobResponse:
        uid = await self._jobs.stop(caller(), request.job)
        return pb.StopTuningJobResponse(job=await self.message(await self._find(uid)))

    async def DeleteTuningJob(  # noqa: N802
        self, request: pb.DeleteTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.DeleteTuningJobResponse:
        await self._jobs.delete(caller(), request.job)
        return pb.DeleteTuningJobResponse()

    async def WatchTuningJob(  # noqa: N802
        self, request: pb.WatchTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.WatchTuningJobResponse]:
        uid = (await self._find(request.job)).value.uid
        view = View.of(request.page_token)
        with self._bells.listen(job_bell(uid)) as bell:
            while True:
                found = await self._known(uid)
                changed = view.changed(await self._trainings(uid, view.follow(found.value)))
                if changed or found.version != view.version:
                    view.version = found.version
                    yield pb.WatchTuningJobResponse(
                        job=await self.message(found), trainings=changed, next_page_token=view.token()
                    )
                if found.value.state.final:
                    return
                await asyncio.sleep(WATCH_GATHER_S)
                await heard(bell, WATCH_AGAIN_S)

    async def _described(self, job: str) -> pb.TuningJob:
        return await self.message(await self._find(job))

    async def _find(self, job: str) -> Versioned[TuningJob]:
        """Find a job of the caller's by name or uid. Raises NotFound, also for somebody else's."""
        return await self._jobs.find(caller(), job)

    async def _known(self, uid: str) -> Versioned[TuningJob]:
        """Read a job that was the caller's when it was found. Raises NotFound: it has been deleted."""
        found = await records.read_job(self._store, uid)
        if found is None or found.value.deleted:
            raise NotFound("tuning job", uid)
        return found

    async def _trainings(self, uid: str, numbers: set[int]) -> list[Training]:
        found = await records.read_trainings(self._store, uid, sorted(numbers))
        return [item.value for item in found.values()]

    async def message(self, found: Versioned[TuningJob]) -> pb.TuningJob:
        """Return a job as GetTuningJob shows it."""
        told = await self._told_with(found.value)
        return await self._message(found, told, await self._doctor.of(found.value))

    async def _told_with(self, job: TuningJob) -> dict[int, Versioned[Training]]:
        return await records.read_trainings(self._store, job.uid, _told(job))

    async def _message(
        self, found: Versioned[TuningJob], told: Mapping[int, Versioned[Training]], waits: Waits
    ) -> pb.TuningJob:
        job = found.value
        spec = await self._changes.specification(job.uid, job.spec_revision)
        shown = {number: training.value for number, training in told.items()}
        best = shown.get(job.best.number) if job.best is not None else None
        message = job_message(job, found.version, spec, best, shown.get(job.recommended or 0), waits)
        overall = await overall_best(self._store, job, spec.value)
        if overall is not None:
            message.overall_best.CopyFrom(training_message(overall))
        return message


def _told(job: TuningJob) -> list[int]:
    """Return the numbers of the trainings that are told with a job."""
    numbers = {job.best.number if job.best is not None else None, job.recommended}
    return sorted(number for number in numbers if number is not None)


async def _all(found: list[Stored]) -> list[Stored]:
    return found
