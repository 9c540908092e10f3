"""OperationsService on the wire: for operators, who name what is another owner's by its uid or id."""

from __future__ import annotations

from contextlib import suppress

import grpc

from tunewright.core.access import Scope
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.names import training_id
from tunewright.core.states import TrainingState
from tunewright.platform.codec import from_message, instant_from_timestamp, instant_to_timestamp, to_message
from tunewright.platform.rpc.server import caller, principal
from tunewright.v1 import operations_service_pb2 as pb
from tunewright.v1 import operations_service_pb2_grpc, tuning_service_pb2, worker_service_pb2
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.controls import (
    LONGEST_NAME,
    LONGEST_REASON,
    Controls,
    Order,
    Quota,
    check_length,
    checked,
)
from tunewright_scheduler.core.fitting import left
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.doctor import Doctor
from tunewright_scheduler.lists import named
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.purging import Purging, check_asked
from tunewright_scheduler.resources import finding_message, training_message
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs


class OperationsServicer(operations_service_pb2_grpc.OperationsServiceServicer):
    def __init__(
        self,
        tuning: TuningServicer,
        jobs: TuningJobs,
        room: ControlRoom,
        doctor: Doctor,
        operations: Operations,
        purging: Purging,
    ) -> None:
        self._tuning, self._jobs, self._room = tuning, jobs, room
        self._doctor, self._operations, self._purging = doctor, operations, purging

    async def Diagnose(  # noqa: N802
        self, request: pb.DiagnoseRequest, _context: grpc.aio.ServicerContext
    ) -> pb.DiagnoseResponse:
        await self._room.touch()  # a store that can be read may be full
        if request.job:
            _, findings = await self._doctor.of(await self._asked_about(request.job, await self._whose(request.job)))
        else:
            findings = await self._doctor.of_all(caller())
        return pb.DiagnoseResponse(findings=[finding_message(finding) for finding in findings])

    async def _whose(self, job: str) -> str:
        """Return the owner as whom the caller asks about a job: operators reach any by its uid."""
        return await self._jobs.owner_of(job, caller()) if Scope.OPERATE in principal().scopes else caller()

    async def _asked_about(self, name: str, owner: str) -> TuningJob:
        """Return a tuning job, or what a training that runs by itself is underneath. Raises NotFound."""
        try:
            return (await self._jobs.find(owner, name)).value
        except NotFound:
            with suppress(NotFound):
                training = await self._tuning.training(name, owner)
                if training.alone:
                    return (await self._jobs.find(owner, training.uid)).value
            raise

    async def ListTrainers(  # noqa: N802
        self, _request: pb.ListTrainersRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListTrainersResponse:
        controls = await self._room.now()
        trainers = [await self._trainer(session, controls) async for session in self._doctor.sessions()]
        away = controls.cordons.keys() - {trainer.trainer_id for trainer in trainers}
        trainers += [
            pb.TrainerInfo(trainer_id=name, cordoned=True, reason=controls.cordons[name].reason)
            for name in sorted(away)
        ]
        return pb.ListTrainersResponse(trainers=trainers, starts_paused=_pause(controls.starts))

    async def CordonTrainer(  # noqa: N802
        self, request: pb.CordonTrainerRequest, _context: grpc.aio.ServicerContext
    ) -> pb.CordonTrainerResponse:
        await self._room.cordon(_given("trainer_id", request.trainer_id), _reason(request.reason))
        return pb.CordonTrainerResponse()

    async def UncordonTrainer(  # noqa: N802
        self, request: pb.UncordonTrainerRequest, _context: grpc.aio.ServicerContext
    ) -> pb.UncordonTrainerResponse:
        await self._room.uncordon(_given("trainer_id", request.trainer_id))
        return pb.UncordonTrainerResponse()

    async def ReleaseTrainingJob(  # noqa: N802
        self, request: pb.ReleaseTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReleaseTrainingJobResponse:
        training = await self._training(request.training)
        await self._operations.release(training, _reason(request.reason))
        return pb.ReleaseTrainingJobResponse(training=await self._shown(training.uid, training.number))

    async def SettleTrainingJob(  # noqa: N802
        self, request: pb.SettleTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.SettleTrainingJobResponse:
        training = await self._training(request.training)
        if request.state == tuning_service_pb2.TRAINING_STATE_UNSPECIFIED:
            raise InvalidSpec("state", "is missing", "Give COMPLETED, STOPPED or FAILED")
        state = TrainingState(named("state", tuning_service_pb2.TrainingState, request.state))
        value = request.objective_value if request.HasField("objective_value") else None
        await self._operations.settle(training, state, value, _reason(request.reason))
        return pb.SettleTrainingJobResponse(training=await self._shown(training.uid, training.number))

    async def UnparkTuningJob(  # noqa: N802
        self, request: pb.UnparkTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.UnparkTuningJobResponse:
        owner = await self._jobs.owner_of(request.job, caller())
        uid = (await self._jobs.find(owner, request.job)).value.uid
        await self._operations.unpark(uid)
        return pb.UnparkTuningJobResponse(job=await self._tuning.message(await self._jobs.find(owner, uid)))

    async def PauseStarts(  # noqa: N802
        self, request: pb.PauseStartsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.PauseStartsResponse:
        await self._room.pause_starts(_reason(request.reason))
        return pb.PauseStartsResponse()

    async def ResumeStarts(  # noqa: N802
        self, _request: pb.ResumeStartsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ResumeStartsResponse:
        await self._room.resume_starts()
        return pb.ResumeStartsResponse()

    async def SetQuota(  # noqa: N802
        self, request: pb.SetQuotaRequest, _context: grpc.aio.ServicerContext
    ) -> pb.SetQuotaResponse:
        await self._room.set_quota(checked(from_message(request.quota, Quota)))
        return pb.SetQuotaResponse()

    async def ListQuotas(  # noqa: N802
        self, _request: pb.ListQuotasRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListQuotasResponse:
        quotas = (await self._room.now()).quotas
        return pb.ListQuotasResponse(quotas=[to_message(quotas[owner], pb.Quota) for owner in sorted(quotas)])

    async def PurgeTuningJobs(  # noqa: N802
        self, request: pb.PurgeTuningJobsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.PurgeTuningJobsResponse:
        before = instant_from_timestamp(request.ended_before) if request.HasField("ended_before") else None
        check_asked(request.job, before)
        if before is None:
            owner = await self._whose(request.job)
            job = await self._asked_about(request.job, owner)
            found = [await self._purging.one(owner, job, dry_run=request.dry_run)]
            return pb.PurgeTuningJobsResponse(jobs=[to_message(item, pb.PurgedTuningJob) for item in found])
        found, after = await self._purging.ended_before(
            caller(), before, request.page_token or None, dry_run=request.dry_run
        )
        jobs = [to_message(item, pb.PurgedTuningJob) for item in found]
        return pb.PurgeTuningJobsResponse(jobs=jobs, next_page_token=after or "")

    async def _trainer(self, session: Session, controls: Controls) -> pb.TrainerInfo:
        order, held = controls.cordons.get(session.trainer_id), await self._doctor.held(session.trainer_id)
        capacity = session.capacity
        free = None if capacity is None else left(capacity, (demand for _, demand in held))
        return pb.TrainerInfo(
            trainer_id=session.trainer_id,
            host=session.host,
            pool=session.pool,
            slots=session.slots,
            gpus=session.gpus,
            holding=[name for name, _ in held],
            draining=session.draining,
            cordoned=order is not None,
            reason=order.reason if order is not None else "",
            opened_at=instant_to_timestamp(session.opened_at),
            lease_expires_at=instant_to_timestamp(session.expires_at),
            capacity=None if capacity is None else to_message(capacity, worker_service_pb2.Capacity),
            free=None if free is None else to_message(free, worker_service_pb2.Capacity),
        )

    async def _shown(self, uid: str, number: int) -> tuning_service_pb2.TrainingJob:
        return training_message(await self._training(training_id(uid, number)))

    async def _training(self, name: str) -> Training:
        """Find the caller's by name, anybody's by id. Raises NotFound."""
        return await self._tuning.training(name, await self._jobs.owner_of(name.partition("/")[0], caller()))


def _pause(order: Order | None) -> pb.StartsPaused | None:
    return None if order is None else pb.StartsPaused(reason=order.reason, since=instant_to_timestamp(order.since))


def _given(field: str, text: str) -> str:
    if not text:
        raise InvalidSpec(field, "is missing", "See `tunewright admin trainers` for those there are")
    return check_length(field, text, LONGEST_NAME)


def _reason(text: str) -> str:
    return check_length("reason", text, LONGEST_REASON)
