"""Wire the services together in one event loop, and keep them running.

    store  SQLite file in the data folder      bus     in process
    gRPC   one port for all services           HTTP    the SageMaker door, the dashboard, health and metrics

The trainer speaks to the scheduler, and the scheduler to the suggester, over that gRPC port like anybody else; only the
SageMaker door, which is asked a thousand times a second, is spared the socket (docs/adr/0035).
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tunewright.core.claimed import is_claimed, is_elsewhere
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.local.data import data_check, folder_of_buckets
from tunewright.local.images import image_check, require_engine
from tunewright.local.ports import to_try
from tunewright.local.training import runner_settings, trainer_settings
from tunewright.local.web import door_terms, serving_http
from tunewright.platform import access_file, lifecycle
from tunewright.platform.access import Access
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.credentials import FILE_NAME, addresses_before, create_or_load, key_pairs
from tunewright.platform.instance_types import instance_types
from tunewright.platform.local_options import LocalOptions
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.inside import InsideChannel
from tunewright.platform.rpc.server import Register, RpcServer
from tunewright.platform.rpc.targets import host_and_port
from tunewright.platform.store.folder import STORE_FILE, DataFolder
from tunewright.platform.store.port import Query, Store
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1.explanation_service_pb2_grpc import add_ExplanationServiceServicer_to_server
from tunewright.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from tunewright.v1.operations_service_pb2_grpc import add_OperationsServiceServicer_to_server
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server
from tunewright_gateway.main import make_door, make_front
from tunewright_metrics.main import Metrics
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import Scheduler, scheduler
from tunewright_scheduler.tuning_jobs import CheckHere
from tunewright_suggester.servicer import SuggestionServicer
from tunewright_trainer.main import make_trainer
from tunewright_trainer.runner.making import RunnerKind, make_runner
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer

LOOK_FOR_WORK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """An open server: where it is, and the long-lived parts that make it work."""

    grpc: str
    http: str
    credentials: Path
    store: Store
    trainer: Trainer
    parts: Sequence[Awaitable[None]]

    def __str__(self) -> str:
        return f"grpc={self.grpc} http={self.http} credentials={self.credentials}"

    def for_people(self) -> str:
        """Return where the dashboard is, and what opens it."""
        url = self.http if "://" in self.http else f"http://{self.http}"
        return f"Dashboard: {url} (sign in with tunewright_token of {self.credentials})"


async def run(options: LocalOptions) -> None:
    """Serve until a signal, or until idle if asked to."""
    asked, at_once = asyncio.Event(), asyncio.Event()
    lifecycle.stop_on_signals(asked, at_once)
    async with local_server(options) as running:
        print(f"ready {running}", flush=True)  # noqa: T201 - what whoever started us waits for
        if options.exit_when_idle_s is None:  # else a command has started us, and nobody looks on
            print(running.for_people(), file=sys.stderr, flush=True)  # noqa: T201
        parts = [*running.parts, _leave(running.trainer, options.data_dir, asked)]
        if options.exit_when_idle_s is not None:
            parts.append(_stop_when_idle(running.store, options.exit_when_idle_s, asked))
        await lifecycle.run_together(parts, at_once)


async def _leave(trainer: Trainer, data_dir: Path, asked: asyncio.Event) -> None:
    """Return once it was asked to end, and say what goes on without this process."""
    await asked.wait()
    count = sum(not course.ended for course in trainer.held)
    if count:
        said = "1 training runs on" if count == 1 else f"{count} trainings run on"
        again = f"tunewright local --data-dir {shlex.quote(str(data_dir))}"
        print(f"{said}, and {'is' if count == 1 else 'are'} found again by: {again}", file=sys.stderr, flush=True)  # noqa: T201


@asynccontextmanager
async def local_server(options: LocalOptions) -> AsyncIterator[Running]:
    """Open everything and serve; whoever enters runs the parts."""
    runs = runner_settings(options)
    types = instance_types(options.instance_types, "--instance-types")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(closing(DataFolder(options.data_dir)))
        store = SqliteStore(folder.path / STORE_FILE)
        stack.push_async_callback(store.close)
        bus = MemoryBus(topics().values())
        file = folder.path / FILE_NAME
        grpc_before, http_before = addresses_before(file)
        credentials = create_or_load(file, grpc="", http="")
        host, port = host_and_port("grpc", options.grpc)
        access = Access(credentials, key_pairs(file), folder.path / access_file.FILE_NAME)
        gate = Gate(access.authenticate, options.calls_per_second)
        rpc = _listening(host, to_try(host, port, grpc_before), gate)
        channel = await stack.enter_async_context(open_channel(f"{host}:{rpc.port}", credentials.tunewright_token))
        metrics = Metrics(store, bus, keeping=options.keeping)
        suggester = SuggestionServicer()
        stack.push_async_callback(suggester.close)
        settings = await trainer_settings(options, folder.path, folder_of_buckets(options, folder.path))
        scheduling = await stack.enter_async_context(
            scheduler(store, bus, channel, _check_here(options, settings, runs.docker_host), LeaseTerms(), types)
        )
        stack.push_async_callback(rpc.stop)
        services = _services(scheduling, suggester, metrics)
        await rpc.start(services)
        inside = InsideChannel(gate, credentials.tunewright_token, services.values())
        runner = make_runner(settings, runs, "--runner")
        terms = door_terms(options, access.key_pair)
        passing = await stack.enter_async_context(open_channel(f"{host}:{rpc.port}", None))
        front = make_front(make_door(inside, terms, credentials.aws_secret_access_key), terms.names, passing, passing)
        web = await stack.enter_async_context(serving_http(options, front, {"runner": runner.ping}, http_before))
        trainer = make_trainer(settings, channel, bus, runner)
        running = Running(f"{host}:{rpc.port}", web, file, store, trainer, _parts(scheduling, metrics, trainer.run()))
        create_or_load(file, grpc=running.grpc, http=running.http)
        folder.announce(str(running))
        await scheduling.sweep.resume()
        yield running


def _listening(host: str, ports: Sequence[int], gate: Gate) -> RpcServer:
    """Listen on the first of these ports that is free. Raises InvalidSpec: none is."""
    *before, last = ports
    for port in before:
        with suppress(InvalidSpec):
            return RpcServer(host, port, gate)
    return RpcServer(host, last, gate)


def _check_here(options: LocalOptions, settings: TrainerSettings, docker_host: str = "") -> CheckHere:
    check_image = image_check(options.image_roots, RunnerKind(options.runner))
    check_data = data_check(settings.s3_root, settings.disk())

    def look(path: str, definition: Definition) -> None:
        check_image(path, definition)
        check_data(path, definition)

    async def check(path: str, definition: Definition) -> None:
        if is_claimed(definition):
            return
        if is_elsewhere(definition):
            why = "another system is told of its trainings by Kafka, which this server does without"
            raise InvalidSpec(f"{path}.image", why, "Use services on Kafka (docs/events.md), or claim://")
        await asyncio.to_thread(look, path, definition)  # a disk may be slow, or a network's that is away
        await require_engine(path, definition, docker_host)

    return check


def _services(scheduling: Scheduler, suggester: SuggestionServicer, metrics: Metrics) -> dict[str, Register]:
    return {
        "tunewright.v1.TuningService": partial(add_TuningServiceServicer_to_server, scheduling.tuning),
        "tunewright.v1.WorkerService": partial(add_WorkerServiceServicer_to_server, scheduling.worker),
        "tunewright.v1.OperationsService": partial(add_OperationsServiceServicer_to_server, scheduling.operations),
        "tunewright.v1.ExplanationService": partial(add_ExplanationServiceServicer_to_server, scheduling.explanations),
        "tunewright.v1.SuggestionService": partial(add_SuggestionServiceServicer_to_server, suggester),
        "tunewright.v1.MetricsService": partial(add_MetricsServiceServicer_to_server, metrics.servicer),
    }


def _parts(scheduling: Scheduler, metrics: Metrics, trainer: Awaitable[None]) -> list[Awaitable[None]]:
    """Return the long-lived parts, those that others stand on first."""
    return [metrics.run(), *scheduling.long_lived(), trainer]


async def _stop_when_idle(store: Store, idle_s: float, stop: asyncio.Event) -> None:
    """Set `stop` once no tuning job has been active for a while."""
    clock = asyncio.get_running_loop().time
    last_active = clock()
    while clock() - last_active < idle_s:
        await asyncio.sleep(LOOK_FOR_WORK_S)
        active = await store.find(Query("tuning_jobs", "active", {"active": True}, limit=1))
        if active.items:
            last_active = clock()
    stop.set()
