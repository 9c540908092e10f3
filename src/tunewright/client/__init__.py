"""The SDK: a server's tuning jobs from Python, synchronously or not. Clients, and gRPC, load when used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tunewright.client.address import Address, find
from tunewright.client.resources import (
    Curve,
    Finding,
    FoundLine,
    Measurement,
    OutputLine,
    TrainingAttempt,
    TrainingJob,
    TuningJob,
    Watched,
)
from tunewright.core.analysis import (
    Advice,
    AdviceKind,
    Analyses,
    Analysis,
    BestStep,
    Importance,
    Method,
    PartialDependence,
    Refusal,
    Share,
)
from tunewright.core.finished import FinishedTraining

if TYPE_CHECKING:
    from tunewright.client.asynchronous import AsyncClient
    from tunewright.client.claiming.attempt import TrainingStopped
    from tunewright.client.claiming.trainings import AsyncClaimedTraining, ClaimedTraining
    from tunewright.client.explaining import Explanation, Replayed
    from tunewright.client.jobs import AsyncJob, Job
    from tunewright.client.synchronous import Client

__all__ = [
    "Address",
    "Advice",
    "AdviceKind",
    "Analyses",
    "Analysis",
    "AsyncClaimedTraining",
    "AsyncClient",
    "AsyncJob",
    "BestStep",
    "ClaimedTraining",
    "Client",
    "Curve",
    "Explanation",
    "Finding",
    "FinishedTraining",
    "FoundLine",
    "Importance",
    "Job",
    "Measurement",
    "Method",
    "OutputLine",
    "PartialDependence",
    "Refusal",
    "Replayed",
    "Share",
    "TrainingAttempt",
    "TrainingJob",
    "TrainingStopped",
    "TuningJob",
    "Watched",
    "find",
]


def __getattr__(name: str) -> Any:
    match name:
        case "AsyncClient":
            from tunewright.client.asynchronous import AsyncClient

            return AsyncClient
        case "AsyncClaimedTraining" | "ClaimedTraining":
            from tunewright.client.claiming import trainings

            return getattr(trainings, name)
        case "TrainingStopped":
            from tunewright.client.claiming.attempt import TrainingStopped

            return TrainingStopped
        case "Client":
            from tunewright.client.synchronous import Client

            return Client
        case "AsyncJob" | "Job":
            from tunewright.client import jobs

            return getattr(jobs, name)
        case "Explanation" | "Replayed":
            from tunewright.client import explaining

            return getattr(explaining, name)
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
