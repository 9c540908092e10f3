"""The short job file: what it leaves out, what it says, and how it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.specs import JOB_FILE, PLACE
from tunewright.core.amt import from_amt, to_amt
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import from_jobfile, members_of
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.ranges_text import default_regex
from tunewright.core.space import Choice, Float, Int, ScalingType
from tunewright.core.spec import (
    Completion,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    Resources,
    StoppingCondition,
    Strategy,
    WarmStart,
    WarmStartType,
)


def read(*leave_out, **changes):
    tree = {name: value for name, value in (JOB_FILE | changes).items() if name not in leave_out}
    return from_jobfile(tree, PLACE)


def refusal(*leave_out, **changes):
    with pytest.raises(InvalidSpec) as caught:
        read(*leave_out, **changes)
    return caught.value


def test_a_few_lines_are_a_whole_job():
    spec = check(read())
    assert (spec.name, spec.strategy) == ("digits-1", Strategy.BAYESIAN)
    assert spec.objective == Objective("val_acc", Direction.MAXIMIZE)
    assert spec.limits == Limits(max_parallel=1, max_trainings=20)
    definition = spec.definitions[0]
    assert definition.space == {
        "lr": Float(1e-4, 1e-1, ScalingType.LOGARITHMIC),
        "batch": Choice(("32", "64", "128")),
        "epochs": Int(10, 50),
    }
    assert definition.metric_definitions == (MetricDefinition("val_acc", default_regex("val_acc")),)


def test_a_script_runs_where_its_job_file_stands():
    definition = read().definitions[0]
    assert definition.image == "file:///home/me/digits/train.py"
    assert dict(definition.environment) == {PYTHON_VARIABLE: "/usr/bin/python3", WORKDIR_VARIABLE: "/home/me/digits"}


def test_interpreter_and_working_folder_can_be_given():
    definition = read(script="/opt/train.py", python="/env/bin/python", workdir="data").definitions[0]
    assert definition.image == "file:///opt/train.py"
    assert definition.environment[PYTHON_VARIABLE] == "/env/bin/python"
    assert definition.environment[WORKDIR_VARIABLE] == "/home/me/digits/data"


@pytest.mark.parametrize(
    ("given", "taken"),
    [("python3.12", "python3.12"), ("env/bin/python", "/home/me/digits/env/bin/python"), ("/bin/p", "/bin/p")],
)
def test_an_interpreter_stands_by_the_job_file_or_on_the_path(given, taken):
    assert read(python=given).definitions[0].environment[PYTHON_VARIABLE] == taken


def test_an_image_is_taken_as_it_stands():
    definition = read("script", image="file:///opt/churn").definitions[0]
    assert (definition.image, dict(definition.environment)) == ("file:///opt/churn", {})


@pytest.mark.parametrize(
    ("changes", "trainings", "runtime_s"),
    [({}, 30, None), ({"max_runtime": "2h"}, None, 7200), ({"strategy": "grid"}, None, None)],
)
def test_thirty_trainings_unless_something_else_ends_the_job(changes, trainings, runtime_s):
    limits = read("trials", **changes).limits
    assert (limits.max_trainings, limits.max_runtime_s) == (trainings, runtime_s)


def test_everything_that_can_be_said():
    spec = read(
        "maximize",
        name="churn",
        minimize="loss",
        metrics={"loss": "loss is ([0-9.]+)", "acc": None},
        fixed={"data": "iris", "folds": 5, "momentum": 0.9, "augment": True},
        environment={"OMP_NUM_THREADS": 1},
        strategy="random",
        parallel=4,
        target=0.1,
        not_improving=12,
        on_convergence=True,
        seed=7,
        priority=2,
        pool="gpu",
        output="models",
        max_training_runtime="5m",
        tags={"team": "vision"},
    )
    definition = spec.definitions[0]
    assert (spec.name, spec.strategy, spec.random_seed, spec.priority) == ("churn", Strategy.RANDOM, 7, 2)
    assert spec.objective == Objective("loss", Direction.MINIMIZE)
    assert spec.limits.max_parallel == 4
    assert spec.completion == Completion(target=0.1, max_not_improving=12, on_convergence=True)
    assert dict(spec.tags) == {"team": "vision"}
    assert definition.metric_definitions == (
        MetricDefinition("loss", "loss is ([0-9.]+)"),
        MetricDefinition("acc"),
    )
    assert dict(definition.static_hyperparameters) == {
        "data": "iris",
        "folds": "5",
        "momentum": "0.9",
        "augment": "true",
    }
    assert definition.environment["OMP_NUM_THREADS"] == "1"
    assert (definition.pool, definition.output_uri) == ("gpu", "file:///home/me/digits/models")
    assert definition.stopping.max_runtime_s == 300


def test_a_regex_for_another_metric_leaves_the_objective_its_default():
    metrics = read(metrics={"loss": "l=(.*)"}).definitions[0].metric_definitions
    assert [metric.name for metric in metrics] == ["val_acc", "loss"]


def test_metrics_are_described_or_named():
    mapped = read(metrics={"loss": None, "f1": "f1 is (.*)"}).definitions[0].metric_definitions
    assert [(item.name, item.regex) for item in mapped[1:]] == [("loss", ""), ("f1", "f1 is (.*)")]
    listed = read(metrics=["f1", "val_acc"]).definitions[0].metric_definitions
    assert [(item.name, item.regex) for item in listed] == [(name, default_regex(name)) for name in ("f1", "val_acc")]


@pytest.mark.parametrize(
    ("text", "reading", "last_k"),
    [("last", "LAST", 1), ("best", "BEST", 1), ("mean of last 5", "MEAN_OF_LAST", 5)],
)
def test_which_value_is_the_objective(text, reading, last_k):
    objective = check(read(reading=text)).objective
    assert (objective.reading.name, objective.last_k) == (reading, last_k)


def test_configurations_to_try_first():
    spec = check(read(params={"lr": "0.0..1.0", "n": "1..5"}, try_first=[{"lr": 0.5, "n": 2}]))
    assert [dict(item.configuration) for item in spec.enqueued] == [{"lr": 0.5, "n": 2}]


def test_a_choice_to_try_first_is_written_as_in_its_list():
    spec = check(read(params={"lr": "0.0..1.0", "batch": [32, 64]}, try_first=[{"lr": 1, "batch": 64}]))
    assert [dict(item.configuration) for item in spec.enqueued] == [{"lr": 1.0, "batch": "64"}]


def test_a_job_to_go_on_from_or_several():
    one, more = read(warm_start="digits-0"), read(warm_start=["digits-0", "iris"], transfer=True)
    assert one.warm_start == WarmStart(("digits-0",), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
    assert more.warm_start == WarmStart(("digits-0", "iris"), WarmStartType.TRANSFER_LEARNING)
    assert check(more) == more


def test_retries():
    assert check(read(retries=3)).definitions[0].max_retries == 3


WRONG = [
    ({"warm_start": 3}, "warm_start[0]", "must be a text"),
    ({"warm_start": "a", "transfer": "yes"}, "transfer", "must be true or false"),
    ({"transfer": True}, "transfer", "without warm_start"),
    ({"autotune": 3}, "autotune", "must be a mapping"),
    ({"autotune": {"lr": [1]}}, "autotune.lr", "must be a text or a number"),
    ({"trails": 3}, "trails", "not known"),
    ({"trials": "many"}, "trials", "must be an integer"),
    ({"trials": 2.5}, "trials", "must be an integer"),
    ({"parallel": True}, "parallel", "must be an integer"),
    ({"target": "high"}, "target", "must be a number"),
    ({"name": 3}, "name", "must be a text"),
    ({"params": ["lr"]}, "params", "must be a mapping"),
    ({"params": {"lr": 3}}, "params.lr", "not a range"),
    ({"params": {"lr": None}}, "params.lr", "not a range"),
    ({"params": {"lr": "5..1"}}, "params.lr", "empty"),
    ({"params": {"lr": []}}, "params.lr", "nothing to choose from"),
    ({"params": {"lr": [1, 1]}}, "params.lr", "twice"),
    ({"params": {"lr": [[1]]}}, "params.lr[0]", "must be a text or a number"),
    ({"metrics": "loss"}, "metrics", "must be a mapping or a list"),
    ({"metrics": [3]}, "metrics[0]", "must be a text"),
    ({"reading": "first"}, "reading", "none of last, best, mean of last N"),
    ({"metrics": {"loss": 3}}, "metrics.loss", "must be a text"),
    ({"fixed": {"data": [1]}}, "fixed.data", "must be a text or a number"),
    ({"environment": {"A": {}}}, "environment.A", "must be a text or a number"),
    ({"strategy": "best"}, "strategy", "not one of"),
    ({"max_runtime": "1.5h"}, "max_runtime", "not a duration"),
    ({"max_training_runtime": "soon"}, "max_training_runtime", "not a duration"),
    ({"try_first": [3]}, "try_first[0]", "must be a mapping"),
    ({"try_first": [{"lr": "big"}]}, "try_first[0].lr", "must be a number"),
    ({"try_first": [{"epochs": 2.5}]}, "try_first[0].epochs", "must be an integer"),
    ({"minimize": "loss"}, "maximize", "both given"),
    ({"image": "file:///opt/churn"}, "script", "exactly one"),
]


@pytest.mark.parametrize(("changes", "field", "why"), WRONG)
def test_what_is_wrong_is_refused_by_the_name_of_its_member(changes, field, why):
    error = refusal(**changes)
    assert error.field == field
    assert why in error.why


def test_a_job_needs_a_program():
    assert refusal("script").field == "script"


def test_a_job_needs_an_objective():
    error = refusal("maximize")
    assert (error.field, "both missing" in error.why) == ("maximize", True)


def test_a_misspelt_member_is_told_the_right_name():
    assert refusal(trails=3).remedy == "Did you mean trials?"


def test_a_job_file_is_a_mapping():
    with pytest.raises(InvalidSpec, match="must be a mapping"):
        from_jobfile(["train.py"], PLACE)


NUMBERS = st.integers(-1000, 1000)
INTERVALS = st.tuples(NUMBERS, NUMBERS).map(sorted).map(lambda ends: f"{ends[0]}..{ends[1]}")
LOGARITHMS = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda ends: f"log({ends[0]}e-9, {ends[1]}e3)")
LISTS = st.lists(st.integers(0, 99) | st.sampled_from(["sgd", "adam", "on"]), min_size=1, max_size=5, unique_by=str)
PARAMS = st.dictionaries(
    st.text("abc-_", min_size=1, max_size=5), INTERVALS | LOGARITHMS | LISTS, min_size=1, max_size=5
)


@given(params=PARAMS, trials=st.integers(1, 999), parallel=st.integers(1, 100), target=st.none() | st.floats(-1, 1))
def test_a_job_file_says_the_same_in_amts_form(params, trials, parallel, target):
    spec = check(read(params=params, trials=trials, parallel=parallel, target=target))
    again = check(from_amt(to_amt(spec)))
    assert again.definitions[0].space == spec.definitions[0].space
    assert (again.objective, again.limits, again.completion) == (spec.objective, spec.limits, spec.completion)
    assert again.definitions[0].image == spec.definitions[0].image
    assert again.definitions[0].environment == spec.definitions[0].environment
    assert again.definitions[0].metric_definitions == spec.definitions[0].metric_definitions


def test_data_are_named_by_path_or_by_uri():
    spec = read(channels={"train": "data/my 5%", "all": "/data", "far": "s3://bucket/a%20b", "here": "file:///x"})
    uris = {channel.name: channel.uri for channel in spec.definitions[0].channels}
    assert uris == {
        "train": "file:///home/me/digits/data/my%205%25",
        "all": "file:///data",
        "far": "s3://bucket/a%20b",
        "here": "file:///x",
    }
    assert members_of(spec)["definitions[0].channels[2].uri"] == "channels.far"


@pytest.mark.parametrize("channels", [{"train": 7}, ["data"], {"train": ["a", "b"]}])
def test_a_channel_is_one_uri(channels):
    with pytest.raises(InvalidSpec, match="channels"):
        read(channels=channels)


def test_what_a_training_takes_of_its_host_can_be_said():
    changes = {"instance": "ml.g5.xlarge", "instances": 2, "share_gpus": True, "image": "repository/image:1"}
    changes |= {"spot": True, "max_training_runtime": "1h", "max_wait": "2h", "checkpoints": "kept", "retries": 3}
    definition = check(read("script", **changes)).definitions[0]
    assert definition.resources == Resources("ml.g5.xlarge", 2, gpus_shared=True)
    assert (definition.spot, definition.stopping) == (True, StoppingCondition(3600, 7200))
    assert definition.checkpoint_uri == "file:///home/me/digits/kept"


def test_a_wait_without_spot_is_named_as_the_file_has_it():
    spec = read(max_wait="2d")
    with pytest.raises(InvalidSpec) as refused:
        check(spec)
    assert members_of(spec)[refused.value.field] == "max_wait"
