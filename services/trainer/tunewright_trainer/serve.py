"""The trainer as a process of its own: as many as there are hosts, one per data folder."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from tunewright.core.errors import InvalidSpec
from tunewright.platform.backends import kafka_unopened
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import (
    FROM_0,
    FROM_1,
    AccountSettings,
    CallerSettings,
    KafkaSettings,
    setting,
    variable,
)
from tunewright_trainer.containing import DockerVariables, KubernetesVariables
from tunewright_trainer.core.capacity import GIB, Inventory
from tunewright_trainer.inventory import take_inventory
from tunewright_trainer.main import make_trainer
from tunewright_trainer.runner.making import (
    HOST,
    RunnerKind,
    RunnerSettings,
    check_engine_url,
    engine_url,
    make_runner,
)
from tunewright_trainer.settings import STOP_GRACE_S, DrainThen, TrainerSettings
from tunewright_trainer.storage.disk import SYSTEM

NO_GPUS: Final = "none"
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class TrainerServiceSettings(KubernetesVariables, DockerVariables, CallerSettings, AccountSettings, KafkaSettings):
    scheduler: str = setting(tells="HOST:PORT of the scheduler; one name for all replicas, or addresses with commas.")
    data_dir: Path = setting(tells="Folder kept over restarts: its identity, what runs, output not yet settled.")
    slots: int = setting(os.cpu_count() or 1, bound=FROM_1, tells="Trainings at once; one per processor by default.")
    cpus: float | None = setting(None, tells="CPUs for trainings; by default all that this process may use.")
    memory_gib: float | None = setting(None, tells="GiB of memory for them; by default all that this process may use.")
    gpus: str = setting("", tells="Ids of GPUs for them, commas between, or none; by default those of nvidia-smi.")
    slots_only: bool = setting(default=False, tells="Count trainings alone, whatever CPUs, memory and GPUs they need.")
    pool: str = setting("default", tells="Which trainings it takes: those that name this pool.")
    runner: RunnerKind = setting(RunnerKind.PROCESS, tells="What runs them: process, docker, kubernetes, or auto.")
    image_roots: tuple[Path, ...] = setting((), tells="Programs are run only from below these folders, colons between.")
    images: tuple[str, ...] = setting((), tells="Images that containers may run, commas between: team/*; * for all.")
    data_roots: tuple[Path, ...] = setting(
        (), tells="Folders that file:// may name for data, models, checkpoints and code, colons between; else none."
    )
    s3_root: Path | None = setting(
        None, tells="Folder whose folders are the buckets of s3://; without it they are an S3 endpoint's, by boto3."
    )
    stop_grace_s: float = setting(
        STOP_GRACE_S, bound=FROM_0, tells="From SIGTERM to SIGKILL of a training, where a stop does not say."
    )
    drain_s: float = setting(0.0, bound=FROM_0, tells="After SIGTERM, how long to wait for what runs.")
    drain_then: DrainThen = setting(
        DrainThen.LEAVE, tells="What is left runs on (leave) and is found again, or goes on elsewhere (hand_back)."
    )
    hand_back_s: float = setting(
        120.0, bound=FROM_0, tells="How long handing back may take; after half of it trainings are killed."
    )
    preemption_file: Path | None = setting(None, tells="A file whose appearance says that this host is about to go.")
    training_otlp_endpoint: str = setting(
        "", tells="Given to trainings as OTEL_EXPORTER_OTLP_ENDPOINT, for spans of their own."
    )
    labels: Mapping[str, str] = field(default_factory=dict, metadata={"tells": "NAME=VALUE,… to find it by."})

    def of_trainer(self, has: Inventory) -> TrainerSettings:
        """Raises InvalidSpec."""
        return TrainerSettings(
            data_dir=self.data_dir.absolute(),
            slots=self.slots,
            pool=self.pool,
            image_roots=self.image_roots,
            data_roots=self._data_roots(),
            closed=self._own_files(),
            s3_root=self.s3_root.absolute() if self.s3_root is not None else None,
            stop_grace_s=self.stop_grace_s,
            drain_s=self.drain_s,
            drain_then=self.drain_then,
            hand_back_s=self.hand_back_s,
            preemption_file=self.preemption_file,
            account=self.whose(),
            inventory=has,
            counted=self._counted(),
            labels=self.labels,
            training_otlp_endpoint=self.training_otlp_endpoint,
        )

    def _data_roots(self) -> tuple[Path, ...]:
        """Raises InvalidSpec: one of them is the trainer's own or the system's, where secrets lie."""
        for root in self.data_roots:
            real = root.resolve()
            if real in SYSTEM or real.is_relative_to(self.data_dir.resolve()):
                why = f"{root} is the system's or the trainer's own"
                raise InvalidSpec(variable("data_roots"), why, "Name folders of data alone")
        return self.data_roots

    def _own_files(self) -> tuple[Path, ...]:
        """Return the files with secrets, which no job may name wherever they lie."""
        files = (self.credentials, self.kafka_password_file, self.kubernetes_config)
        return tuple(file for file in files if file is not None)

    def of_runner(self) -> RunnerSettings:
        """Raises InvalidSpec: containers are to be run, and no image is allowed."""
        if self.runner is not RunnerKind.PROCESS and not self.images:
            remedy = "Name those that may run, as registry.example/team/*; * allows all"
            raise InvalidSpec(variable("images"), "is not set, so that no container could run", remedy)
        if self.runner is RunnerKind.AUTO and not self.docker_host:
            check_engine_url(engine_url(""), HOST)
        in_cluster = self.runner is RunnerKind.KUBERNETES
        pods = self.of_kubernetes(self.images, self.stop_grace_s) if in_cluster else None
        return RunnerSettings(self.runner, self.of_docker(self.images), self.docker_host, pods)

    def inventory(self) -> Inventory:
        """Return what trainings may have; of a cluster what is stated. It may take seconds. Raises InvalidSpec."""
        for name, given in (("cpus", self.cpus), ("memory_gib", self.memory_gib)):
            if given is not None and not 0 < given < math.inf:
                remedy = f"Give a number above 0, or leave it out; {variable('slots_only')}=on counts trainings alone"
                raise InvalidSpec(variable(name), f"is {given:g}", remedy)
        if self.runner is RunnerKind.KUBERNETES:
            found = Inventory(gpus=tuple(self._named_gpus() or ()))
        else:
            found = take_inventory(self._named_gpus())
        return Inventory(
            cpus=found.cpus if self.cpus is None else self.cpus,
            memory_bytes=found.memory_bytes if self.memory_gib is None else round(self.memory_gib * GIB),
            gpus=found.gpus,
        )

    def _named_gpus(self) -> list[str] | None:
        if self.gpus.lower() == NO_GPUS:
            return []
        return list(dict.fromkeys(part.strip() for part in self.gpus.split(",") if part.strip())) or None

    def _counted(self) -> bool:
        """In a cluster, which has a scheduler of its own, only what the operator has stated is counted."""
        stated = self.cpus is not None and self.memory_gib is not None
        return not self.slots_only and (self.runner is not RunnerKind.KUBERNETES or stated)


def _warn_of_missing(roots: Iterable[Path]) -> None:
    """A folder may come later, from a mount say; until then every program below it fails."""
    for root in roots:
        if not root.is_dir():
            log.warning("no such folder", variable=variable("image_roots"), folder=str(root))


@asynccontextmanager
async def wired(settings: TrainerServiceSettings) -> AsyncIterator[Wired]:
    token, of_runner = settings.keys().tunewright_token, settings.of_runner()
    _warn_of_missing(settings.image_roots)
    of_trainer = settings.of_trainer(await asyncio.to_thread(settings.inventory))
    runner = make_runner(of_trainer, of_runner, variable("runner"))
    async with (
        open_channel(settings.scheduler, token, settings.caller_tls(), field=variable("scheduler")) as channel,
        kafka_unopened(settings, "trainer") as bus,
    ):
        trainer = make_trainer(of_trainer, channel, bus, runner)
        checks = {"bus": bus.ping, "runner": runner.ping, "scheduler": trainer.reach_scheduler}
        # Leases are renewed and trainings run also while there is no broker.
        yield Wired(parts=[bus.keep_open(), trainer.run()], checks=checks, drain=trainer.drain)


SERVICE: Final = Service("trainer", TrainerServiceSettings, wired)
