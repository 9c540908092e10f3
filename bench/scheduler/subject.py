"""The tuning job that the scheduler's benches run, and what its trainings say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import grpc

from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec
from tunewright.core.states import EndCause
from tunewright.events.v1 import results_pb2
from tunewright.platform.codec import value_to_message
from tunewright.v1 import spec_pb2, suggestion_service_pb2_grpc, tuning_service_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_scheduler.core.job import Ask, Provenance, Suggestion
from tunewright_scheduler.core.training import Exit

IMAGE: Final = "file:///bench"
STEPS: Final = 10
"""Values of the objective that each training reports."""


def spec(
    name: str, *, trainings: int, parallel: int, strategy: Strategy = Strategy.RANDOM, pool: str = "default"
) -> TuningJobSpec:
    definition = Definition(
        image=IMAGE,
        parameters=(
            Parameter("learning_rate", Float(1e-4, 1e-1)),
            Parameter("momentum", Float(0.0, 0.99)),
            Parameter("weight_decay", Float(1e-6, 1e-2)),
            Parameter("layers", Int(1, 8)),
            Parameter("optimizer", Choice(("adam", "sgd"))),
        ),
        metric_definitions=(MetricDefinition("loss", "loss=(.*)"),),
        static_hyperparameters={"epochs": str(STEPS)},
        pool=pool,
    )
    return TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("loss"),
        limits=Limits(max_parallel=parallel, max_trainings=trainings),
        strategy=strategy,
        random_seed=7,
    )


def suggestions(ask: Ask) -> tuple[Suggestion, ...]:
    """Return what a suggester would propose, at no cost of its own."""
    return tuple(suggestion(ask.started + index) for index in range(ask.count))


def suggestion(draw: int) -> Suggestion:
    part = draw * 0.6180339887498949 % 1.0
    configuration = {
        "learning_rate": 1e-4 + 0.09 * part,
        "momentum": 0.9 * part,
        "weight_decay": 1e-6 + 0.009 * part,
        "layers": 1 + draw % 8,
        "optimizer": ("adam", "sgd")[draw % 2],
    }
    return Suggestion(configuration, Provenance("random"))


def left(number: int, at: float) -> Exit:
    """Return how a training's process ends: well, but every fiftieth fails."""
    code = 1 if number % 50 == 0 else 0
    return Exit(EndCause.EXITED, code, "" if code == 0 else "exit code 1", at - 60.0, at)


def loss(number: int) -> float | None:
    """Return a training's objective: slowly better, with scatter; every fortieth has none."""
    if number % 40 == 0:
        return None
    return 1.0 / (1.0 + number / 1000) + number * 0.7548776662466927 % 1.0


def said(uid: str, number: int, attempt: int) -> results_pb2.TrainingSummarized:
    """Return what metrics has read of a training."""
    value = loss(number)
    if value is None:
        return results_pb2.TrainingSummarized(
            uid=uid, number=number, attempt=attempt, objective_fault="metric 'loss' never matched"
        )
    return results_pb2.TrainingSummarized(
        uid=uid,
        number=number,
        attempt=attempt,
        objective_value=value,
        steps=STEPS,
        last_values=[results_pb2.LastValue(metric="loss", value=value)],
        curve=[value + 1.0 / step for step in range(1, STEPS + 1)],
        curve_steps=range(1, STEPS + 1),
    )


class Drawing(suggestion_service_pb2_grpc.SuggestionServiceServicer):
    """A suggester that proposes at no cost of its own, and knows all prefixes; or never answers."""

    def __init__(self, *, answers: Callable[[pb.SuggestRequest], int] = lambda request: request.count) -> None:
        self._answers = answers
        """How many to propose; negative: no answer."""
        self.asked: dict[str, int] = {}
        """Number of the last ask of each job."""

    async def Suggest(  # noqa: N802
        self, request: pb.SuggestRequest, _context: grpc.aio.ServicerContext
    ) -> pb.SuggestResponse:
        self.asked[request.uid] = request.ask_number
        count = self._answers(request)
        if count < 0:
            await asyncio.Event().wait()
        return pb.SuggestResponse(
            suggestions=[_proposal(request.started + index) for index in range(count)],
            digest=b"" if request.strategy == spec_pb2.STRATEGY_RANDOM else b"known",
        )


def _proposal(draw: int) -> pb.Suggestion:
    configuration = {name: value_to_message(value) for name, value in suggestion(draw).configuration.items()}
    return pb.Suggestion(configuration=configuration, provenance=tuning_service_pb2.Provenance(source="random"))


async def any_program(_path: str, _definition: Definition) -> None:
    """Where no program is looked for, none is missing."""
