"""A scheduler that does what the name of the job in a request tells it to, and says what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.callers import gate
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc
from tunewright.v1 import worker_service_pb2_grpc as worker_grpc

TOKEN = "right"
WRONG = InvalidSpec("limits.max_parallel", "is zero", "Give one")
AWAY = Unavailable("the store", "it is away")


class Upstream(pb_grpc.TuningServiceServicer):
    """`wrong`: refused; `waits`: never answered; `breaks`: a stream fails in its midst; else the job is told again."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.metadata: dict[str, object] = {}
        self.remaining_s: float | None = None
        self.begun, self.cancelled = asyncio.Event(), asyncio.Event()

    async def GetTuningJob(self, request, context):  # noqa: N802
        self.metadata, self.remaining_s = dict(context.invocation_metadata()), context.time_remaining()
        if request.job == "wrong":
            raise WRONG
        if request.job == "waits":
            await self._wait()
        return pb.GetTuningJobResponse(job=pb.TuningJob(reason=request.job))

    async def WatchTuningJob(self, request, _context):  # noqa: N802
        if request.job == "wrong":
            raise WRONG
        for number in range(3):
            yield pb.WatchTuningJobResponse(job=pb.TuningJob(reason=f"{request.job} {number}"))
            if request.job == "waits":
                await self._wait()
            if request.job == "breaks":
                raise AWAY

    async def _wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@asynccontextmanager
async def serving_upstream() -> AsyncIterator[Upstream]:
    """Serve on a free port, with a service for trainers beside it; `right` is the token."""
    upstream = Upstream()
    server = RpcServer("127.0.0.1", 0, gate({TOKEN: "somebody"}))
    await server.start(
        {
            "tunewright.v1.TuningService": lambda it: pb_grpc.add_TuningServiceServicer_to_server(upstream, it),
            "tunewright.v1.WorkerService": lambda it: worker_grpc.add_WorkerServiceServicer_to_server(
                worker_grpc.WorkerServiceServicer(), it
            ),
        }
    )
    upstream.endpoint = f"127.0.0.1:{server.port}"
    yield upstream
    await server.stop()
