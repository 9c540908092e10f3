"""What the embedded server runs trainings on: this machine, its slots and GPUs counted, not its CPUs and memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from tunewright.platform import settings
from tunewright.platform.credentials import FILE_NAME
from tunewright.platform.local_options import LocalOptions
from tunewright.platform.store.folder import STORE_FILE
from tunewright_trainer.containing import DockerVariables
from tunewright_trainer.inventory import take_inventory
from tunewright_trainer.runner.images import ANY
from tunewright_trainer.runner.making import RunnerKind, RunnerSettings
from tunewright_trainer.settings import TrainerSettings


async def trainer_settings(options: LocalOptions, folder: Path, s3_root: Path | None) -> TrainerSettings:
    """A laptop runs what asks for an ml.p3 on what it has. But a GPU is one training's, as long as there are some.

    `folder` is the server's data folder, whose keys and jobs are no training's data.
    """
    has = await asyncio.to_thread(take_inventory)
    return TrainerSettings(
        folder / "trainer",
        slots=options.slots,
        image_roots=options.image_roots,
        data_roots=options.data_roots,
        closed=(folder / FILE_NAME, *(folder / f"{STORE_FILE}{ending}" for ending in ("", "-wal", "-shm"))),
        s3_root=s3_root,
        inventory=has,
        counted=bool(has.gpus),
        only_gpus=True,
    )


def runner_settings(options: LocalOptions, environ: Mapping[str, str] = os.environ) -> RunnerSettings:
    """Return what TUNEWRIGHT_DOCKER_… say, as `serve trainer` reads them; warn of those that nobody reads.

    Any image may be run: who may create jobs here is this machine's user, who could do so anyway. Raises InvalidSpec.
    """
    docker = settings.from_environment(DockerVariables, environ)
    settings.warn_of_unknown(DockerVariables, environ)
    return RunnerSettings(RunnerKind(options.runner), docker.of_docker((ANY,)), docker.docker_host)
