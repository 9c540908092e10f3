"""Wiring of the trainer service."""

from __future__ import annotations

import grpc

from tunewright.platform.bus.port import Bus
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.runner.world import began_at
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer


def make_trainer(settings: TrainerSettings, channel: grpc.aio.Channel, bus: Bus) -> Trainer:
    """Return a trainer with the process runner. The caller runs it, and closes channel and bus after it."""
    runner = ProcessRunner(Folders(settings.data_dir), settings.image_roots, began_at())
    stub = WorkerServiceStub(channel)
    return Trainer(settings, stub, bus, runner)
