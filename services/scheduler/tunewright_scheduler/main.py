"""Wiring of the scheduler: which parts there are and how they find each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from tunewright.core.instances import InstanceTypes
from tunewright.core.spec import Definition
from tunewright.platform.access import KeyOf
from tunewright.platform.bus.consumer import consume
from tunewright.platform.bus.port import Bus
from tunewright.platform.instance_types import packaged_types
from tunewright.platform.store.port import Store
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.census import Census
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.commands import Commands
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.doctor import Doctor
from tunewright_scheduler.doorbell import Doorbell
from tunewright_scheduler.elsewhere import Elsewhere
from tunewright_scheduler.explaining import ExplanationServicer
from tunewright_scheduler.heartbeats import Heartbeats
from tunewright_scheduler.needs import Needs
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.operations_servicer import OperationsServicer
from tunewright_scheduler.purging import Purging
from tunewright_scheduler.relay import Relay
from tunewright_scheduler.results import Results
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.sessions import Sessions
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.tuning_jobs import CheckHere, TuningJobs
from tunewright_scheduler.worker_servicer import WorkerServicer

GROUP = "scheduler"
COMMANDS_GROUP = "scheduler-commands"
"""Members of one group that read different topics would disturb each other whenever one comes or goes."""
RESULTS = "training.results"
COMMANDS = "tuning.commands"


@dataclass(frozen=True, slots=True)
class Scheduler:
    tuning: TuningServicer
    worker: WorkerServicer
    operations: OperationsServicer
    explanations: ExplanationServicer
    census: Census
    sweep: Sweep
    relay: Relay
    doorbell: Doorbell
    results: Results
    commands: Commands
    bus: Bus

    def long_lived(self) -> list[Awaitable[None]]:
        """Return the parts to be run together, as long as it serves."""
        return [self.doorbell.run(), self.consume_results(), self.relay.run(), self.sweep.run(), self.census.run()]

    async def consume_results(self) -> None:
        """Fold what metrics says, until cancelled."""
        await consume(self.bus, GROUP, [RESULTS], self.results.take_all)

    async def consume_commands(self, key_of: KeyOf) -> None:
        """Carry out what other systems order under keys that are known, until cancelled."""
        await consume(self.bus, COMMANDS_GROUP, [COMMANDS], self.commands.take_all, key_of)


@asynccontextmanager
async def scheduler(
    store: Store,
    bus: Bus,
    suggester: grpc.aio.Channel,
    check_here: CheckHere,
    terms: LeaseTerms,
    types: InstanceTypes | None = None,
) -> AsyncIterator[Scheduler]:
    """Build a scheduler; run what `long_lived` returns.

    `consume_commands` is one more, for who wants other systems to order by the bus.
    """
    types = types or packaged_types()
    bells = Bells()
    changes = Changes(store, bells)
    asker = Asker(changes, suggester)
    relay = Relay(store, bus)
    changes.on_ask, changes.on_outbox = asker.ask, relay.wake
    sessions = Sessions(store, changes, terms)
    room = ControlRoom(store)
    needs = Needs(changes, types)
    claims = Claims(store, changes, sessions, room, needs)
    jobs = TuningJobs(store, changes, _with_types(check_here, types), room)
    elsewhere = Elsewhere(store, changes, room)
    doctor = Doctor(store, changes, room, terms, needs)
    tuning = TuningServicer(store, changes, bells, jobs, doctor)
    try:
        yield Scheduler(
            tuning=tuning,
            worker=WorkerServicer(sessions, Heartbeats(store, sessions, bells), claims, changes, needs),
            operations=OperationsServicer(tuning, jobs, room, doctor, Operations(changes), Purging(store, jobs)),
            explanations=ExplanationServicer(store, tuning, jobs, asker, suggester),
            census=Census(store, changes, room, terms),
            sweep=Sweep(store, changes, sessions, elsewhere),
            relay=relay,
            doorbell=Doorbell(bells, bus),
            results=Results(changes),
            commands=Commands(store, changes, jobs, elsewhere),
            bus=bus,
        )
    finally:
        await asker.close()


def _with_types(check_here: CheckHere, types: InstanceTypes) -> CheckHere:
    """Return the check with that of the instance type in front of it."""

    async def check(path: str, definition: Definition) -> None:
        types.check(definition, path)
        await check_here(path, definition)

    return check
