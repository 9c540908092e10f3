"""All services in one process, as `tunewright local` wires them, on parts that a test chooses; and one job's story."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc

from tests.simulation.host import Host, HostRunner, Process, Program
from tests.simulation.timeless import wall_clock
from tests.simulation.wire import OWNER, Fork, Wire
from tests.unit.scheduler.world import any_program
from tunewright.core.check import check
from tunewright.core.errors import Unavailable
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    BayesianConfig,
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)
from tunewright.platform.bus.port import Bus
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Insert, Store
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1.operations_service_pb2_grpc import add_OperationsServiceServicer_to_server
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub, add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub, add_WorkerServiceServicer_to_server
from tunewright_metrics.main import Metrics
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import scheduler
from tunewright_suggester.servicer import SuggestionServicer
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer

T = TypeVar("T")
IMAGE = "file:///simulated"
NAME, UID = "story", "5107d5107d5107d5"
ASK_AGAIN_S = 1.0
OVER_WITHIN_S = 4 * 3600.0
"""By the loop's clock: far more than every deadline that a small job can run into."""


def story(max_parallel: int, max_trainings: int, strategy: Strategy = Strategy.RANDOM) -> TuningJobSpec:
    definition = Definition(
        image=IMAGE,
        parameters=(
            Parameter("lr", Choice(("0.1", "0.01", "0.001")) if strategy is Strategy.GRID else Float(1e-4, 1e-1)),
            Parameter("epochs", Choice(("2", "5")) if strategy is Strategy.GRID else Int(1, 5)),
        ),
        metric_definitions=(MetricDefinition("score", "score=(.*)"), MetricDefinition("loss", "loss=(.*)")),
    )
    return TuningJobSpec(
        name=NAME,
        definitions=(definition,),
        objective=Objective("score"),
        limits=Limits(max_parallel=max_parallel, max_trainings=6 if strategy is Strategy.GRID else max_trainings),
        strategy=strategy,
        bayesian=BayesianConfig(effort="fast") if strategy is Strategy.BAYESIAN else None,
        random_seed=7,
    )


# -- What trainings do: all of it follows from the name and the hyperparameters ----------------------------------------


@dataclass(frozen=True, slots=True)
class Script:
    """What a training prints, when, and how it ends. Every fifth prints no objective, every seventh fails."""

    launch: Launch

    @property
    def number(self) -> int:
        return self.launch.attempt.number

    @property
    def exit_code(self) -> int:
        return 3 if self.number % 7 == 4 else 0

    @property
    def scores(self) -> list[float]:
        lr, epochs = (float(self.launch.hyperparameters[name]) for name in ("lr", "epochs"))
        return [] if self.number % 5 == 3 else [lr * epoch for epoch in range(1, int(epochs) + 1)]

    @property
    def lines(self) -> list[str]:
        return [
            *(f"step {step} of {self.launch.training_name}" for step in range(20)),
            *(f"score={score!r}" for score in self.scores),
            f"loss=0.25{self.launch.attempt.attempt}",  # tells one attempt's output from another's
        ]

    @property
    def pause_s(self) -> float:
        pace = float(self.launch.hyperparameters.get("pace", "1"))
        return zlib.crc32(self.launch.training_name.encode()) % 10 / 10 * pace

    async def __call__(self, process: Process) -> int:
        process.handles_sigterm = self.number % 3 == 2  # and goes on until it is killed
        for line in self.lines:
            process.print(line)
            if zlib.crc32(line.encode()) % 3 == 0:
                await asyncio.sleep(self.pause_s)
        return self.exit_code


def program_of(launch: Launch) -> Program | None:
    return Script(launch) if launch.definition.image == IMAGE else None


# -- The services ------------------------------------------------------------------------------------------------------


