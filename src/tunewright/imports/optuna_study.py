"""A study of Optuna's as a job that has ended.

Optuna knows no program, only a loop of the user's own: so the job's trainings are ones that are claimed. Trial k is
training k + 1, unless some are left out. COMPLETE is Completed with its value, PRUNED is Stopped with its last
intermediate value, FAIL is Failed; trials that have not ended are left out.

A study has no ranges of its own, each trial has its distributions. The job's ranges are those of the trials together:
where they differ, the widest. A job's trainings have all the same parameters, so a trial that lacks one is left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tunewright.core.claimed import CLAIMED
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Choice, Float, Int, Range, ScalingType, Value
from tunewright.core.spec import Definition, Direction, Limits, MetricDefinition, Objective, Parameter, TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.imports.found import Found, counted
from tunewright.platform.extras import require

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

SQLITE: Final = "sqlite:///"
JOURNALS: Final = (".log", ".journal")
CONSTRAINTS: Final = "constraints"
STATES: Final = {
    "COMPLETE": TrainingState.COMPLETED,
    "PRUNED": TrainingState.STOPPED,
    "FAIL": TrainingState.FAILED,
}
UNFINISHED: Final = "they have not ended"
PARTIAL: Final = "they lack parameters that others have"
NO_NUMBER: Final = "value that is no finite number, brought without it"


def from_optuna(
    storage: str,
    study: str = "",
    *,
    name: str = "",
    metric: str = "",
    static_hyperparameters: Mapping[str, str] | None = None,
) -> Found:
    """Read a study from a storage: a URL as Optuna takes it, or the file of a journal.

    The study may be left out where there is one only. The job is called `name`, else as the study. `metric` is what its
    objective is called, `static_hyperparameters` are what the trials had beside their parameters: a job that is
    warm-started from this one has the same names. Raises InvalidSpec, NotFound.
    """
    require("optuna", "optuna", "import")
    found = _opened(storage, study)
    if len(found.directions) > 1:
        why = f"{found.study_name!r} has {len(found.directions)} objectives, and a tuning job has one"
        raise InvalidSpec("study", why, "Write a study of one of them, and import that")
    ended, left_out = _ended(found.get_trials(deepcopy=False))
    ranges, notes = _ranges(ended)
    whole = [trial for trial in ended if len(trial.params) == len(ranges)]
    left_out[PARTIAL] = [trial for trial in ended if len(trial.params) != len(ranges)]
    if not whole:
        why = f"no trial of {found.study_name!r} has all of {', '.join(ranges)}: its space is conditional"
        raise InvalidSpec("study", why, "Copy the trials of one branch into a study of their own, and import that")
    objective = _objective(found, metric)
    trainings = tuple(_training(trial, ranges) for trial in whole)
    odd = [trial for trial in whole if trial.state.name == "COMPLETE" and not _is_number(trial.value)]
    more = [f"{len(odd)} with a {NO_NUMBER}"] if odd else []
    spec = TuningJobSpec(
        name=name or found.study_name,
        definitions=(
            Definition(
                image=CLAIMED,
                parameters=tuple(Parameter(called, range_) for called, range_ in ranges.items()),
                static_hyperparameters=dict(static_hyperparameters or {}),
                metric_definitions=(MetricDefinition(objective.metric_name),),
            ),
        ),
        objective=objective,
        limits=Limits(max_trainings=len(trainings)),
    )
    origin = f"Optuna's study {found.study_name!r} in {_without_secret(storage)}"
    return Found(spec, trainings, origin, (*counted(left_out), *more, *notes))


def _opened(storage: str, study: str) -> optuna.Study:
    """Raises NotFound, InvalidSpec."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from sqlalchemy.exc import SQLAlchemyError

    path = Path(storage.removeprefix(SQLITE).partition("?")[0])
    local = storage.startswith(SQLITE) or storage.endswith(JOURNALS)
    if local and not path.is_file():  # Optuna would make one
        raise NotFound("storage", storage, "give a URL such as sqlite:///study.db, or the file of a journal")
    try:
        opened: Any = storage
        if storage.endswith(JOURNALS) and "://" not in storage:
            opened = JournalStorage(JournalFileBackend(storage))
        names = optuna.get_all_study_names(opened)
        if study not in names and (study or len(names) != 1):
            raise NotFound("study", study, f"there are: {', '.join(names)}" if names else "there is none")
        return optuna.load_study(study_name=study or names[0], storage=opened)
    except (SQLAlchemyError, RuntimeError, ImportError, ValueError) as error:  # an older schema, a missing driver …
        why = str(error).strip().splitlines()[0]
        raise InvalidSpec("storage", f"cannot be read: {why}", "Give a URL that Optuna opens") from error


