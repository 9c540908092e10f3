"""Wiring of the trainer service."""

from __future__ import annotations

import grpc

from tunewright.platform.bus.port import Bus
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.trainer import Trainer
from tunewright_trainer.watch import Watch


def make_trainer(settings: TrainerSettings, channel: grpc.aio.Channel, bus: Bus, runner: Runner) -> Trainer:
    """The caller closes channel and bus after it; the runner is the trainer's to close."""
    return Trainer(settings, WorkerServiceStub(channel), bus, runner, watch=Watch())
