"""A scheduler in memory that grants what a bench asks for, over real gRPC, and settles it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.unit.trainer.fake_scheduler import FakeScheduler, Key

from tunewright.core.access import INSTALLATION
from tunewright.core.states import EndCause
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import spec_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server

WITHIN_S: Final = 60.0
UID: Final = "bench"
CAUSE: Final = f"END_CAUSE_{EndCause.EXITED.name}"


class Granting:
    """Trainings of one job, numbered from 1."""

    def __init__(self, scheduler: FakeScheduler, address: str) -> None:
        self.scheduler, self.address = scheduler, address
        self._granted = 0

    async def grant(self, image: str, **environment: str) -> Key:
        """Grant a training of the image to whoever claims next."""
        self._granted += 1
        attempt = pb.Attempt(training_id=f"{UID}/{self._granted:06d}", attempt=1)
        definition = spec_pb2.Definition(image=image, environment=environment)
        grant = pb.Grant(attempt=attempt, training_name=f"{UID}-{self._granted:06d}", definition=definition)
        await self.scheduler.change(lambda: self.scheduler.ready.append(grant))
        return attempt.training_id, attempt.attempt

    async def claimed(self) -> None:
        """Wait until everything is granted."""
        await self.scheduler.until(lambda: not self.scheduler.ready, WITHIN_S)

    async def exit_of(self, attempt: Key) -> None:
        """Wait for its end, which must be a good one."""
        await self.scheduler.until(lambda: self.scheduler.exits[attempt], WITHIN_S)
        (report, *_) = self.scheduler.exits[attempt]
        if report.exit_code != 0:
            raise RuntimeError(f"{attempt} ended otherwise than it should: {report}")

    async def settle(self, attempt: Key) -> None:
        """Wait for its end, and have the trainer forget it."""
        await self.exit_of(attempt)
        order = pb.SettledOrder(attempt=pb.Attempt(training_id=attempt[0], attempt=attempt[1]))
        await self.scheduler.change(lambda: self.scheduler.settled.update({attempt: order}))
        await self.scheduler.until(lambda: not self.scheduler.holds(attempt), WITHIN_S)

    async def void(self) -> None:
        """Have the trainer kill and forget everything."""
        attempts = {(f"{UID}/{number + 1:06d}", 1) for number in range(self._granted)}
        await self.scheduler.change(lambda: self.scheduler.void.update(attempts))
        await self.scheduler.until(lambda: not self.scheduler.held, WITHIN_S)


@asynccontextmanager
async def granting() -> AsyncIterator[Granting]:
    scheduler = FakeScheduler()
    server = RpcServer("127.0.0.1", 0, Gate(lambda _: INSTALLATION))
    await server.start({"tunewright.v1.WorkerService": lambda to: add_WorkerServiceServicer_to_server(scheduler, to)})
    try:
        yield Granting(scheduler, f"127.0.0.1:{server.port}")
    finally:
        await server.stop(grace_s=0.0)


def program(folder: Path, name: str, source: str) -> str:
    """Write an executable and return the image that it is."""
    path = folder / name
    path.write_text(source)
    path.chmod(0o755)
    return path.as_uri()
