"""The tuning job that the scheduler's benches run, and what its trainings say."""

from __future__ import annotations

from typing import Final

from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec
from tunewright.core.states import EndCause
from tunewright_scheduler.core.job import Ask, Provenance, Suggestion
from tunewright_scheduler.core.training import Exit, Summary

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
    return tuple(_suggestion(ask.started + index) for index in range(ask.count))


def _suggestion(draw: int) -> Suggestion:
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


def said(number: int) -> Summary:
    """Return what metrics reads of a training: losses that get slowly better, but every fortieth says nothing."""
    if number % 40 == 0:
        return Summary(None, fault="metric 'loss' never matched")
    loss = 1.0 / (1.0 + number / 1000) + number * 0.7548776662466927 % 1.0
    curve = tuple(loss + 1.0 / step for step in range(1, STEPS + 1))
    return Summary(loss, steps=STEPS, last_values={"loss": loss}, curve=curve, curve_steps=tuple(range(1, STEPS + 1)))
