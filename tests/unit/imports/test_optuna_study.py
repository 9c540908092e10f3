"""Studies as jobs: what of a trial is carried, what is left out and said, what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from tunewright.core.check_import import checked_import
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.space import Choice, Float, Int, ScalingType
from tunewright.core.spec import Direction
from tunewright.core.states import TrainingState
from tunewright.imports import from_optuna
from tunewright.imports.optuna_study import _without_secret

SPACE = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "depth": IntDistribution(1, 9, step=2),
    "kind": CategoricalDistribution(["sgd", None, True, 3]),
}
PARAMS = {"lr": 0.01, "depth": 3, "kind": None}


def trial(params=PARAMS, space=SPACE, **fields):
    return create_trial(params=params, distributions={name: space[name] for name in params}, **fields)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "study.log")


def stored(url, *trials, name="s", directions=("minimize",), storage=None):
    storage = storage or optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(url))
    study = optuna.create_study(storage=storage, study_name=name, directions=directions)
    study.add_trials(trials)
    return study


def found_trials(url):
    backend = optuna.storages.journal.JournalFileBackend(url)
    return optuna.load_study(study_name="s", storage=optuna.storages.JournalStorage(backend)).trials


def test_what_a_trial_says_is_carried(url):
    stored(
        url,
        trial(value=0.5),
        trial(state=TrialState.PRUNED, intermediate_values={0: 0.9, 4: 0.8}),
        trial(state=TrialState.FAIL),
    )
    found = from_optuna(url, metric="loss")
    done, pruned, failed = found.trainings
    assert (done.state, done.objective_value, done.configuration) == (
        TrainingState.COMPLETED,
        0.5,
        {"lr": 0.01, "depth": 3, "kind": "None"},
    )
    assert (pruned.state, pruned.objective_value, pruned.steps, pruned.reason) == (
        TrainingState.STOPPED,
        0.8,
        5,
        "pruned",
    )
    assert (failed.state, failed.objective_value, failed.name) == (TrainingState.FAILED, None, "trial 2")
    (began,) = [one.datetime_start for one in found_trials(url)[:1]]
    assert done.started_at == began.astimezone().timestamp()
    (definition,) = found.spec.definitions
    assert definition.space == {
        "lr": Float(1e-4, 1e-1, ScalingType.LOGARITHMIC),
        "depth": Int(1, 9, ScalingType.LINEAR),
        "kind": Choice(("sgd", "None", "True", "3")),
    }
    assert (found.spec.name, found.spec.objective.metric_name) == ("s", "loss")
    assert found.spec.objective.direction is Direction.MINIMIZE
    assert found.notes == ("depth: its steps are not carried, for ranges have none",)
    checked_import(found.spec, found.trainings, found.origin)


def test_what_cannot_be_carried_is_said(url):
    wide = SPACE | {"lr": FloatDistribution(1e-5, 1e-2, log=True)}
    stored(
        url,
        trial(value=0.5),
        trial(value=math.inf),
        trial(space=wide, value=0.4),
        trial(params={"lr": 0.01}, state=TrialState.FAIL),
        trial(state=TrialState.WAITING),
        trial(value=0.1, system_attrs={"constraints": [1.0]}),
    )
    found = from_optuna(url)
    assert [one.objective_value for one in found.trainings] == [0.5, None, 0.4, None]
    assert [one.reason for one in found.trainings] == ["", "its value was inf", "", "it breaks a constraint"]
    assert found.spec.definitions[0].space["lr"] == Float(1e-5, 1e-1, ScalingType.LOGARITHMIC)
    assert found.notes == (
        "1 left out: they have not ended",
        "1 left out: they lack parameters that others have",
        "1 with a value that is no finite number, brought without it",
        "lr: its range was not always the same; the widest is taken",
        "depth: its steps are not carried, for ranges have none",
    )
    checked_import(found.spec, found.trainings, found.origin)


def test_choices_that_read_alike_stay_apart(url):
    space = {"n": CategoricalDistribution([1, "1"])}
    stored(url, trial({"n": 1}, space, value=1.0), trial({"n": "1"}, space, value=2.0))
    found = from_optuna(url)
    assert [one.configuration["n"] for one in found.trainings] == ["1", "'1'"]


def test_what_is_no_tuning_job_is_refused(url, tmp_path):
    with pytest.raises(NotFound, match="storage"):
        from_optuna(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
    space = {"a": FloatDistribution(0, 1), "b": FloatDistribution(0, 1)}
    stored(url, name="empty")
    with pytest.raises(InvalidSpec, match="has no trial that has ended"):
        from_optuna(url)
    stored(url, trial({"a": 0.5}, space, value=1.0), trial({"b": 0.5}, space, value=1.0), name="branches")
    with pytest.raises(InvalidSpec, match="no trial of 'branches' has all of a, b: its space is conditional"):
        from_optuna(url, "branches")
    stored(url, trial({"a": 0.5}, space, values=[1.0, 2.0]), name="two", directions=["minimize", "maximize"])
    with pytest.raises(InvalidSpec, match="'two' has 2 objectives, and a tuning job has one"):
        from_optuna(url, "two")
    for name in ("", "nobody"):
        with pytest.raises(NotFound, match="there are: "):
            from_optuna(url, name)


def test_a_password_is_not_told():
    assert _without_secret("postgresql://me:s3cr@t@db.example:5432/x") == "postgresql://db.example:5432/x"
    assert _without_secret("sqlite:///study.db") == "sqlite:///study.db"
