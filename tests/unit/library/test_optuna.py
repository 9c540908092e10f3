"""TunewrightSampler beyond Optuna's own tests of samplers (tests/contract): what it tells its optimizer, and when."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading

import pytest

from tunewright.core.errors import InvalidSpec

optuna = pytest.importorskip("optuna", reason="optuna is not installed")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: E402

from tunewright.optuna import TunewrightSampler  # noqa: E402

SPACE = {
    "rate": FloatDistribution(1e-4, 1e-1, log=True),
    "momentum": FloatDistribution(0.0, 0.9, step=0.1),
    "units": IntDistribution(16, 128, step=16),
    "act": CategoricalDistribution(["relu", None, True, 1]),
}


@pytest.fixture(autouse=True)
def _silent():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def loss(params) -> float:
    return abs(params["momentum"] - 0.5) + abs(params["units"] - 64) / 64 + (params["act"] is not None)


def run(study, trials):
    """Run trials one by one; return all configurations."""
    for _ in range(trials):
        trial = study.ask(SPACE)
        study.tell(trial, loss(trial.params))
    return [trial.params for trial in study.trials]


def stored(path, **settings):
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    return optuna.create_study(storage=storage, study_name="s", load_if_exists=True, **settings)


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_it_finds_the_optimum_in_the_direction_of_the_study(direction, sign):
    study = optuna.create_study(direction=direction, sampler=TunewrightSampler(seed=0))
    study.optimize(lambda trial: sign * (trial.suggest_float("x", -5, 5) - 1) ** 2, n_trials=20)
    assert abs(study.best_params["x"] - 1) < 0.1


def test_steps_and_categories_come_back_as_they_were_given():
    params = run(optuna.create_study(sampler=TunewrightSampler(seed=0)), 15)
    assert all(one["units"] % 16 == 0 and SPACE["momentum"]._contains(one["momentum"]) for one in params)
    assert {type(one["act"]) for one in params} <= {str, type(None), bool, int}
    assert min(loss(one) for one in params) < 0.3


def test_a_study_that_was_away_goes_on_as_if_it_had_not_been(tmp_path):
    whole = run(stored(tmp_path / "whole.log", sampler=TunewrightSampler(seed=3)), 12)
    run(stored(tmp_path / "cut.log", sampler=TunewrightSampler(seed=3)), 7)
    assert run(stored(tmp_path / "cut.log", sampler=TunewrightSampler(seed=3)), 5) == whole


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda sampler: pickle.loads(pickle.dumps(sampler))])  # noqa: S301 - our own
def test_a_copy_goes_on_alike_until_it_is_reseeded(copied):
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    run(study, 8)
    original, other, reseeded = study.sampler, copied(study.sampler), copied(study.sampler)
    reseeded.reseed_rng()
    trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
    trial.number = 8
    first, second, third = (one.sample_relative(study, trial, SPACE) for one in (original, other, reseeded))
    assert first == second != third


def test_trials_that_run_are_accounted_for_also_those_of_another_sampler():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    run(study, 8)
    asked = [study.ask(SPACE).params for _ in range(3)]
    study.sampler = TunewrightSampler(seed=0)
    asked += [study.ask(SPACE).params for _ in range(3)]
    assert len({str(params) for params in asked}) == 6


def test_threads_share_a_sampler():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    together = threading.Barrier(2, timeout=20)

    def objective(trial):
        params = {name: trial._suggest(name, known) for name, known in SPACE.items()}
        together.wait()
        return loss(params)

    study.optimize(objective, n_trials=8, n_jobs=2)
    assert len({str(trial.params) for trial in study.trials}) == 8


def test_what_was_enqueued_is_learnt_from_and_what_was_suggested_in_its_place_is_forgotten():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    run(study, 6)
    best = {"rate": 0.01, "momentum": 0.5, "units": 64, "act": None}
    study.enqueue_trial(best)
    run(study, 2)
    history = study.sampler._follower._optimizer.history
    assert len(history) == 7  # the last trial is told when the next one is asked for
    assert (history[6].value, history[6].configuration["units"]) == (pytest.approx(0.0), 3)
    assert len(study.sampler._follower._optimizer.pending) == 1


def test_what_was_enqueued_outside_its_range_runs_and_the_study_goes_on():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    run(study, 4)
    best = {"rate": 0.01, "momentum": 0.5, "units": 64, "act": None}
    for wrong in ({"rate": 5.0}, {"momentum": 0.55}, {"units": 640}):
        study.enqueue_trial({**best, **wrong})
    with pytest.warns(UserWarning, match="out of range"):
        params = run(study, 7)
    assert [params[4]["rate"], params[5]["momentum"], params[6]["units"]] == [5.0, 0.55, 640]
    assert all(trial.state is optuna.trial.TrialState.COMPLETE for trial in study.trials)
    assert len(study.sampler._follower._optimizer.history) == 7  # of 11: 3 do not belong, the last is told later


def test_failed_trials_are_not_tried_again_and_pruned_ones_are_told_with_their_steps():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    run(study, 2)
    failed = study.ask(SPACE)
    study.tell(failed, state=optuna.trial.TrialState.FAIL)
    pruned = study.ask(SPACE)
    for step in range(3):
        pruned.report(1.0 - step / 10, step)
    study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    early = study.ask(SPACE)
    study.tell(early, state=optuna.trial.TrialState.PRUNED)
    completed = study.ask(SPACE)
    completed.report(0.7, 5)
    study.tell(completed, 0.6)
    study.ask(SPACE)
    _, _, third, fourth, fifth, sixth = study.sampler._follower._optimizer.history
    assert (third.value, third.failed != "") == (None, True)
    assert (fourth.value, fourth.step, fourth.curve.steps) == (0.8, 3, (1, 2, 3))
    assert fifth.value is None
    assert (sixth.value, sixth.step, sixth.curve.steps) == (0.6, None, (6,))
    params = [str(trial.params) for trial in study.trials]
    assert params.count(str(failed.params)) == 1


def test_a_finite_space_that_is_tried_out_is_sampled_again():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_int("x", 0, 2), n_trials=6)
    assert {trial.params["x"] for trial in study.trials} == {0, 1, 2}
    assert len(study.trials) == 6


def test_conditional_parameters_are_sampled_by_the_independent_sampler():
    class Counting(optuna.samplers.RandomSampler):
        names: list[str] = []  # noqa: RUF012 - of this test alone

        def sample_independent(self, study, trial, name, known):
            self.names.append(name)
            return super().sample_independent(study, trial, name, known)

    def objective(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("of a", 0, 1)
        return trial.suggest_float("of b", 0, 1) + 1

    study = optuna.create_study(sampler=TunewrightSampler(seed=0, independent_sampler=Counting(seed=0)))
    study.optimize(objective, n_trials=12)
    assert {"of a", "of b"} <= set(Counting.names)
    assert "kind" in Counting.names[:2]
    assert Counting.names.count("kind") < 12


def test_an_integer_beyond_what_a_model_tells_apart_is_sampled_by_itself():
    study = optuna.create_study(sampler=TunewrightSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_int("x", 0, 2**60) / 2**60 + trial.suggest_float("y", 0, 1), n_trials=4)
    assert list(study.sampler._follower.space) == ["y"]


def test_several_objectives_and_constraints_are_refused():
    several = optuna.create_study(directions=["minimize", "maximize"], sampler=TunewrightSampler())
    with pytest.raises(InvalidSpec, match="2 objectives"):
        several.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 0), n_trials=1)
    with pytest.raises(InvalidSpec, match="no constraints"):
        TunewrightSampler(constraints_func=len)
    study = optuna.create_study(sampler=TunewrightSampler())
    run(study, 2)
    trial = optuna.create_trial(
        params=study.trials[0].params, distributions=SPACE, value=1, system_attrs={"constraints": [1]}
    )
    study.add_trial(trial)
    with pytest.raises(ValueError, match="trial 2: TunewrightSampler takes no constraints"):
        study.ask(SPACE)


def test_without_optuna_the_command_that_installs_it_is_named():
    hidden = "import sys; sys.modules['optuna'] = None; sys.path_importer_cache.clear()\nimport tunewright.optuna"
    told = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False).stderr
    assert "pip install 'tunewright[optuna]'" in told