def _without_secret(storage: str) -> str:
    """Return a storage's URL without user and password."""
    scheme, slashes, rest = storage.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def _ended(trials: Sequence[FrozenTrial]) -> tuple[list[FrozenTrial], dict[str, list[FrozenTrial]]]:
    """Return those that have ended and have parameters, and the others by why they are left out."""
    ended = [trial for trial in trials if trial.state.name in STATES and trial.params]
    left_out = {UNFINISHED: [trial for trial in trials if trial.state.name not in STATES]}
    left_out["they have no parameters"] = [t for t in trials if t.state.name in STATES and not t.params]
    if not ended:
        raise InvalidSpec("study", "has no trial that has ended and has parameters", "Run it first")
    return ended, left_out


def _ranges(trials: Sequence[FrozenTrial]) -> tuple[dict[str, Range], list[str]]:
    """Return the ranges that hold all values of the trials that tell what the parameters are, and what they lose.

    Of failed trials there may be some that did not come to ask for all.
    """
    known: dict[str, list[BaseDistribution]] = defaultdict(list)
    telling = [trial for trial in trials if trial.state.name != "FAIL"] or trials
    for trial in telling:
        for name, distribution in trial.distributions.items():
            if distribution not in known[name]:
                known[name].append(distribution)
    notes = []
    for name, found in known.items():
        if any(getattr(one, "step", None) not in (None, 1) for one in found):
            notes.append(f"{name}: its steps are not carried, for ranges have none")
        if len(found) > 1:
            notes.append(f"{name}: its range was not always the same; the widest is taken")
    return {name: _range(name, found) for name, found in known.items()}, notes


def _range(name: str, found: Sequence[Any]) -> Range:
    """Raises InvalidSpec: the trials do not agree on what it is."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if len({type(one) for one in found}) > 1:
        raise InvalidSpec(f"study.{name}", "is not of one kind in all trials", "Import a study in which it is")
    match found[0]:
        case CategoricalDistribution():
            return Choice(_texts(list(dict.fromkeys(choice for one in found for choice in one.choices))))
        case FloatDistribution():
            return Float(min(one.low for one in found), max(one.high for one in found), _scaling(found))
        case IntDistribution():
            return Int(min(one.low for one in found), max(one.high for one in found), _scaling(found))
        case other:
            raise InvalidSpec(f"study.{name}", f"{other!r} is not known here", "Use float, int or categorical ones")


def _scaling(found: Sequence[Any]) -> ScalingType:
    return ScalingType.LOGARITHMIC if all(one.log for one in found) else ScalingType.LINEAR


def _texts(choices: Sequence[Any]) -> tuple[str, ...]:
    """Return choices as texts; where two would read alike (1 and "1"), all are written as Python does."""
    plain = tuple(map(str, choices))
    return plain if len(set(plain)) == len(plain) else tuple(map(repr, choices))


def _objective(study: optuna.Study, metric: str) -> Objective:
    named = study.metric_names or [study.user_attrs.get("objective_metric", "objective")]
    direction = Direction.MAXIMIZE if study.direction.name == "MAXIMIZE" else Direction.MINIMIZE
    return Objective(metric or named[0], direction)


def _training(trial: FrozenTrial, ranges: Mapping[str, Range]) -> FinishedTraining:
    state = STATES[trial.state.name]
    last = trial.last_step
    value = None if state is TrainingState.FAILED else trial.value
    if value is None and state is TrainingState.STOPPED and last is not None:
        value = trial.intermediate_values[last]
    reason, value = _judged(trial, value)
    return FinishedTraining(
        state,
        {name: _value(trial, name, range_) for name, range_ in ranges.items()},
        value,
        name=f"trial {trial.number}",
        reason=reason,
        steps=0 if last is None else last + 1,  # Optuna counts from 0
        started_at=None if trial.datetime_start is None else trial.datetime_start.timestamp(),
        ended_at=None if trial.datetime_complete is None else trial.datetime_complete.timestamp(),
    )


def _judged(trial: FrozenTrial, value: float | None) -> tuple[str, float | None]:
    """Return why a trial has no objective, and else its value."""
    if any(amount > 0 for amount in trial.system_attrs.get(CONSTRAINTS) or ()):
        return "it breaks a constraint", None
    if value is not None and not math.isfinite(value):
        return f"its value was {value}", None
    return ("pruned" if trial.state.name == "PRUNED" else ""), value


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _value(trial: FrozenTrial, name: str, range_: Range) -> Value:
    value: Any = trial.params[name]
    match range_:
        case Float():
            return float(value)
        case Int():
            return int(value)
        case Choice():
            distribution: Any = trial.distributions[name]
            choices: Sequence[Any] = distribution.choices
            return _texts(choices)[choices.index(value)]
