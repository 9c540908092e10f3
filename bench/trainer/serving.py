"""`tunewright serve trainer` in a process of its own, on a real broker, with a scheduler in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from google.protobuf.message import Message
from tests.servers import kafka
from tests.wire.fleet import Fleet

from bench.trainer.granting import Granting, granting
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.topics import topics


@dataclass(frozen=True, slots=True)
class Served:
    scheduler: Granting
    bus: KafkaBus
    """To read what the trainer says."""
    process: psutil.Process

    def busy_s(self) -> float:
        """Return the processor time that the trainer has used so far, without its programs'."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_mib(self) -> float:
        return float(self.process.memory_info().rss) / 2**20

    async def said(self) -> AsyncIterator[tuple[float, Message]]:
        """Yield all that was said, from the beginning on, each with the Unix second at which it was made; for ever."""
        async with self.bus.subscribe("bench", ["training.output"]) as subscription:
            while True:
                for delivered in await subscription.batch():
                    made = datetime.fromisoformat(delivered.record.headers["ce_time"].decode())
                    yield made.timestamp(), read(delivered.record)


@asynccontextmanager
async def serving(folder: Path, name: str, slots: int = 1) -> AsyncIterator[Served]:
    """Serve while the block runs. `name` keeps topics and folder apart from others'; programs lie below `folder`."""
    home, bootstrap = folder / name, kafka.kafka().bootstrap
    home.mkdir()
    fleet = Fleet(home, bootstrap, "", prefix=f"{name}-")
    bus = KafkaBus(bootstrap, topics().values(), prefix=f"{name}-")
    async with granting() as scheduler:
        try:
            trainer = await asyncio.to_thread(
                fleet.add,
                "trainer",
                TUNEWRIGHT_SCHEDULER=scheduler.address,
                TUNEWRIGHT_DATA_DIR=str(home / "data"),
                TUNEWRIGHT_IMAGE_ROOTS=str(folder),
                TUNEWRIGHT_SLOTS=str(slots),
            )
            await bus.open()
            yield Served(scheduler, bus, psutil.Process(trainer.pid))
            await scheduler.void()
        finally:
            await bus.close()
            await asyncio.to_thread(fleet.close)
