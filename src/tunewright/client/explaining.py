"""The part of the SDK that says where configurations came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from tunewright.client.calling import Calling
from tunewright.client.requests import request_of
from tunewright.client.resources import TrainingJob
from tunewright.platform.codec import from_message
from tunewright.v1 import explanation_service_pb2 as pb
from tunewright.v1.explanation_service_pb2_grpc import ExplanationServiceStub


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training of the same job that is near in the model's eyes."""

    number: int
    distance: float = 0.0
    """In lengthscales of the model."""
    value: float = 0.0
    """Its objective."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a training has the configuration that it has."""

    training: TrainingJob
    text: str = ""
    ask_number: int | None = None
    """None: the suggester was not asked for it, or did not answer."""
    observations: int = 0
    """How many ended trainings were known when it was asked for."""
    pending: tuple[int, ...] = ()
    """Numbers of those that were running then."""
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest ones that had ended, where there was a model."""
    lengthscales: Mapping[str, float] = field(default_factory=dict)
    """Hyperparameter to how far the model sees along its scaled range; small means that it matters."""
    noise: float = 0.0
    """Standard deviation of the objective around the model's mean."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """An ask of a tuning job that was asked again, as its record has it."""

    ask_number: int = 0
    trainings: tuple[int, ...] = ()
    """Numbers of those that it gave their configurations."""
    difference: str = ""
    """What is other than it was, in a sentence; empty: all is the same."""


class AsyncExplanations(Calling):
    _explaining: ExplanationServiceStub

    async def explain(self, training: str) -> Explanation:
        """Say why a training has its configuration, recomputed from what was known when it was asked for.

        By name or id. Raises NotFound, Unavailable.
        """
        request = request_of(pb.ExplainTrainingJobRequest, training=training)
        return from_message((await self._call(self._explaining.ExplainTrainingJob, request)).explanation, Explanation)

    async def replay(self, job: str) -> AsyncIterator[Replayed]:
        """Recompute every suggestion of a job from its ask record; yield each ask when it is done.

        Raises NotFound, Unavailable.
        """
        request = request_of(pb.ReplayTuningJobRequest, job=job)
        async for response in self._told(self._explaining.ReplayTuningJob, request):
            yield from_message(response.replayed, Replayed)