@dataclass
class Trainers:
    """The trainers' data folders and the machines under them; both outlive every process of ours."""

    settings: Sequence[TrainerSettings]
    hosts: Sequence[Host] = field(default_factory=list)
    lines: Sequence[Fork] = ()
    """Each trainer's way to the schedulers, while there are some."""

    @classmethod
    def in_folder(cls, folder: Path, slots: Sequence[int]) -> Trainers:
        for index in range(len(slots)):
            (folder / f"trainer{index}").mkdir()
            (folder / f"trainer{index}/trainer-id").write_text(f"trainer{index}")
        settings = [TrainerSettings(folder / f"trainer{index}", slots=count) for index, count in enumerate(slots)]
        return cls(settings, [Host(Folders(item.data_dir), program_of, clock=wall_clock) for item in settings])


@asynccontextmanager
async def circle(
    store: Store,
    bus: Bus,
    wires: Sequence[Wire],
    trainers: Trainers,
    runner_on: Callable[[Host], HostRunner] = HostRunner,
    seed: int = 0,
    metrics_from_s: float = 0.0,
) -> AsyncIterator[TuningServiceStub]:
    """Run all services, metrics only after a while. Leave, and they are cut off wherever they are; a part that ends by
    itself is a failure.

    There are as many schedulers and collectors as wires; each call goes to one of them.
    """
    random.seed(seed)  # the pauses of who is beaten
    suggester = SuggestionServicer()
    trainers.lines = [Fork(wires, seed + index) for index in range(len(trainers.settings))]
    async with AsyncExitStack() as stack:
        services = [
            part
            for wire in wires
            for part in await stack.enter_async_context(_replica(store, bus, wire, suggester, metrics_from_s))
        ]
        working = [
            Trainer(settings, WorkerServiceStub(line), bus, runner_on(host), wall_clock).run()
            for settings, host, line in zip(trainers.settings, trainers.hosts, trainers.lines, strict=True)
        ]
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(part) for part in (*services, *working)]
            yield TuningServiceStub(Fork(wires, seed))
            for part in parts:
                part.cancel()
    await suggester.close()


@asynccontextmanager
async def _replica(
    store: Store, bus: Bus, wire: Wire, suggester: SuggestionServicer, metrics_from_s: float
) -> AsyncIterator[list[Awaitable[None]]]:
    """A scheduler and a collector, and the long-lived parts of both."""
    async with scheduler(store, bus, wire, any_program, LeaseTerms()) as scheduling:
        add_TuningServiceServicer_to_server(scheduling.tuning, wire)
        add_WorkerServiceServicer_to_server(scheduling.worker, wire)
        add_OperationsServiceServicer_to_server(scheduling.operations, wire)
        add_SuggestionServiceServicer_to_server(suggester, wire)
        await scheduling.sweep.resume()
        yield [_from(metrics_from_s, Metrics(store, bus)), *scheduling.long_lived()]


async def _from(seconds: float, metrics: Metrics) -> None:
    if seconds:
        await asyncio.sleep(seconds)
    await metrics.run()


async def create(store: Store, wanted: TuningJobSpec) -> None:
    """Write the job as the scheduler would, under an uid that is the same each time."""
    now = await store.now()
    job = TuningJob(UID, wanted.name, OWNER, created_at=now, modified_at=now, seed=7)
    name = Insert("job_names", name_key(OWNER, NAME), {"uid": UID})
    await Changes(store, Bells()).create(job, check(wanted), [name])


async def finished(front: TuningServiceStub) -> pb.TuningJob:
    """Return the job once it is over and everything has been told of it."""
    async with asyncio.timeout(OVER_WITHIN_S):
        while True:
            job = (await ask(front.GetTuningJob, pb.GetTuningJobRequest(job=NAME))).job
            if job.HasField("ended_at"):
                return job
            await asyncio.sleep(ASK_AGAIN_S)


async def ask(method: Callable[[object], Awaitable[T]], request: object) -> T:
    """Ask again until there is an answer, as a client does."""

    async def once() -> T:
        try:
            return await method(request)
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error

    return await _patiently(once)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(ASK_AGAIN_S)
