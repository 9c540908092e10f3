"""What the embedded server runs trainings on: this machine, its slots counted and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tunewright.platform.credentials import FILE_NAME
from tunewright.platform.local_options import LocalOptions
from tunewright.platform.store.folder import STORE_FILE
from tunewright_trainer.inventory import take_inventory
from tunewright_trainer.runner.docker.settings import DockerSettings
from tunewright_trainer.runner.images import ANY
from tunewright_trainer.runner.making import RunnerKind, RunnerSettings
from tunewright_trainer.settings import TrainerSettings


async def trainer_settings(options: LocalOptions, folder: Path, s3_root: Path | None) -> TrainerSettings:
    """A laptop runs what asks for an ml.p3 on what it has: GPUs are dealt out as far as there are some.

    `folder` is the server's data folder, whose keys and jobs are no training's data.
    """
    return TrainerSettings(
        folder / "trainer",
        slots=options.slots,
        image_roots=options.image_roots,
        data_roots=options.data_roots,
        closed=(folder / FILE_NAME, *(folder / f"{STORE_FILE}{ending}" for ending in ("", "-wal", "-shm"))),
        s3_root=s3_root,
        inventory=await asyncio.to_thread(take_inventory),
    )


def runner_settings(options: LocalOptions) -> RunnerSettings:
    """Whoever may create jobs here is this machine's user, who could run any image anyway."""
    return RunnerSettings(RunnerKind(options.runner), DockerSettings(images=(ANY,)))
