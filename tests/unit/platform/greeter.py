"""A small service behind the Gatekeeper, that does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tests.callers import gate
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.rpc.standing import LOOK_EVERY_S
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc

SERVICE = "tunewright.v1.TuningService"
FOR_EVER = "for ever"
"""A watch of this job goes on without end, and says nothing more."""
RIGHT: Mapping[str, str] = {"right": "somebody"}
Answer = Callable[[pb.GetTuningJobRequest], Awaitable[pb.GetTuningJobResponse]]


class Greeter(pb_grpc.TuningServiceServicer):
    """Serves GetTuningJob and WatchTuningJob, and none of the other methods."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def GetTuningJob(self, request, _context):  # noqa: N802
        return await self._answer(request)

    async def WatchTuningJob(self, request, _context):  # noqa: N802
        yield pb.WatchTuningJobResponse(job=(await self._answer(pb.GetTuningJobRequest(job=request.job))).job)
        if request.job == FOR_EVER:
            await asyncio.Event().wait()


async def echo(request: pb.GetTuningJobRequest) -> pb.GetTuningJobResponse:
    return pb.GetTuningJobResponse(job=pb.TuningJob(reason=request.job))


@asynccontextmanager
async def served(
    answer: Answer = echo,
    calls_per_s: float = 0.0,
    owners: Mapping[str, str] = RIGHT,
    look_every_s: float = LOOK_EVERY_S,
) -> AsyncIterator[str]:
    """Serve on a free port; yield the endpoint. The token is `right`, its owner `somebody`."""
    server = RpcServer("127.0.0.1", 0, gate(owners, calls_per_s=calls_per_s), look_every_s=look_every_s)
    await server.start({SERVICE: lambda target: pb_grpc.add_TuningServiceServicer_to_server(Greeter(answer), target)})
    yield f"127.0.0.1:{server.port}"
    await server.stop()


@asynccontextmanager
async def stub_of(endpoint: str, token: str = "right") -> AsyncIterator[Any]:  # noqa: S107 - a test's
    async with open_channel(endpoint, token) as channel:
        yield pb_grpc.TuningServiceStub(channel)


@asynccontextmanager
async def bare_channel(endpoint: str) -> AsyncIterator[grpc.aio.Channel]:
    """A channel of somebody who has no token."""
    async with grpc.aio.insecure_channel(endpoint, options=[("grpc.enable_http_proxy", 0)]) as channel:
        yield channel
