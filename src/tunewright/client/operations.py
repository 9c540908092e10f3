"""What operators see and do, as the SDK has it: findings, trainers, quotas. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import grpc

from tunewright.client.requests import request_of
from tunewright.client.resources import Finding, TrainingJob, TuningJob
from tunewright.core.instances import Capacity
from tunewright.core.states import TrainingState
from tunewright.platform.codec import from_message, instant_to_timestamp, to_message
from tunewright.v1 import operations_service_pb2 as pb
from tunewright.v1 import operations_service_pb2_grpc

Call = Callable[[Callable[..., Awaitable[Any]], Any], Awaitable[Any]]
"""Makes a call, again if the server cannot be reached."""

T = TypeVar("T")


class Run(Protocol):
    """Runs a call to its end, from a thread without an event loop."""

    def __call__(self, call: Coroutine[Any, Any, T]) -> T: ...


@dataclass(frozen=True, slots=True)
class TrainerInfo:
    trainer_id: str
    host: str = ""
    """Empty with `pool`: it is cordoned and not there."""
    pool: str = ""
    slots: int = 0
    gpus: int = 0
    holding: tuple[str, ...] = ()
    """Names of the trainings that it runs."""
    draining: bool = False
    cordoned: bool = False
    reason: str = ""
    opened_at: float | None = None
    lease_expires_at: float | None = None
    capacity: Capacity | None = None
    """None: only its slots are counted."""
    free: Capacity | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What one owner may use at a time; None: no limit."""

    owner: str = ""
    """Empty: every owner that has no quota of its own."""
    max_jobs: int | None = None
    max_parallel: int | None = None


@dataclass(frozen=True, slots=True)
class PurgedTuningJob:
    """A job that was purged, or would be, and how much is stored of it."""

    uid: str
    name: str
    ended_at: float | None
    trainings: int
    output_bytes: int
    measurements_bytes: int
    kept_because: str = ""
    """Empty: it is purged, or would be."""


