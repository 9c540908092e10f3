"""A trainer inside the bench's process, on a bus that keeps what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bench.trainer.granting import Granting, granting
from bench.trainer.heard import HeardBus
from tunewright.platform.rpc.client import open_channel
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer
from tunewright_trainer.watch import Watch


@asynccontextmanager
async def training(
    folder: Path, make_runner: Callable[[Folders], Runner] | None = None
) -> AsyncIterator[tuple[Granting, HeardBus]]:
    """Run a trainer of one slot with a runner, by default of programs below the folder."""
    settings = TrainerSettings(folder / "data", image_roots=(folder,))
    folders, bus = Folders(settings.data_dir), HeardBus()
    runner = make_runner(folders) if make_runner is not None else ProcessRunner(folders, settings.image_roots)
    async with granting() as scheduler, open_channel(scheduler.address, "token") as channel:
        trainer = Trainer(settings, WorkerServiceStub(channel), bus, runner, watch=Watch())
        task = asyncio.create_task(trainer.run())
        try:
            yield scheduler, bus
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
