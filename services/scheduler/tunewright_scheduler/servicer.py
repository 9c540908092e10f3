"""TuningService on the wire: create, look, stop, delete, watch."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

import grpc

from tunewright.core.check import check
from tunewright.core.errors import AlreadyExists, Conflict, IllegalTransition, InvalidSpec, NotFound
from tunewright.core.names import split_training_id
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Insert, Query, Remove, Store, Write
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc
from tunewright_scheduler import records
from tunewright_scheduler.bells import Bells, heard, job_bell, trainer_bell
from tunewright_scheduler.changes import Change, Changes
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.facts import TuningJobDeleted
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training, stopped
from tunewright_scheduler.records import Versioned
from tunewright_scheduler.resources import job_message, training_message

REQUESTS_KEPT_S: Final = 30 * 86_400.0
WATCH_AGAIN_S: Final = 2.0
"""A watched job may be changed by another replica, whose bell does not ring here."""

CheckImage = Callable[[str, str], None]
"""Raises InvalidSpec if no trainer here may run the image; takes the field's path and the image."""


class TuningServicer(tuning_service_pb2_grpc.TuningServiceServicer):
    def __init__(self, store: Store, changes: Changes, bells: Bells, check_image: CheckImage) -> None:
        self._store, self._changes, self._bells, self._check_image = store, changes, bells, check_image

    async def CreateTuningJob(  # noqa: N802
        self, request: pb.CreateTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.CreateTuningJobResponse:
        spec = check(from_message(request.spec, TuningJobSpec))
        for index, definition in enumerate(spec.definitions):
            self._check_image(f"definitions[{index}].image", definition.image)
        if request.validate_only:
            return pb.CreateTuningJobResponse()
        digest = hashlib.sha256(request.spec.SerializeToString(deterministic=True)).digest()
        request_key = f"create/{caller()}/{request.request_id or uuid.uuid4()}"
        answered = await self._answered(request_key, digest)
        if answered is None:
            answered = await self._create(spec, request_key, digest)
        return pb.CreateTuningJobResponse(job=await self._message(answered))

    async def GetTuningJob(  # noqa: N802
        self, request: pb.GetTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTuningJobResponse:
        return pb.GetTuningJobResponse(job=await self._message(await self._find(request.job)))

    async def ListTuningJobs(  # noqa: N802
        self, request: pb.ListTuningJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTuningJobsResponse:
        size = _page_size(request.page_size, default=10, limit=100)
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
        found = await self._find(request.job)
        if found.value.state.final:
            state = found.value.state.shown
            raise IllegalTransition(f"tuning job {found.value.name}", f"already {state}", "be stopped")
        await self._changes.send(found.value.uid, StopRequested("stopped by its user"))
        return pb.StopTuningJobResponse(job=await self._message(await self._find(request.job)))

    async def DeleteTuningJob(  # noqa: N802
        self, request: pb.DeleteTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.DeleteTuningJobResponse:
        found = await self._find(request.job)

        async def step(change: Change) -> None:
            job = change.job
            if not job.state.final:
                what = f"tuning job {job.name}"
                raise IllegalTransition(
                    what, f"{job.state.shown}, not in a terminal state", "be deleted", "Stop it first"
                )
            change.job = replace(job, deleted=True, due_at=change.now)
            change.facts.append(TuningJobDeleted(job.uid, job.name, change.now))
            change.writes.append(Remove("job_names", records.name_key(job.owner, job.name)))

        await self._changes.make(found.value.uid, step)
        return pb.DeleteTuningJobResponse()

    async def GetTrainingJob(  # noqa: N802
        self, request: pb.GetTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.GetTrainingJobResponse:
        return pb.GetTrainingJobResponse(training=training_message(await self._training(request.training)))

    async def ListTrainingJobs(  # noqa: N802
        self, request: pb.ListTrainingJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTrainingJobsResponse:
        found = await self._find(request.job)
        index, equals = "by_job", {"uid": found.value.uid}
        if request.order == pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE:
            index = "by_objective"
        elif request.HasField("state_equals"):
            index = "by_job_and_state"
            equals["state"] = pb.TrainingState.Name(request.state_equals).removeprefix("TRAINING_STATE_")
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
        training = await self._training(request.training)

        async def step(change: Change) -> None:
            now_there = await change.training(training.number)
            if now_there.state.final:
                raise IllegalTransition(
                    f"training job {training.name}", f"already {now_there.state.value}", "be stopped"
                )
            await change.put(stopped(now_there, "stopped by its user", change.now))
            change.bells.add(trainer_bell(now_there.holder))

        await self._changes.make(training.uid, step)
        return pb.StopTrainingJobResponse(training=training_message(await self._training(request.training)))

    async def WatchTuningJob(  # noqa: N802
        self, request: pb.WatchTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.WatchTuningJobResponse]:
        uid = (await self._find(request.job)).value.uid
        view = View()
        with self._bells.listen(job_bell(uid)) as bell:
            while True:
                found = await self._find(uid)
                changed = view.changed(await self._trainings(uid, view.follow(found.value)))
                if changed or found.version != view.version:
                    view.version = found.version
                    yield pb.WatchTuningJobResponse(job=await self._message(found), trainings=changed)
                if found.value.state.final:
                    return
                await heard(bell, WATCH_AGAIN_S)

    async def _answered(self, request_key: str, digest: bytes) -> Versioned[TuningJob] | None:
        """Return the job that this request has already made.

        Raises InvalidSpec if the same id asked for something else.
        """
        stored = await self._store.get("requests", request_key)
        if stored is None:
            return None
        if stored.document["digest"] != digest:
            raise InvalidSpec("request_id", "was used for another request", "Choose a new one")
        return await records.read_job(self._store, stored.document["uid"])

    async def _create(self, spec: TuningJobSpec, request_key: str, digest: bytes) -> Versioned[TuningJob]:
        now, uid, owner = await self._store.now(), uuid.uuid4().hex[:16], caller()
        seed = spec.random_seed if spec.random_seed is not None else int(uid, 16) >> 32
        job = TuningJob(uid, spec.name, owner, created_at=now, modified_at=now, seed=seed)
        name_key = records.name_key(owner, spec.name)
        guards: list[Write] = [
            Insert("job_names", name_key, {"uid": uid}),
            Insert("requests", request_key, {"uid": uid, "digest": digest, "expires_at": now + REQUESTS_KEPT_S}),
        ]
        try:
            await self._changes.create(job, spec, guards)
        except Conflict:
            answered = await self._answered(request_key, digest)
            if answered is not None:
                return answered
            raise AlreadyExists("tuning job", spec.name) from None
        return await self._find(uid)

    async def _find(self, job: str) -> Versioned[TuningJob]:
        """Find a job of the caller's by name or uid. Raises NotFound, also for somebody else's."""
        named = await self._store.get("job_names", records.name_key(caller(), job))
        found = await records.read_job(self._store, named.document["uid"] if named else job)
        if found is None or found.value.owner != caller() or found.value.deleted:
            raise NotFound("tuning job", job)
        return found

    async def _training(self, training: str) -> Training:
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
        found = await asyncio.gather(*(records.read_training(self._store, uid, number) for number in sorted(numbers)))
        return [item.value for item in found if item is not None]

    async def _message(self, found: Versioned[TuningJob]) -> pb.TuningJob:
        job = found.value
        spec = await self._changes.spec(job.uid, job.spec_revision)
        best = await records.read_training(self._store, job.uid, job.best.number) if job.best else None
        return job_message(job, found.version, spec, best.value if best else None)


class View:
    """What one watcher has been shown of a job."""

    def __init__(self) -> None:
        self.version = 0
        self._followed: set[int] = set()
        self._shown: dict[int, pb.TrainingJob] = {}

    def follow(self, job: TuningJob) -> set[int]:
        """Return the numbers to look at: those in flight, and those that were when last looked at."""
        self._followed.update(job.in_flight)
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
