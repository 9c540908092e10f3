"""The part of TuningService that changes jobs: pause, resume, amend, extend, retry."""

from __future__ import annotations

import hashlib
import uuid
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from tunewright.core.errors import CallerError, Conflict
from tunewright.platform.codec import from_message
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Store
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.changes import Changes, Contended
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.successors import Successors
from tunewright_scheduler.tuning_jobs import Beside, Request, TuningJobs


class ChangingServicer(tuning_service_pb2_grpc.TuningServiceServicer):
    def __init__(self, store: Store, changes: Changes, jobs: TuningJobs) -> None:
        self._store = store
        self._amendments = Amendments(store, changes, jobs)
        self._successors = Successors(store, changes, jobs, self._amendments)

    @abstractmethod
    async def _described(self, job: str) -> pb.TuningJob:
        """Return a job of the caller's by name or uid. Raises NotFound."""

    async def PauseTuningJob(  # noqa: N802
        self, request: pb.PauseTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.PauseTuningJobResponse:
        uid = await self._amendments.pause(caller(), request.job)
        return pb.PauseTuningJobResponse(job=await self._described(uid))

    async def ResumeTuningJob(  # noqa: N802
        self, request: pb.ResumeTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ResumeTuningJobResponse:
        uid = await self._amendments.resume(caller(), request.job)
        return pb.ResumeTuningJobResponse(job=await self._described(uid))

    async def AmendTuningJob(  # noqa: N802
        self, request: pb.AmendTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.AmendTuningJobResponse:
        wanted = from_message(request, Amendment)
        uid = await self._once(request, lambda beside: self._amendments.amend(caller(), request.job, wanted, beside))
        return pb.AmendTuningJobResponse(job=await self._described(uid))

    async def ExtendTuningJob(  # noqa: N802
        self, request: pb.ExtendTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ExtendTuningJobResponse:
        limit = request.max_trainings if request.HasField("max_trainings") else None
        uid = await self._once(
            request, lambda beside: self._successors.extend(caller(), request.job, request.name, limit, beside)
        )
        return pb.ExtendTuningJobResponse(job=await self._described(uid))

    async def RetryTuningJob(  # noqa: N802
        self, request: pb.RetryTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.RetryTuningJobResponse:
        uid = await self._once(request, lambda beside: self._successors.retry(caller(), request.job, beside))
        return pb.RetryTuningJobResponse(job=await self._described(uid))

    async def _once(self, request: Any, carry_out: Callable[[Beside], Awaitable[str]]) -> str:
        """Return the uid of the job that this request changes or makes, or has changed or made before."""
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        kind = request.DESCRIPTOR.name
        once = Request(f"{kind}/{caller()}/{request.request_id or uuid.uuid4()}", digest, "request_id")
        answered = await once.answered(self._store)
        if answered is None:
            try:
                return await carry_out(lambda uid, now: [once.record({"uid": uid}, now)])
            except (CallerError, Conflict, Contended):
                answered = await once.answered(self._store)  # the same request may have come twice at once
                if answered is None:
                    raise
        uid: str = answered["uid"]
        return uid
