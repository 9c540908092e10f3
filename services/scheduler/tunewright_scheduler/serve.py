"""The scheduler as a process of its own; any number of them share the work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tunewright.core.check_running import PROGRAM, check_hosted
from tunewright.core.claimed import is_elsewhere
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.platform.backends import kafka_unopened, mongo_store
from tunewright.platform.instance_types import instance_types
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import CallerSettings, KafkaSettings, MongoSettings, ServerSettings, setting, variable
from tunewright.v1.explanation_service_pb2_grpc import add_ExplanationServiceServicer_to_server
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
    instance_types: Path | None = setting(None, tells="TOML file of instance types beside AWS's, or of other sizes.")

    def terms(self) -> LeaseTerms:
        """Raises InvalidSpec: a lease that a heartbeat or two could miss."""
        if self.lease_s < 3 * self.heartbeat_s:
            why = f"is {self.lease_s:g}, less than three heartbeats of {self.heartbeat_s:g}"
            raise InvalidSpec(variable("lease_s"), why, f"Raise it, or lower {variable('heartbeat_s')}")
        return LeaseTerms(self.lease_s, self.lease_grace_s, self.heartbeat_s, self.stop_grace_s)


async def check_here(path: str, definition: Definition) -> None:
    """Raise InvalidSpec for what no trainer could run. Whether an image is there, only its host can tell."""
    if definition.image.startswith(PROGRAM) and not definition.image.startswith(f"{PROGRAM}/"):
        why = f"{definition.image!r} names no file"
        raise InvalidSpec(f"{path}.image", why, "Give file:///folder, file:///script.py or the image of a container")
    check_hosted(definition, path)


async def check_without_commands(path: str, definition: Definition) -> None:
    """As `check_here`, where other systems are not listened to. Raises InvalidSpec."""
    if is_elsewhere(definition):
        why = "this installation takes no commands, so nobody could say how its trainings end"
        raise InvalidSpec(f"{path}.image", why, f"Set {variable('commands')}=on, and TUNEWRIGHT_REPORTS=on of metrics")
    await check_here(path, definition)


@asynccontextmanager
async def wired(settings: SchedulerSettings) -> AsyncIterator[Wired]:
    types = instance_types(settings.instance_types, variable("instance_types"))
    async with AsyncExitStack() as stack:
        keys = settings.keys()
        where = (settings.suggester, keys.tunewright_token, settings.caller_tls())
        suggester = await stack.enter_async_context(open_channel(*where, field=variable("suggester")))
        store = await stack.enter_async_context(mongo_store(settings))
        bus = await stack.enter_async_context(kafka_unopened(settings, "scheduler"))
        check = check_here if settings.commands else check_without_commands
        parts = await stack.enter_async_context(scheduler(store, bus, suggester, check, settings.terms(), types))
        yield Wired(
            parts=[
                bus.keep_open(),  # leases are renewed also while there is no broker
                *parts.long_lived(),
                *([parts.consume_commands(settings.known().key_pair)] if settings.commands else []),
            ],
            grpc={
                "tunewright.v1.TuningService": partial(add_TuningServiceServicer_to_server, parts.tuning),
                "tunewright.v1.WorkerService": partial(add_WorkerServiceServicer_to_server, parts.worker),
                "tunewright.v1.OperationsService": partial(add_OperationsServiceServicer_to_server, parts.operations),
                "tunewright.v1.ExplanationService": partial(
                    add_ExplanationServiceServicer_to_server, parts.explanations
                ),
            },
            checks={"store": store.ping, "bus": bus.ping},
        )


SERVICE: Final = Service("scheduler", SchedulerSettings, wired)
