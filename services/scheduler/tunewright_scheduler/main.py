"""Wiring of the scheduler: which parts there are and how they find each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from tunewright.platform.bus.consumer import consume
from tunewright.platform.bus.port import Bus
from tunewright.platform.store.port import Store
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.relay import Relay
from tunewright_scheduler.results import Results
from tunewright_scheduler.servicer import CheckImage, TuningServicer
from tunewright_scheduler.sessions import LeaseTerms, Sessions
from tunewright_scheduler.sweep import Sweep
from tunewright_scheduler.worker_servicer import WorkerServicer

RESULTS = "training.results"


@dataclass(frozen=True, slots=True)
class Scheduler:
    tuning: TuningServicer
    worker: WorkerServicer
    sweep: Sweep
    relay: Relay
    results: Results
    bus: Bus

    async def consume_results(self) -> None:
        """Fold what metrics says, until cancelled."""
        await consume(self.bus, "scheduler", [RESULTS], self.results.take_all)


@asynccontextmanager
async def scheduler(
    store: Store, bus: Bus, suggester: grpc.aio.Channel, check_image: CheckImage, terms: LeaseTerms
) -> AsyncIterator[Scheduler]:
    """Build a scheduler; its long-lived parts are `sweep.run`, `relay.run` and `consume_results`."""
    bells = Bells()
    changes = Changes(store, bells)
    asker = Asker(changes, suggester)
    relay = Relay(store, bus)
    changes.on_ask, changes.on_outbox = asker.ask, relay.wake
    sessions = Sessions(store, changes, bells, terms)
    try:
        yield Scheduler(
            tuning=TuningServicer(store, changes, bells, check_image),
            worker=WorkerServicer(sessions, changes),
            sweep=Sweep(store, changes, sessions),
            relay=relay,
            results=Results(changes),
            bus=bus,
        )
    finally:
        await asker.close()
