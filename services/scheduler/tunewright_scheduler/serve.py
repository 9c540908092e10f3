"""The scheduler as a process of its own; any number of them share the work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.platform.backends import kafka_bus, mongo_store
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import CallerSettings, KafkaSettings, MongoSettings, ServerSettings, setting, variable
from tunewright.v1.operations_service_pb2_grpc import add_OperationsServiceServicer_to_server
from tunewright.v1.tuning_service_pb2_grpc import add_TuningServiceServicer_to_server
from tunewright.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import scheduler

TERMS: Final = LeaseTerms()


@dataclass(frozen=True, kw_only=True)
class SchedulerSettings(ServerSettings, CallerSettings, KafkaSettings, MongoSettings):
    suggester: str = setting(tells="HOST:PORT of the suggester; one name for all replicas, or addresses with commas.")
    commands: bool = setting(default=False, tells="Take commands of other systems from the topic tuning.commands.")
    lease_s: float = setting(TERMS.lease_s, tells="A trainer that is not heard of for so long loses its trainings …")
    lease_grace_s: float = setting(TERMS.lease_grace_s, tells="… after this slack, in which it kills what it runs.")
    heartbeat_s: float = setting(TERMS.heartbeat_s, tells="How often trainers are to be heard.")
    stop_grace_s: float = setting(TERMS.stop_grace_s, tells="From SIGTERM to SIGKILL of a training that is stopped.")

    def terms(self) -> LeaseTerms:
        """Raises InvalidSpec: a lease that a heartbeat or two could miss."""
        if self.lease_s < 3 * self.heartbeat_s:
            why = f"is {self.lease_s:g}, less than three heartbeats of {self.heartbeat_s:g}"
            raise InvalidSpec(variable("lease_s"), why, f"Raise it, or lower {variable('heartbeat_s')}")
        return LeaseTerms(self.lease_s, self.lease_grace_s, self.heartbeat_s, self.stop_grace_s)


def check_image(field: str, image: str) -> None:
    """Raise InvalidSpec for what no trainer could run. Whether the file is there, only its host can tell."""
    if not image.startswith("file:///"):
        why = f"{image!r} is not a program on the trainers' machines, and this version runs nothing else"
        raise InvalidSpec(field, why, "Give file:///folder or file:///script.py")


@asynccontextmanager
async def wired(settings: SchedulerSettings) -> AsyncIterator[Wired]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(mongo_store(settings))
        bus = await stack.enter_async_context(kafka_bus(settings, "scheduler"))
        keys = settings.keys()
        where = (settings.suggester, keys.tunewright_token, settings.tls_ca)
        suggester = await stack.enter_async_context(open_channel(*where, field=variable("suggester")))
        parts = await stack.enter_async_context(scheduler(store, bus, suggester, check_image, settings.terms()))
        yield Wired(
            parts=[
                *parts.long_lived(),
                *([parts.consume_commands(keys)] if settings.commands else []),
            ],
            grpc={
                "tunewright.v1.TuningService": partial(add_TuningServiceServicer_to_server, parts.tuning),
                "tunewright.v1.WorkerService": partial(add_WorkerServiceServicer_to_server, parts.worker),
                "tunewright.v1.OperationsService": partial(add_OperationsServiceServicer_to_server, parts.operations),
            },
            checks={"store": store.ping, "bus": bus.ping},
        )


SERVICE: Final = Service("scheduler", SchedulerSettings, wired)
