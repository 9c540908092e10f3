"""TuningService on the wire: create, look, stop, delete, watch."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc

from tunewright.core.errors import AlreadyExists, Conflict, IllegalTransition, InvalidSpec, NotFound, QuotaExceeded
from tunewright.core.names import split_training_id
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Query, Store
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells, heard, job_bell, trainer_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.changing import ChangingServicer
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training, stopped
from tunewright_scheduler.doctor import Doctor
from tunewright_scheduler.parents import overall_best
from tunewright_scheduler.records import Versioned
from tunewright_scheduler.resources import job_message, training_message
from tunewright_scheduler.sessions import LeaseTerms
from tunewright_scheduler.tuning_jobs import Request, TuningJobs

WATCH_GATHER_S: Final = 0.25
"""Changes that come within it are shown together."""
WATCH_AGAIN_S: Final = 2.0
"""A watched job may be changed by another replica, whose bell does not ring here."""


class TuningServicer(ChangingServicer):
    def __init__(
        self, store: Store, changes: Changes, bells: Bells, jobs: TuningJobs, doctor: Doctor | None = None
    ) -> None:
        super().__init__(store, changes, jobs)
        self._changes, self._bells, self._jobs = changes, bells, jobs
        self._doctor = doctor or Doctor(store, changes, ControlRoom(store), LeaseTerms())

    async def CreateTuningJob(  # noqa: N802
        self, request: pb.CreateTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.CreateTuningJobResponse:
        spec = self._jobs.checked(request.spec)
        if request.validate_only:
            await self._jobs.parents(caller(), spec)
            return pb.CreateTuningJobResponse()
        digest = hashlib.sha256(request.spec.SerializeToString(deterministic=True)).digest()
        once = Request(f"create/{caller()}/{request.request_id or uuid.uuid4()}", digest, "request_id")
        created = await records.read_job(self._store, await self._create(spec, once))
        if created is None:
            raise NotFound("tuning job", spec.name, "this request made it, and it has been deleted")
        return pb.CreateTuningJobResponse(job=await self.message(created))

    async def GetTuningJob(  # noqa: N802
        self, request: pb.GetTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTuningJobResponse:
        return pb.GetTuningJobResponse(job=await self.message(await self._find(request.job)))

    async def ListTuningJobs(  # noqa: N802
        self, request: pb.ListTuningJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTuningJobsResponse:
        size = _page_size(request.page_size, default=10, limit=100)
        named("order", pb.TuningJobOrder, request.order)
        response = pb.ListTuningJobsResponse(next_page_token=request.page_token)
        while len(response.jobs) < size:
            page = await self._store.find(_jobs_query(request, caller(), size - len(response.jobs), response))
            for stored in page.items:
                job = from_document(stored.document, TuningJob)
                if request.name_contains.lower() in job.name.lower():
                    spec = await self._changes.spec(job.uid, job.spec_revision)
                    response.jobs.append(job_message(job, stored.version, spec))
            response.next_page_token = page.next or ""
            if page.next is None:
                break
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

    async def GetTrainingJob(  # noqa: N802
        self, request: pb.GetTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTrainingJobResponse:
        return pb.GetTrainingJobResponse(training=training_message(await self.training(request.training)))

    async def ListTrainingJobs(  # noqa: N802
        self, request: pb.ListTrainingJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTrainingJobsResponse:
        found = await self._find(request.job)
        index, equals = "by_job", {"uid": found.value.uid}
        named("order", pb.TrainingJobOrder, request.order)
        if request.order == pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE:
            index = "by_objective"
        elif request.HasField("state_equals"):
            index = "by_job_and_state"
            equals["state"] = named("state_equals", pb.TrainingState, request.state_equals)
        page = await self._store.find(
            Query(
                "training_jobs",
                index,
                equals,
                descending=request.descending,
                limit=_page_size(request.page_size, default=100, limit=1000),
                after=request.page_token or None,
            )
        )
        trainings = [training_message(from_document(stored.document, Training)) for stored in page.items]
        return pb.ListTrainingJobsResponse(trainings=trainings, next_page_token=page.next or "")

    async def StopTrainingJob(  # noqa: N802
        self, request: pb.StopTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.StopTrainingJobResponse:
        training = await self.training(request.training)

        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            if now_there.state.final:
                raise IllegalTransition(
                    f"training job {training.name}", f"already {now_there.state.value}", "be stopped"
                )
            await change.put(stopped(now_there, "stopped by its user", change.now))
            change.bells.add(trainer_bell(now_there.holder))

        await self._changes.make(training.uid, step)
        return pb.StopTrainingJobResponse(training=training_message(await self.training(request.training)))

    async def WatchTuningJob(  # noqa: N802
        self, request: pb.WatchTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.WatchTuningJobResponse]:
        uid = (await self._find(request.job)).value.uid
        view = View()
        with self._bells.listen(job_bell(uid)) as bell:
            while True:
                found = await self._known(uid)
                changed = view.changed(await self._trainings(uid, view.follow(found.value)))
                if changed or found.version != view.version:
                    view.version = found.version
                    yield pb.WatchTuningJobResponse(job=await self.message(found), trainings=changed)
                if found.value.state.final:
                    return
                await asyncio.sleep(WATCH_GATHER_S)
                await heard(bell, WATCH_AGAIN_S)

    async def _create(self, spec: TuningJobSpec, once: Request) -> str:
        """Return the uid of the job that this request makes, or has made."""
        answered = await once.answered(self._store)
        if answered is None:
            try:
                return await self._jobs.create(caller(), spec, lambda uid, now: [once.record({"uid": uid}, now)])
            except (AlreadyExists, Conflict, QuotaExceeded):
                answered = await once.answered(self._store)  # the same request may have come twice at once
                if answered is None:
                    raise
        uid: str = answered["uid"]
        return uid

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

    async def training(self, training: str) -> Training:
        """Find a training by name or id. Raises NotFound, also for somebody else's."""
        try:
            found = await records.read_training(self._store, *split_training_id(training))
            value = found.value if found else None
        except ValueError:
            page = await self._store.find(Query("training_jobs", "by_name", {"name": training}, limit=1))
            value = from_document(page.items[0].document, Training) if page.items else None
        if value is None or value.owner != caller():
            raise NotFound("training job", training)
        return value

    async def _trainings(self, uid: str, numbers: set[int]) -> list[Training]:
        found = await records.read_trainings(self._store, uid, sorted(numbers))
        return [item.value for item in found.values()]

    async def message(self, found: Versioned[TuningJob]) -> pb.TuningJob:
        """Return a job as GetTuningJob shows it."""
        job = found.value
        spec = await self._changes.spec(job.uid, job.spec_revision)
        numbers = (job.best.number if job.best is not None else None, job.recommended)
        found_ones = await self._trainings(job.uid, {number for number in numbers if number is not None})
        shown = {training.number: training for training in found_ones}
        best, recommended = (shown.get(number or 0) for number in numbers)
        waits = await self._doctor.of(job)
        message = job_message(job, found.version, spec, best, recommended, waits)
        overall = await overall_best(self._store, job, spec)
        if overall is not None:
            message.overall_best.CopyFrom(training_message(overall))
        return message


