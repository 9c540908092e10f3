"""The judge of specifications: what is accepted as it is, what is filled in, what is refused and under which name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.specs import spec
from tunewright.core.amt_texts import NO_SPOT
from tunewright.core.check import check, check_new
from tunewright.core.check_running import check_hosted
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import (
    Completion,
    Definition,
    EnqueuedConfiguration,
    InputMode,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Reevaluation,
    Resources,
    StoppingCondition,
    Strategy,
)


def refusal(wrong):
    with pytest.raises(InvalidSpec) as caught:
        check(wrong)
    return caught.value


def test_a_right_specification_comes_back_unchanged():
    assert check(spec()) == spec()


def test_waiting_for_spot_capacity_without_spot_is_refused_in_amts_words():
    refused = refusal(spec(stopping=StoppingCondition(60, max_wait_s=90)))
    assert (refused.field, refused.why) == ("definitions[0].stopping.max_wait_s", NO_SPOT)


@pytest.mark.parametrize("name", ["a", "A-1", "a--b", "0" * 32])
def test_names_that_amt_takes(name):
    assert check(spec(name=name)).name == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a_b", "é", "a" * 33, "a" + "-" * 400 + "b", "a\n"])
def test_names_that_amt_refuses(name):
    assert refusal(spec(name=name)).field == "name"


WRONG = [
    ("definitions", spec(definitions=())),
    ("definitions[0].image", spec(image="")),
    ("definitions[0].parameters[0].name", spec(parameters=(Parameter("", Int(1, 2)),))),
    ("definitions[0].parameters[1].name", spec(parameters=(Parameter("a", Int(1, 2)), Parameter("a", Int(1, 3))))),
    ("definitions[0].parameters[0].name", spec(static_hyperparameters={"lr": "0.1"})),
    ("definitions[0].parameters", spec(parameters=tuple(Parameter(f"p{i}", Int(1, 2)) for i in range(31)))),
    ("definitions[0].static_hyperparameters", spec(static_hyperparameters={f"s{i}": "1" for i in range(97)})),
    ("definitions[0].static_hyperparameters.data", spec(static_hyperparameters={"data": "x" * 2501})),
    ("definitions[0].stopping.max_runtime_s", spec(stopping=StoppingCondition(0))),
    ("definitions[0].max_retries", spec(max_retries=31)),
    ("definitions[0].max_retries", spec(max_retries=-1)),
    ("definitions[0].metric_definitions[0].name", spec(metric_definitions=(MetricDefinition("m" * 256, "(x)"),))),
    ("objective.metric_name", spec(metric_definitions=())),
    ("objective.metric_name", spec(objective=Objective("loss"))),
    ("objective.metric_name", spec(objective=Objective(""))),
    ("objective.last_k", spec(objective=Objective("acc", last_k=0))),
    ("objective.last_k", spec(objective=Objective("acc", last_k=1001))),
    ("limits.max_parallel", spec(limits=Limits(0, 20))),
    ("limits.max_parallel", spec(limits=Limits(101, 20))),
    ("limits.max_trainings", spec(limits=Limits(1, 0))),
    ("limits.max_trainings", spec(limits=Limits(1, 10_001))),
    ("limits.max_trainings", spec(limits=Limits(1))),
    ("limits.max_runtime_s", spec(limits=Limits(1, 20, 0))),
    ("definitions[0].parameters", spec(parameters=())),
    ("completion.target", spec(completion=Completion(target=float("nan")))),
    ("completion.target", spec(completion=Completion(target=float("inf")))),
    ("random_seed", spec(random_seed=-1)),
    ("random_seed", spec(random_seed=2**63)),
    ("completion.max_not_improving", spec(completion=Completion(max_not_improving=10_001))),
    ("limits.max_runtime_s", spec(limits=Limits(1, 20, 10**12))),
    ("definitions[0].stopping.max_runtime_s", spec(stopping=StoppingCondition(10**12))),
    ("definitions[0].parameters[0].name", spec(parameters=(Parameter("p" * 257, Int(1, 2)),))),
    ("definitions[0].parameters[0].name", spec(parameters=(Parameter("p\0", Int(1, 2)),))),
    ("definitions[0].parameters[0].range", spec(parameters=(Parameter("p", Choice(("a", "b\0"))),))),
    ("definitions[0].static_hyperparameters", spec(static_hyperparameters={"": "1"})),
    ("definitions[0].static_hyperparameters.data", spec(static_hyperparameters={"data": "a\0b"})),
    ("definitions[0].environment", spec(environment={"": "1"})),
    ("definitions[0].environment", spec(environment={"A=B": "1"})),
    ("definitions[0].environment.A", spec(environment={"A": "\0"})),
    ("definitions[0].arguments[1]", spec(arguments=("fit", "\0"))),
    (
        "enqueued[0].definition_name",
        spec(enqueued=(EnqueuedConfiguration({"lr": 0.01, "epochs": 10, "optimizer": "sgd"}, "other"),)),
    ),
    ("enqueued[0].configuration.epochs", spec(enqueued=(EnqueuedConfiguration({"lr": 0.01, "optimizer": "sgd"}),))),
    (
        "enqueued[0].configuration.lr",
        spec(enqueued=(EnqueuedConfiguration({"lr": 1.0, "epochs": 10, "optimizer": "sgd"}),)),
    ),
]


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=[f"{i}-{field}" for i, (field, _) in enumerate(WRONG)])
def test_what_is_wrong_is_refused_by_the_name_of_its_field(field, wrong):
    error = refusal(wrong)
    assert error.field == field
    assert error.why


@pytest.mark.parametrize("repeats", [None, Reevaluation(top=2, repeats=2)])
def test_no_more_is_tried_first_than_a_new_job_may_try(repeats):
    one = EnqueuedConfiguration({"lr": 0.01, "epochs": 10, "optimizer": "sgd"})
    room = 20 if repeats is None else 16
    assert check_new(spec(enqueued=(one,) * room, reevaluation=repeats)).enqueued == (one,) * room
    with pytest.raises(InvalidSpec, match=f"{room + 1} configurations are enqueued, and the job has 20") as caught:
        check_new(spec(enqueued=(one,) * (room + 1), reevaluation=repeats))
    assert caught.value.field == "enqueued"


def test_a_long_text_does_not_drown_the_sentence_that_refuses_it():
    said = str(refusal(spec(name="x" * 10_000)))
    assert len(said) < 1000
    assert "no hyphen at the end. For example my-job-1" in said


REGEXES = [
    ("x" * 501, "1 to 500"),
    ("(", "not a regular expression"),
    ("(?a)(?u)(x)", "not a regular"),
    ("acc=[0-9.]+", "no group"),
]


@pytest.mark.parametrize(("regex", "why"), REGEXES)
def test_a_metric_needs_a_regex_with_a_group(regex, why):
    error = refusal(spec(metric_definitions=(MetricDefinition("acc", regex),)))
    assert error.field == "definitions[0].metric_definitions[0].regex"
    assert why in error.why


def test_a_metrics_name_is_short():
    error = refusal(spec(metric_definitions=(MetricDefinition("a" * 256, "(.*)"),)))
    assert error.field == "definitions[0].metric_definitions[0].name"


def test_a_metric_without_a_regex_is_named_by_what_the_program_says():
    wanted = spec(metric_definitions=(MetricDefinition("acc"),))
    assert check_new(wanted) == wanted


def test_each_metric_is_named_once():
    twice = (MetricDefinition("acc", "a=(.)"), MetricDefinition("acc", "b=(.)"))
    assert refusal(spec(metric_definitions=twice)).field == "definitions[0].metric_definitions[1].name"


def test_an_objective_without_a_regex_is_refused_in_amts_words():
    said = str(refusal(spec(objective=Objective("loss"))))
    assert "A metric is required for this hyperparameter tuning job objective." in said
    assert "Provide a metric in the metric definitions" in said
    assert "'loss'" in said


def test_what_is_not_here_is_refused_and_never_ignored():
    error = refusal(spec(algorithm_name="xgboost"))
    assert (error.field, "not known here" in error.why) == ("definitions[0].algorithm_name", True)


@pytest.mark.parametrize(
    "asked",
    [
        spec(resources=Resources("ml.g5.xlarge", instance_count=100)),
        spec(spot=True),
        spec(spot=True, stopping=StoppingCondition(60, max_wait_s=60)),
        spec(checkpoint_uri="s3://bucket/checkpoints", checkpoint_path="/opt/ml/checkpoints"),
        spec(input_mode=InputMode.FAST_FILE),
        spec(image="repository/image:1", network_isolation=True),
    ],
)
def test_what_containers_have_may_be_asked_for(asked):
    assert check(asked) == asked


WRONG_RUNS = [
    ("definitions[0].resources.instance_count", spec(resources=Resources(instance_count=0))),
    ("definitions[0].resources.instance_count", spec(resources=Resources(instance_count=101))),
    ("definitions[0].input_mode", spec(input_mode=InputMode.PIPE)),
    ("definitions[0].stopping.max_wait_s", spec(spot=True, stopping=StoppingCondition(60, max_wait_s=59))),
    ("definitions[0].stopping.max_wait_s", spec(spot=True, stopping=StoppingCondition(60, max_wait_s=10**12))),
    ("definitions[0].checkpoint_uri", spec(checkpoint_uri="/checkpoints")),
    ("definitions[0].checkpoint_path", spec(checkpoint_path="/opt/ml/checkpoints")),
    ("definitions[0].checkpoint_path", spec(checkpoint_uri="s3://bucket/c", checkpoint_path="checkpoints")),
    ("definitions[0].checkpoint_path", spec(checkpoint_uri="s3://bucket/c", checkpoint_path="/opt/../etc")),
    ("definitions[0].checkpoint_path", spec(checkpoint_uri="s3://bucket/c", checkpoint_path="/")),
]


@pytest.mark.parametrize(
    ("field", "wrong"), WRONG_RUNS, ids=[f"{i}-{field}" for i, (field, _) in enumerate(WRONG_RUNS)]
)
def test_a_run_that_cannot_be_is_refused_by_the_name_of_its_field(field, wrong):
    error = refusal(wrong)
    assert error.field == field
    assert error.why


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("network_isolation", {"network_isolation": True}),
        ("resources.instance_count", {"resources": Resources(instance_count=2)}),
        ("checkpoint_path", {"checkpoint_uri": "s3://bucket", "checkpoint_path": "/root/checkpoints"}),
    ],
)
def test_a_program_of_a_host_is_not_given_what_only_containers_have(field, asked):
    with pytest.raises(InvalidSpec) as refused:
        check_hosted(Definition("file:///train.py", **asked), "definitions[0]")
    assert refused.value.field == f"definitions[0].{field}"
    assert refused.value.remedy
    check_hosted(Definition("repository/image:1", **asked), "definitions[0]")


def test_the_first_fault_in_order_is_named_whatever_else_is_wrong():
    both = spec(name="-", limits=Limits(0))
    assert [refusal(both).field for _ in range(3)] == ["name"] * 3
    assert refusal(replace(both, name="ok")).field == "limits.max_parallel"


def test_a_runtime_limit_alone_ends_a_job():
    assert check(spec(limits=Limits(1, None, 60))).limits.max_trainings is None


def test_one_training_needs_nothing_to_tune():
    assert check(spec(parameters=(), limits=Limits(1, 1))).limits.max_trainings == 1


def test_a_range_of_one_value_is_accepted():
    one = (Parameter("lr", Float(0.1, 0.1)), Parameter("n", Int(3, 3)), Parameter("c", Choice(("x",))))
    assert check(spec(parameters=one)).definitions[0].parameters == one


GRID = (Parameter("a", Choice(("1", "2", "3"))), Parameter("b", Choice(("x", "y"))))


def grid(**changes):
    return spec(strategy=Strategy.GRID, **({"parameters": GRID, "limits": Limits(2)} | changes))


@pytest.mark.parametrize("limits", [Limits(2), Limits(2, 6)])
def test_a_grids_number_of_trainings_is_its_product(limits):
    assert check(grid(limits=limits)).limits == Limits(2, 6)


def test_a_grid_takes_no_other_number_of_trainings():
    error = refusal(grid(limits=Limits(2, 5)))
    assert error.field == "limits.max_trainings"
    assert "6 points" in error.why


@pytest.mark.parametrize("range_", [Float(0.0, 1.0), Int(1, 3)])
def test_a_grid_is_of_categories_only(range_):
    error = refusal(grid(parameters=(*GRID, Parameter("c", range_))))
    assert error.field == "definitions[0].parameters[2].range"


def test_a_grid_has_its_largest_size():
    values = tuple(str(value) for value in range(28))
    error = refusal(grid(parameters=(Parameter("a", Choice(values)), Parameter("b", Choice(values)))))
    assert (error.field, "784 points" in error.why) == ("definitions[0].parameters", True)