class AsyncOperations:
    """For operators; reached as `AsyncClient.operations`. Every verb may be given twice."""

    def __init__(self, channel: grpc.aio.Channel, call: Call) -> None:
        self._stub, self._call = operations_service_pb2_grpc.OperationsServiceStub(channel), call

    async def diagnose(self, job: str = "") -> list[Finding]:
        """Return why a job waits, or why all of the caller's do; what matters most first. Raises NotFound."""
        response = await self._call(self._stub.Diagnose, request_of(pb.DiagnoseRequest, job=job))
        return [from_message(finding, Finding) for finding in response.findings]

    async def trainers(self) -> list[TrainerInfo]:
        response = await self._call(self._stub.ListTrainers, pb.ListTrainersRequest())
        return [from_message(trainer, TrainerInfo) for trainer in response.trainers]

    async def cordon(self, trainer_id: str, reason: str = "") -> None:
        """Give a trainer nothing more, also after its restart; what it runs goes on."""
        await self._call(
            self._stub.CordonTrainer, request_of(pb.CordonTrainerRequest, trainer_id=trainer_id, reason=reason)
        )

    async def uncordon(self, trainer_id: str) -> None:
        await self._call(self._stub.UncordonTrainer, request_of(pb.UncordonTrainerRequest, trainer_id=trainer_id))

    async def release(self, training: str, reason: str = "") -> TrainingJob:
        """Take a training from its trainer, to be run again; it counts as no loss. Raises IllegalTransition."""
        request = request_of(pb.ReleaseTrainingJobRequest, training=training, reason=reason)
        return from_message((await self._call(self._stub.ReleaseTrainingJob, request)).training, TrainingJob)

    async def settle(
        self, training: str, state: TrainingState, objective_value: float | None = None, reason: str = ""
    ) -> TrainingJob:
        """End a training with what a person knows of it. Raises InvalidSpec, IllegalTransition: it has ended."""
        request = request_of(
            pb.SettleTrainingJobRequest,
            training=training,
            state=f"TRAINING_STATE_{state.name}",
            objective_value=objective_value,
            reason=reason,
        )
        return from_message((await self._call(self._stub.SettleTrainingJob, request)).training, TrainingJob)

    async def unpark(self, job: str) -> TuningJob:
        """Let a job go on that was parked after a fault. Raises IllegalTransition: it has ended."""
        request = request_of(pb.UnparkTuningJobRequest, job=job)
        return from_message((await self._call(self._stub.UnparkTuningJob, request)).job, TuningJob)

    async def pause_starts(self, reason: str = "") -> None:
        """Start nothing more, of any job; what runs goes on."""
        await self._call(self._stub.PauseStarts, request_of(pb.PauseStartsRequest, reason=reason))

    async def resume_starts(self) -> None:
        await self._call(self._stub.ResumeStarts, pb.ResumeStartsRequest())

    async def set_quota(self, quota: Quota) -> None:
        """Set what an owner may use; without limits, its quota is removed. Raises InvalidSpec."""
        await self._call(self._stub.SetQuota, request_of(pb.SetQuotaRequest, quota=to_message(quota, pb.Quota)))

    async def quotas(self) -> list[Quota]:
        response = await self._call(self._stub.ListQuotas, pb.ListQuotasRequest())
        return [from_message(quota, Quota) for quota in response.quotas]

    async def purge(self, job: str, *, dry_run: bool = False) -> PurgedTuningJob:
        """Delete an ended job with all that is stored of it. Raises NotFound, IllegalTransition."""
        request = pb.PurgeTuningJobsRequest(job=job, dry_run=dry_run)
        (purged,) = (await self._call(self._stub.PurgeTuningJobs, request)).jobs
        return from_message(purged, PurgedTuningJob)

    async def ended_before(self, instant: float) -> list[PurgedTuningJob]:
        """Return what `purge` would delete, or could not, of the caller's jobs that ended before then."""
        found: list[PurgedTuningJob] = []
        token = ""
        while True:
            request = pb.PurgeTuningJobsRequest(
                ended_before=instant_to_timestamp(instant), dry_run=True, page_token=token
            )
            answer = await self._call(self._stub.PurgeTuningJobs, request)
            found += [from_message(item, PurgedTuningJob) for item in answer.jobs]
            token = answer.next_page_token
            if not token:
                return found


class Operations:
    """For operators; reached as `Client.operations`. See AsyncOperations for what each call does and raises."""

    def __init__(self, operations: AsyncOperations, run: Run) -> None:
        self._operations, self._run = operations, run

    def diagnose(self, job: str = "") -> list[Finding]:
        return self._run(self._operations.diagnose(job))

    def trainers(self) -> list[TrainerInfo]:
        return self._run(self._operations.trainers())

    def cordon(self, trainer_id: str, reason: str = "") -> None:
        self._run(self._operations.cordon(trainer_id, reason))

    def uncordon(self, trainer_id: str) -> None:
        self._run(self._operations.uncordon(trainer_id))

    def release(self, training: str, reason: str = "") -> TrainingJob:
        return self._run(self._operations.release(training, reason))

    def settle(
        self, training: str, state: TrainingState, objective_value: float | None = None, reason: str = ""
    ) -> TrainingJob:
        return self._run(self._operations.settle(training, state, objective_value, reason))

    def unpark(self, job: str) -> TuningJob:
        return self._run(self._operations.unpark(job))

    def pause_starts(self, reason: str = "") -> None:
        self._run(self._operations.pause_starts(reason))

    def resume_starts(self) -> None:
        self._run(self._operations.resume_starts())

    def set_quota(self, quota: Quota) -> None:
        self._run(self._operations.set_quota(quota))

    def quotas(self) -> list[Quota]:
        return self._run(self._operations.quotas())

    def purge(self, job: str, *, dry_run: bool = False) -> PurgedTuningJob:
        return self._run(self._operations.purge(job, dry_run=dry_run))

    def ended_before(self, instant: float) -> list[PurgedTuningJob]:
        return self._run(self._operations.ended_before(instant))
