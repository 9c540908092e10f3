"""An Optuna study of a tuning job, in a file that `optuna.load_study` and optuna-dashboard open.

Trial k is training k + 1. A training that ended with an objective is COMPLETE, also one that Hyperband stopped at its
MaxResource; one that was stopped before is PRUNED, with its last value, which Optuna keeps out of the best; one without
an objective is FAIL. Optuna knows no reverse logarithmic scale: such a range is linear there, and the study's attribute
`reverse_logarithmic` names it. A study has one set of names: in jobs of several definitions the categorical parameter
`definition` tells them apart, each trial has the parameters of its own, and ranges that differ under one name bear
their definition's before it.

Times are local and without a zone, as Optuna's own. What the job is and why trainings ended stands in user attributes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tunewright.client.resources import Measurement, TrainingJob, TuningJob
from tunewright.core.space import Choice, Int, Range, ScalingType, resolved_scaling
from tunewright.core.spec import Direction, TuningJobSpec
from tunewright.core.states import ObjectiveState, TrainingState
from tunewright.core.stopping import had_all
from tunewright.platform.extras import require

if TYPE_CHECKING:
    import optuna

DEFINITION: Final = "definition"
JOURNALS: Final = (".log", ".journal")
DATABASES: Final = (".db", ".sqlite", ".sqlite3")

CurveOf = Callable[[TrainingJob], Iterable[Measurement]]
"""Gives the objective's values of a training, as many of them as are to be shown."""


def require_optuna() -> None:
    """Raise InvalidSpec, naming the command that installs it, if Optuna is missing."""
    require("optuna", "optuna", "export")


def write(path: Path, suffix: str, job: TuningJob, trainings: Iterable[TrainingJob], curve_of: CurveOf) -> int:
    """Write the study, called as the job, to a new file, and return how many trials it has.

    A suffix of DATABASES makes an SQLite file, one of JOURNALS Optuna's journal. `trainings` come by number.
    """
    require_optuna()
    import optuna

    maximize = job.spec.objective.direction is Direction.MAXIMIZE
    direction = optuna.study.StudyDirection.MAXIMIZE if maximize else optuna.study.StudyDirection.MINIMIZE
    known = distributions(job.spec)
    count = 0
    with _quietly(optuna), _storage(path, suffix) as storage:
        study = storage.create_new_study([direction], job.name)
        for name, value in _attributes(job).items():
            storage.set_study_user_attr(study, name, value)
        for training in trainings:
            storage.create_new_trial(study, _trial(job.spec, training, known, curve_of(training)))
            count += 1
    return count


Distributions = Mapping[tuple[str, str], tuple[str, Any]]
"""Definition and hyperparameter to the name of the parameter in the study, and its distribution."""


def distributions(spec: TuningJobSpec) -> Distributions:
    ranges = [(item.name, name, range_) for item in spec.definitions for name, range_ in item.space.items()]
    return {
        (definition, name): (_name_in_study(definition, name, range_, ranges), _distribution(range_))
        for definition, name, range_ in ranges
    }


def _name_in_study(definition: str, name: str, range_: Range, ranges: list[tuple[str, str, Range]]) -> str:
    alone = all(other == range_ for _, called, other in ranges if called == name)
    several = len({item for item, _, _ in ranges}) > 1
    return name if alone and not (several and name == DEFINITION) else f"{definition}.{name}"


def _distribution(range_: Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(range_, Choice):
        return CategoricalDistribution(range_.values)
    log = resolved_scaling(range_) is ScalingType.LOGARITHMIC
    if isinstance(range_, Int):
        return IntDistribution(range_.low, range_.high, log=log)
    return FloatDistribution(range_.low, range_.high, log=log)


def _trial(
    spec: TuningJobSpec, training: TrainingJob, known: Distributions, curve: Iterable[Measurement]
) -> optuna.trial.FrozenTrial:
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import FrozenTrial, TrialState

    definition = spec.definition(training.definition_name)
    tried = [(*known[definition.name, name], value) for name, value in training.configuration.items()]
    if len(spec.definitions) > 1:
        names = CategoricalDistribution([item.name for item in spec.definitions])
        tried.insert(0, (DEFINITION, names, definition.name))
    state = TrialState[state_of(training)]
    began = training.started_at or training.created_at
    return FrozenTrial(
        number=training.number - 1,
        trial_id=-1,
        state=state,
        value=training.objective_value if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        datetime_start=None if state is TrialState.WAITING else _local(began),
        datetime_complete=_local(training.ended_at or began) if state.is_finished() else None,
        params={name: value for name, _, value in tried},
        distributions={name: distribution for name, distribution, _ in tried},
        user_attrs=_attributes_of(training),
        system_attrs={},
        intermediate_values={item.step: item.value for item in curve},
    )


def state_of(training: TrainingJob) -> str:
    """Return the name of Optuna's TrialState."""
    judged = training.objective_state is ObjectiveState.SUCCEEDED and training.objective_value is not None
    match training.state:
        case TrainingState.READY:
            return "WAITING"
        case TrainingState.RUNNING | TrainingState.EXITED:
            return "RUNNING"
        case TrainingState.STOPPED:
            return "COMPLETE" if judged and had_all(training.stopped_early) else "PRUNED"
        case _:
            return "COMPLETE" if judged and training.state is TrainingState.COMPLETED else "FAIL"


def _attributes_of(training: TrainingJob) -> dict[str, Any]:
    return {
        "training": training.name,
        **_given(
            reason=training.reason,
            stopped_by="" if training.stopped_early is None else training.stopped_early.rule,
            source=training.provenance.source,
            steps=training.steps,
            cost=training.cost,
            attempt=training.attempt,
            repeats=training.repeats,
            model=training.artifact_uri,
        ),
        **{f"metric:{name}": value for name, value in training.final_metrics.items()},
    }


def _attributes(job: TuningJob) -> dict[str, Any]:
    spec = job.spec
    reverse = [
        name
        for item in spec.definitions
        for name, range_ in item.space.items()
        if not isinstance(range_, Choice) and range_.scaling is ScalingType.REVERSE_LOGARITHMIC
    ]
    return {
        "tuning_job": job.name,
        "uid": job.uid,
        "state": job.state.shown,
        "strategy": spec.strategy.value,
        "objective_metric": spec.objective.metric_name,
        **_given(
            reason=job.reason,
            best="" if job.best is None else job.best.name,
            reverse_logarithmic=reverse,
            fixed={item.name or job.name: dict(item.static_hyperparameters) for item in spec.definitions
                   if item.static_hyperparameters},
        ),
    }  # fmt: skip


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _local(instant: float) -> datetime:
    return datetime.fromtimestamp(instant)  # noqa: DTZ006 - Optuna compares them with its own, which have no zone


@contextmanager
def _storage(path: Path, suffix: str) -> Iterator[Any]:
    """Open a new storage, and close its file."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if suffix in JOURNALS:
        yield JournalStorage(JournalFileBackend(str(path)))
        return
    from tunewright.exports.optuna_database import database

    with database(path) as storage:
        yield storage


@contextmanager
def _quietly(optuna: Any) -> Iterator[None]:
    """Keep Optuna from announcing the study on stderr as if a search had begun."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