class View:
    """What one watcher has been shown of a job."""

    def __init__(self) -> None:
        self.version = 0
        self._known: int | None = None
        """Trainings that the job had when last looked at."""
        self._followed: set[int] = set()
        self._shown: dict[int, pb.TrainingJob] = {}

    def follow(self, job: TuningJob) -> set[int]:
        """Return the numbers to look at: those in flight, and those that were, or began, since the last look."""
        self._followed.update(job.in_flight)
        if self._known is not None:
            self._followed.update(range(self._known + 1, job.started + 1))
        self._known = job.started
        return self._followed

    def changed(self, trainings: list[Training]) -> list[pb.TrainingJob]:
        """Return the trainings that differ from what was shown; an ended one is shown once more, then left."""
        changed = []
        for training in trainings:
            message = training_message(training)
            if self._shown.get(training.number) != message:
                self._shown[training.number] = message
                changed.append(message)
            if training.state.final:
                self._followed.discard(training.number)
                del self._shown[training.number]
        return changed


def _page_size(asked: int, *, default: int, limit: int) -> int:
    if not 0 <= asked <= limit:
        raise InvalidSpec("page_size", f"must be between 1 and {limit}", f"Leave it out for {default}")
    return asked or default


def named(field: str, enum: Any, number: int) -> str:
    """Return the name of an enum's value as documents have it. Raises InvalidSpec: it is not known."""
    value = enum.DESCRIPTOR.values_by_number.get(number)
    prefix = enum.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
    if value is None:
        known = ", ".join(name.removeprefix(prefix) for name in enum.keys()[1:])
        raise InvalidSpec(field, f"{number} is not a known value", f"Choose one of {known}")
    name: str = value.name
    return name.removeprefix(prefix)


def _jobs_query(request: pb.ListTuningJobsRequest, owner: str, limit: int, so_far: pb.ListTuningJobsResponse) -> Query:
    equals: dict[str, object] = {"owner": owner, "hidden": False}
    by_name = request.order == pb.TUNING_JOB_ORDER_NAME
    index = "by_name" if by_name else "by_creation"
    if request.state_equals:
        index, equals = "by_state", equals | {"shown": request.state_equals}
    after = request.created_after.ToNanoseconds() / 1e9 if request.HasField("created_after") else None
    before = request.created_before.ToNanoseconds() / 1e9 if request.HasField("created_before") else None
    return Query(
        "tuning_jobs",
        index,
        equals,
        low=None if index == "by_name" else after,
        high=None if index == "by_name" else before,
        descending=request.descending,
        limit=limit,
        after=so_far.next_page_token or None,
    )
