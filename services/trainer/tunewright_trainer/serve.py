"""The trainer as a process of its own: as many as there are hosts, one per data folder."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tunewright.platform.backends import kafka_bus
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import CallerSettings, KafkaSettings, setting, variable
from tunewright_trainer.main import make_trainer
from tunewright_trainer.settings import TrainerSettings


@dataclass(frozen=True, kw_only=True)
class TrainerServiceSettings(CallerSettings, KafkaSettings):
    scheduler: str = setting(tells="HOST:PORT of the scheduler; one name for all replicas, or addresses with commas.")
    data_dir: Path = setting(tells="Folder kept over restarts: its identity, what runs, output not yet settled.")
    slots: int = setting(os.cpu_count() or 1, tells="Trainings at once; one per processor by default.")
    pool: str = setting("default", tells="Which trainings it takes: those that name this pool.")
    image_roots: tuple[Path, ...] = setting((), tells="Programs are run only from below these folders, colons between.")
    stop_grace_s: float = setting(120.0, tells="From SIGTERM to SIGKILL of a training, where a stop does not say.")
    drain_s: float = setting(
        0.0, tells="After SIGTERM, how long to wait for what runs; what is left runs on, and is found again."
    )
    labels: Mapping[str, str] = field(default_factory=dict, metadata={"tells": "NAME=VALUE,… to find it by."})

    def of_trainer(self) -> TrainerSettings:
        return TrainerSettings(
            data_dir=self.data_dir.absolute(),
            slots=self.slots,
            pool=self.pool,
            image_roots=self.image_roots,
            stop_grace_s=self.stop_grace_s,
            drain_s=self.drain_s,
            labels=self.labels,
        )


@asynccontextmanager
async def wired(settings: TrainerServiceSettings) -> AsyncIterator[Wired]:
    token = settings.keys().tunewright_token
    async with (
        kafka_bus(settings, "trainer") as bus,
        open_channel(settings.scheduler, token, settings.tls_ca, field=variable("scheduler")) as channel,
    ):
        trainer = make_trainer(settings.of_trainer(), channel, bus)
        yield Wired(parts=[trainer.run()], checks={"bus": bus.ping}, drain=trainer.drain)


SERVICE: Final = Service("trainer", TrainerServiceSettings, wired)
