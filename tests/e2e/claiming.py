"""The embedded server without a trainer, on short leases, and programs that claim from it in processes of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.callers import gate
from tunewright.client import Address
from tunewright.core.claimed import CLAIMED
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
)
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.credentials import FILE_NAME, create_or_load
from tunewright.platform.instance_types import instance_types
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server
from tunewright_metrics.main import Metrics
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import scheduler
from tunewright_suggester.servicer import SuggestionServicer

TERMS = LeaseTerms(lease_s=3.0, lease_grace_s=0.5, heartbeat_s=0.5, stop_grace_s=1.0)


async def _anything(_path: str, _definition: Definition) -> None: ...


@asynccontextmanager
async def served(folder: Path, *, port: int = 0, reads: bool = True) -> AsyncIterator[Address]:
    """Serve what claiming needs from the store in a folder; metrics only if it `reads`."""
    store, bus = SqliteStore(folder / "store.db"), MemoryBus(topics().values())
    metrics, suggester = Metrics(store, bus), SuggestionServicer()
    rpc = RpcServer("127.0.0.1", port, gate({"token": "ada", "other": "bob"}))
    async with (
        open_channel(f"127.0.0.1:{rpc.port}", "token") as channel,
        scheduler(store, bus, channel, _anything, TERMS, instance_types(None, "")) as scheduling,
    ):
        services = {
            "tunewright.v1.TuningService": partial(add_TuningServiceServicer_to_server, scheduling.tuning),
            "tunewright.v1.WorkerService": partial(add_WorkerServiceServicer_to_server, scheduling.worker),
            "tunewright.v1.SuggestionService": partial(add_SuggestionServiceServicer_to_server, suggester),
        }
        if reads:
            services["tunewright.v1.MetricsService"] = partial(add_MetricsServiceServicer_to_server, metrics.servicer)
        await rpc.start(services)
        parts = [asyncio.ensure_future(part) for part in (metrics.run(), *scheduling.long_lived())]
        create_or_load(folder / FILE_NAME, grpc=f"127.0.0.1:{rpc.port}", http="")
        try:
            yield Address(f"127.0.0.1:{rpc.port}", "token")
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await rpc.stop(grace_s=0)
            await suggester.close()
    await store.close()


def job(name: str = "mine", max_runtime_s: int = 60, **fields: object) -> TuningJobSpec:
    definition = Definition(
        image=CLAIMED,
        parameters=(
            Parameter("x", Float(0.0, 1.0)),
            Parameter("depth", Int(1, 9)),
            Parameter("batch", Choice(("32", "64"))),
            Parameter("act", Choice(("relu", "tanh"))),
        ),
        static_hyperparameters={"data": "iris", "epochs": "3"},
        metric_definitions=(MetricDefinition("score"), MetricDefinition("loss")),
        stopping=StoppingCondition(max_runtime_s),
    )
    defaults = {
        "objective": Objective("score"),
        "limits": Limits(max_parallel=2, max_trainings=4),
        "strategy": Strategy.RANDOM,
        "random_seed": 3,
    }
    return TuningJobSpec(name=name, definitions=(definition,), **(defaults | fields))  # type: ignore[arg-type]


class Program:
    """A loop in a process of its own; `body` is what stands in `for training in client.claim("mine"):`."""

    def __init__(self, address: Address, body: str) -> None:
        lines = body.strip("\n").splitlines()
        text = "\n".join(
            [
                "import os, sys, time",
                "from tunewright.client import Address, Client",
                f"with Client(Address({address.endpoint!r}, {address.token!r})) as client:",
                "    for training in client.claim('mine'):",
                *(f"        {line}" for line in lines),
            ]
        )
        self.process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    async def lines(self) -> list[str]:
        """Wait for its end; return what it has printed that was not read yet."""
        output, _ = await asyncio.to_thread(self.process.communicate)
        return output.split()
