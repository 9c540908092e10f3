"""A whole scheduler on a data folder, behind gRPC as `tunewright local` has it, and trainers that run nothing."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from bench.scheduler import subject
from tunewright.core.access import INSTALLATION
from tunewright.core.names import split_training_id
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus
from tunewright.platform.bus.topics import topics
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.port import Store
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub, add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub, add_WorkerServiceServicer_to_server
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import Scheduler, scheduler

RESULTS: Final = "training.results"
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Standing:
    """A scheduler that serves; its long-lived parts run."""

    tuning: TuningServiceStub
    worker: WorkerServiceStub
    store: Store
    bus: Bus
    scheduling: Scheduler


@asynccontextmanager
async def standing(folder: Path, suggester: subject.Drawing) -> AsyncIterator[Standing]:
    store, bus = SqliteStore(folder / "store.db"), MemoryBus(topics().values())
    rpc = RpcServer(HOST, 0, Gate(lambda _: INSTALLATION))
    async with (
        open_channel(f"{HOST}:{rpc.port}", "token") as channel,
        scheduler(store, bus, channel, subject.any_program, LeaseTerms()) as scheduling,
    ):
        await rpc.start(
            {
                "tunewright.v1.TuningService": partial(add_TuningServiceServicer_to_server, scheduling.tuning),
                "tunewright.v1.WorkerService": partial(add_WorkerServiceServicer_to_server, scheduling.worker),
                "tunewright.v1.SuggestionService": partial(add_SuggestionServiceServicer_to_server, suggester),
            }
        )
        parts = [asyncio.ensure_future(part) for part in scheduling.long_lived()]
        yield Standing(TuningServiceStub(channel), WorkerServiceStub(channel), store, bus, scheduling)
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        await rpc.stop(0)
    await store.close()


@dataclass(slots=True)
class Trainer:
    """Claims, ends at once what it is granted, and says for metrics what was read of it."""

    name: str
    slots: int
    at: Standing
    epoch: int = 0
    held: list[pb.Attempt] = field(default_factory=list)
    ended: int = 0
    messages: int = 0
    """Requests made and results published, heartbeats left out."""

    async def open(self) -> None:
        request = pb.OpenSessionRequest(trainer_id=self.name, pool="default", slots=self.slots, holding=self.held)
        self.epoch = (await self.at.worker.OpenSession(request)).epoch

    async def claim(self, slots: int) -> list[pb.Attempt]:
        request = pb.ClaimRequest(
            trainer_id=self.name, epoch=self.epoch, request_id=uuid.uuid4().hex, slots=slots, wait_s=5.0
        )
        granted = [grant.attempt for grant in (await self.at.worker.Claim(request)).grants]
        self.messages += 1
        self.held.extend(granted)
        return granted

    async def end(self, attempt: pb.Attempt) -> None:
        await self.exit(attempt)
        uid, number = split_training_id(attempt.training_id)
        said = subject.said(uid, number, attempt.attempt)
        await self.at.bus.publish([to_record(RESULTS, uid, said, source="bench")])
        self.ended += 1
        self.messages += 1

    async def exit(self, attempt: pb.Attempt) -> None:
        """Say that its process has ended, without a word of what it said."""
        _, number = split_training_id(attempt.training_id)
        left = subject.left(number, time.time())
        await self.at.worker.Exited(
            pb.ExitedRequest(
                trainer_id=self.name,
                epoch=self.epoch,
                attempt=attempt,
                cause=f"END_CAUSE_{left.cause.name}",
                exit_code=left.exit_code,
                reason=left.reason,
                ended_at=instant_to_timestamp(left.ended_at),
            )
        )
        self.held.remove(attempt)
        self.messages += 1

    async def beat(self) -> None:
        """Keep the session alive until cancelled."""
        while True:
            holding = [pb.Holding(attempt=attempt, phase="Training") for attempt in self.held]
            request = pb.HeartbeatRequest(trainer_id=self.name, epoch=self.epoch, holding=holding, wait_s=5.0)
            await self.at.worker.Heartbeat(request)
            await asyncio.sleep(1.0)


async def until_all_claimed(trainers: Sequence[Trainer]) -> None:
    """Fill all slots."""

    async def fill(trainer: Trainer) -> None:
        while (free := trainer.slots - len(trainer.held)) > 0:
            await trainer.claim(free)

    await asyncio.gather(*(fill(trainer) for trainer in trainers))
