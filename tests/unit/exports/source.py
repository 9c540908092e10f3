"""A job as the SDK gives it, without a server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.unit.core.specs import definition, spec
from tunewright.client import Measurement, TrainingJob, TuningJob
from tunewright.client.resources import Provenance
from tunewright.core.errors import IllegalTransition, NotFound
from tunewright.core.space import Choice, Float, Int, ScalingType
from tunewright.core.spec import Objective, Parameter
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.core.stopping import StopEvidence

BEGAN = 1_700_000_000.0
"""2023-11-14 22:13:20 UTC."""


@dataclass
class Source:
    job: TuningJob
    found: list[TrainingJob]
    curves: dict[str, list[Measurement]] = field(default_factory=dict)
    removed: str = ""
    """The training whose measurements retention has removed."""

    def describe(self, job):
        if job != self.job.name:
            raise NotFound("tuning job", job)
        return self.job

    def trainings(self, _job, *, newest_first=False):
        yield from reversed(self.found) if newest_first else self.found

    def measurements(self, training, metric="", *, max_points=0):
        if training == self.removed:
            raise IllegalTransition(f"measurements of training {training}", "removed by retention", "read it")
        items = [item for item in self.curves.get(training, []) if metric in ("", item.metric)]
        yield from items[-max_points:]


def job(**changes) -> TuningJob:
    state = changes.pop("state", JobState.COMPLETED)
    return TuningJob("u", spec(**changes), state)


def several() -> TuningJob:
    """Return a job of two definitions that share a name under two ranges, and one under the same."""
    shared = Parameter("epochs", Int(10, 50))
    net = definition(name="net", parameters=(shared, Parameter("lr", Float(1e-4, 1e-1))))
    wood = definition(name="trees", parameters=(shared, Parameter("lr", Float(0.1, 1.0, ScalingType.LINEAR))))
    return TuningJob("u", replace(spec(), definitions=(net, wood)), JobState.COMPLETED)


def odd() -> TuningJob:
    """Return a job with ranges that other programs know nothing of."""
    parameters = (
        Parameter("momentum", Float(0.9, 0.999, ScalingType.REVERSE_LOGARITHMIC)),
        Parameter("=batch", Choice(("32", "-64", "=1+1", '"adam"'))),
        Parameter("Steps", Int(3, 3)),
    )
    return job(parameters=parameters, objective=Objective("acc"))


def training(number, state=TrainingState.COMPLETED, value=None, **changes) -> TrainingJob:
    ended = BEGAN + 100 * number + 62.5 if state.final else None
    defaults = {
        "configuration": {"lr": 0.01 * number, "epochs": 10 + number, "optimizer": "adam"},
        "objective_state": ObjectiveState.PENDING
        if not state.final
        else ObjectiveState.FAILED
        if value is None
        else ObjectiveState.SUCCEEDED,
        "objective_value": value,
        "created_at": BEGAN,
        "started_at": None if state is TrainingState.READY else BEGAN + 100 * number,
        "ended_at": ended,
        "provenance": Provenance("explore"),
    }
    return TrainingJob(f"u/{number}", f"digits-1-{number:03}", number, state, **(defaults | changes))


def curve(number, values, metric="acc") -> dict[str, list[Measurement]]:
    points = [Measurement(metric, value, step, BEGAN + step) for step, value in enumerate(values, 1)]
    return {f"digits-1-{number:03}": points}


def every_state() -> Source:
    found = [
        training(1, value=0.5, steps=3, final_metrics={"acc": 0.5}, cost=1.25),
        training(
            2,
            TrainingState.STOPPED,
            0.2,
            reason="stopped early by the median rule",
            steps=2,
            stopped_early=StopEvidence("median", 2, 0.2, 0.4, (1,)),
        ),
        training(3, TrainingState.FAILED, reason="=exit code 1"),
        training(4, value=None, reason="never emitted"),
        training(5, TrainingState.RUNNING),
        training(6, TrainingState.READY, waiting_for="a slot"),
    ]
    curves = curve(1, [0.1, 0.3, 0.5]) | curve(2, [0.1, 0.2]) | curve(5, [0.4, float("nan")])
    return Source(job(), found, curves)
