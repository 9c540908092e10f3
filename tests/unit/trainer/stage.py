"""A trainer on a machine of coroutines, with a scheduler in memory, storage in folders, and time that jumps.

One trainer process after another works on the same data folder; programs outlive them. A test is told by `played`.
"""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from google.protobuf.message import Message
from tests.simulation.host import Host, Process, Program
from tests.simulation.mortal import Life, MortalBus, MortalLine, MortalRunner
from tests.simulation.timeless import play, wall_clock
from tests.simulation.wire import Wire
from tests.unit.trainer.fake_scheduler import FakeScheduler, Key

from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.topics import topics
from tunewright.v1 import spec_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub, add_WorkerServiceServicer_to_server
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer

TRAINING = "job/000001"
NAME = "job-001"


class Witness(FakeScheduler):
    def __init__(self) -> None:
        super().__init__()
        self.at_exit: Callable[[], None] = lambda: None
        """Called whenever an end is told, before it is believed."""

    async def Exited(self, request, context):  # noqa: N802
        self.at_exit()
        return await super().Exited(request, context)


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = TrainerSettings(folder / "data", s3_root=folder / "s3", stop_grace_s=20.0)
        self.scheduler = Witness()
        self.bus = MemoryBus(topics().values())
        self.messages: list[Message] = []
        self.machine = Host(Folders(self.settings.data_dir), lambda _: self.program, clock=wall_clock)
        self.program: Program = _nothing
        self.free_bytes = 2**40
        """On the disk."""
        self.life = Life()
        self.working: asyncio.Task[None] | None = None
        self._wire = Wire()
        add_WorkerServiceServicer_to_server(self.scheduler, self._wire)

    # -- Trainer processes

    def start(self, runner_on: Callable[[Host, Life], Runner] = MortalRunner) -> None:
        """Start a trainer process."""
        self.prepare(runner_on)
        self.work()

    def prepare(self, runner_on: Callable[[Host, Life], Runner] = MortalRunner) -> None:
        self.life = life = Life()
        stub = WorkerServiceStub(MortalLine(self._wire, life))
        bus = MortalBus(self.bus, life)
        runner = runner_on(self.machine, life)
        self.trainer = Trainer(self.settings, stub, bus, runner, wall_clock, free_bytes=lambda _: self.free_bytes)

    def work(self) -> None:
        self.working = asyncio.create_task(self.trainer.run())

    async def end(self) -> None:
        """End it as a kill would. Raises what it has failed with, unless a kill has ended it already."""
        was_killed = self.life.over.is_set()
        self.life.over.set()
        if self.working is not None:
            self.working.cancel()
            (failed,) = await asyncio.gather(self.working, return_exceptions=True)
            if failed is not None and not isinstance(failed, asyncio.CancelledError) and not was_killed:
                raise failed

    # -- The scheduler's side

    async def grant(self, attempt: int = 1, **fields: object) -> Key:
        instances = fields.pop("instances", 1)
        definition = spec_pb2.Definition(
            image="played",
            output_uri="s3://models",
            channels=fields.pop("channels", ()),
            checkpoint_uri=fields.pop("checkpoint_uri", ""),
            resources=spec_pb2.Resources(instance_count=instances),
        )
        named = pb.Attempt(training_id=TRAINING, attempt=attempt)
        grant = pb.Grant(attempt=named, training_name=NAME, definition=definition, **fields)
        await self.scheduler.change(lambda: self.scheduler.ready.append(grant))
        return TRAINING, attempt

    async def exit_of(self, attempt: Key, deadline_s: float = 1000.0) -> pb.ExitedRequest:
        await self.scheduler.until(lambda: self.scheduler.exits[attempt], deadline_s)
        return self.scheduler.exits[attempt][-1]

    async def stop(self, attempt: Key, grace_s: float) -> None:
        order = pb.StopOrder(attempt=named(attempt), grace_s=grace_s)
        await self.scheduler.change(lambda: self.scheduler.stops.update({attempt: order}))

    async def settle(self, attempt: Key, *, publish: bool) -> None:
        order = pb.SettledOrder(attempt=named(attempt), publish_artifact=publish)
        await self.scheduler.change(lambda: self.scheduler.settled.update({attempt: order}))
        await until(lambda: not self.of(attempt).root.exists())

    async def void(self, attempt: Key) -> None:
        await self.scheduler.change(lambda: self.scheduler.void.add(attempt))

    # -- What is there

    def of(self, attempt: Key) -> AttemptFolder:
        return Folders(self.settings.data_dir).of(Attempt(*attempt))

    def data(self, **files: str) -> list[spec_pb2.Channel]:
        """Put files into a bucket; return the channel that names them."""
        for name, content in files.items():
            put(self.settings.s3_root / "in" / "train" / name, content)
        return [spec_pb2.Channel(name="train", uri="s3://in/train")]

    def stored(self, bucket: str) -> dict[str, str]:
        root = self.settings.s3_root / bucket
        return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}

    def published(self, name: str) -> dict[str, str]:
        with tarfile.open(self.settings.s3_root / "models" / NAME / "output" / name) as tar:
            return {member.name: tar.extractfile(member).read().decode() for member in tar if member.isfile()}

    async def listen(self) -> None:
        """Hear what is said on the bus, from all lives."""
        async with self.bus.subscribe("stage", ["training.output"]) as subscription:
            while True:
                self.messages += [read(delivered.record) for delivered in await subscription.batch()]

    async def output(self) -> list[Message]:
        """Return all that was said about attempts until an end was told."""
        await until(lambda: any(isinstance(message, output_pb2.TrainingEnded) for message in self.messages))
        return self.messages


def played(folder: Path, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def tell() -> None:
        stage = Stage(folder)
        listening = asyncio.create_task(stage.listen())
        try:
            await story(stage)
        finally:
            listening.cancel()
            await stage.end()

    play(tell())


async def until(condition: Callable[[], object], deadline_s: float = 1000.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 - files have no event, and time jumps
            await asyncio.sleep(0.01)


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def named(attempt: Key) -> pb.Attempt:
    return pb.Attempt(training_id=attempt[0], attempt=attempt[1])


def statuses(phases: object) -> list[str]:
    return [phase.status for phase in phases]


async def _nothing(_: Process) -> None:
    pass
