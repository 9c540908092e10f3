"""Trainers of the bench, in a process of their own, whose trainings are coroutines in place of processes.

    python -m bench.operate.hosts FOLDER SCHEDULERS KAFKA PREFIX TRAINERS SLOTS SECONDS

A thousand real processes would measure this machine and not the services. All else is real: the trainer's own code, its
gRPC session, spools on disk, Kafka. Says "ready"; with the end of its input it ends, and prints a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
from tests.simulation.host import Host, HostRunner, Process

from tunewright.platform import telemetry
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.credentials import load
from tunewright.platform.rpc.client import open_channel
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub
from tunewright_trainer.folder import Folders
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer

LINE_EVERY_S: Final = 5.0


@dataclass(slots=True)
class Heard:
    """What the trainings and their trainers saw. Unix seconds, and seconds."""

    begins: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    heartbeats_s: list[float] = field(default_factory=list)
    """Beyond what they were asked to wait, of those that no order came to meanwhile."""
    claims_s: list[float] = field(default_factory=list)
    """Of those that were granted something."""


class Timed:
    """WorkerService's stub, with a clock beside it."""

    def __init__(self, channel: grpc.aio.Channel, heard: Heard) -> None:
        self._stub, self._heard = WorkerServiceStub(channel), heard
        self.OpenSession, self.Exited = self._stub.OpenSession, self._stub.Exited
        self.CloseSession = self._stub.CloseSession

    async def Heartbeat(self, request: pb.HeartbeatRequest, timeout: float) -> pb.HeartbeatResponse:  # noqa: N802, ASYNC109 - the stub's
        began = time.perf_counter()
        answer: pb.HeartbeatResponse = await self._stub.Heartbeat(request, timeout=timeout)
        beyond_s = time.perf_counter() - began - request.wait_s
        if beyond_s > 0:
            self._heard.heartbeats_s.append(beyond_s)
        return answer

    async def Claim(self, request: pb.ClaimRequest, timeout: float) -> pb.ClaimResponse:  # noqa: N802, ASYNC109 - likewise
        began = time.perf_counter()
        answer: pb.ClaimResponse = await self._stub.Claim(request, timeout=timeout)
        if answer.grants:
            self._heard.claims_s.append(time.perf_counter() - began)
        return answer


def training(heard: Heard, lasts_s: float) -> Callable[[Process], Awaitable[int | None]]:
    """Return a program that prints a value every few seconds."""

    async def program(process: Process) -> None:
        loop = asyncio.get_running_loop()
        began, step = loop.time(), 0
        heard.begins.append(time.time())
        while (left_s := began + lasts_s - loop.time()) > 0:
            await asyncio.sleep(min(LINE_EVERY_S, left_s))
            step += 1
            process.print(f"step {step} score={step / 100:.2f}")
        heard.ends.append(time.time())

    return program


async def main(folder: Path, schedulers: str, kafka: str, prefix: str, count: int, slots: int, lasts_s: float) -> Heard:
    telemetry.configure(level="WARNING")
    heard = Heard()
    program = training(heard, lasts_s)
    async with AsyncExitStack() as stack:
        token = load(folder / "credentials").tunewright_token
        bus = KafkaBus(kafka, topics().values(), prefix=prefix, client_id="trainer")
        await bus.open()
        stack.push_async_callback(bus.close)
        trainers = []
        for number in range(count):
            settings = TrainerSettings(folder / f"host-{number}", slots=slots)
            runner = HostRunner(Host(Folders(settings.data_dir), lambda _launch: program))
            channel = await stack.enter_async_context(open_channel(schedulers, token))
            stub: Any = Timed(channel, heard)
            trainers.append(asyncio.create_task(Trainer(settings, stub, bus, runner).run()))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in trainers:
            task.cancel()
        for task in trainers:
            with suppress(asyncio.CancelledError):
                await task
    return heard


if __name__ == "__main__":
    _, where, endpoint, broker, before, many, each, seconds = sys.argv
    found = asyncio.run(main(Path(where), endpoint, broker, before, int(many), int(each), float(seconds)))
    print(json.dumps(asdict(found)))
