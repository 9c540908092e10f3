"""AMT's request body: read strictly, echoed exactly, refused under AMT's own names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.unit.core.specs import ABSENT, AMT_BODY, amt_body, spec
from tests.unit.suggester.spaces import spaces
from tunewright.core.amt import from_amt, looks_like_amt, to_amt
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, ScalingType
from tunewright.core.spec import (
    Completion,
    Direction,
    EarlyStopping,
    EarlyStoppingRule,
    InputMode,
    Limits,
    Objective,
    Parameter,
    Strategy,
)

CONFIG = "HyperParameterTuningJobConfig"
DEFINITION = "TrainingJobDefinition"
RANGES = f"{CONFIG}/ParameterRanges"


def refusal(path, value):
    with pytest.raises(InvalidSpec) as caught:
        from_amt(amt_body(path, value))
    return caught.value


def test_what_the_sagemaker_sdk_sends_is_understood():
    read = from_amt(AMT_BODY)
    assert (read.name, read.strategy, read.early_stopping.type) == (
        "demo-260101-0000",
        Strategy.BAYESIAN,
        EarlyStopping.OFF,
    )
    assert read.objective == Objective("val:loss", Direction.MINIMIZE)
    assert read.limits == Limits(max_parallel=2, max_trainings=10)
    definition = read.definitions[0]
    assert definition.space == {"lr": Float(1e-5, 0.1, ScalingType.AUTO)}
    assert dict(definition.static_hyperparameters) == {"epochs": "5"}
    assert (definition.image, definition.input_mode) == ("img", InputMode.FILE)
    assert definition.metric_definitions[0].regex == "val_loss=([0-9.eE+-]+)"
    assert (definition.output_uri, definition.role_arn) == ("s3://b/out", "arn:aws:iam::123456789012:role/r")
    assert (definition.resources.instance_type, definition.resources.volume_size_gb) == ("ml.m5.large", 30)
    assert definition.stopping.max_runtime_s == 86_400


def test_the_body_comes_back_as_it_was_sent():
    sent = amt_body()
    sent[DEFINITION]["ResourceConfig"] = sent[DEFINITION].pop("HyperParameterTuningResourceConfig")
    assert to_amt(from_amt(AMT_BODY)) == sent


@pytest.mark.parametrize("text", ["1e-05", "0.0000100", "+1E-5", ".00001"])
def test_the_ends_of_a_range_are_echoed_as_they_were_written(text):
    body = amt_body(f"{RANGES}/ContinuousParameterRanges/0/MinValue", text)
    assert to_amt(from_amt(body))[CONFIG]["ParameterRanges"]["ContinuousParameterRanges"][0]["MinValue"] == text


def test_a_scaling_type_that_was_not_given_is_not_invented():
    body = amt_body(f"{RANGES}/ContinuousParameterRanges/0/ScalingType", ABSENT)
    assert "ScalingType" not in to_amt(from_amt(body))[CONFIG]["ParameterRanges"]["ContinuousParameterRanges"][0]


def test_all_kinds_of_ranges():
    body = amt_body(
        RANGES,
        {
            "ContinuousParameterRanges": [
                {"Name": "m", "MinValue": "0.9", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"}
            ],
            "IntegerParameterRanges": [{"Name": "n", "MinValue": "-3", "MaxValue": "4", "ScalingType": "Linear"}],
            "CategoricalParameterRanges": [{"Name": "c", "Values": ["b", "a", ""]}],
        },
    )
    assert from_amt(body).definitions[0].space == {
        "m": Float(0.9, 0.999, ScalingType.REVERSE_LOGARITHMIC),
        "n": Int(-3, 4, ScalingType.LINEAR),
        "c": Choice(("b", "a", "")),
    }


def test_completion_criteria():
    body = amt_body(
        f"{CONFIG}/TuningJobCompletionCriteria",
        {
            "TargetObjectiveMetricValue": 0.9,
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 5},
            "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
        },
    )
    assert from_amt(body).completion == Completion(0.9, 5, on_convergence=True)
    assert (
        to_amt(from_amt(body))[CONFIG]["TuningJobCompletionCriteria"] == (body[CONFIG]["TuningJobCompletionCriteria"])
    )


def test_the_list_form_is_echoed_as_a_list():
    single = amt_body()
    config, definition = single[CONFIG], single.pop(DEFINITION)
    listed = single | {"TrainingJobDefinitions": []}
    definition |= {
        "DefinitionName": "first",
        "TuningObjective": config.pop("HyperParameterTuningJobObjective"),
        "HyperParameterRanges": config.pop("ParameterRanges"),
        "ResourceConfig": definition.pop("HyperParameterTuningResourceConfig"),
    }
    listed["TrainingJobDefinitions"] = [definition]
    read = from_amt(listed)
    assert read.definitions[0].objective == read.objective == Objective("val:loss", Direction.MINIMIZE)
    assert to_amt(read) == listed


UNKNOWN = [
    ("Comment", "Comment"),
    (f"{CONFIG}/ResourceLimits/MaxNumberOfTrainigJobs", f"{CONFIG}.ResourceLimits.MaxNumberOfTrainigJobs"),
    (f"{RANGES}/BooleanParameterRanges", f"{CONFIG}.ParameterRanges.BooleanParameterRanges"),
    (
        f"{RANGES}/ContinuousParameterRanges/0/Step",
        f"{CONFIG}.ParameterRanges.ContinuousParameterRanges[0].Step",
    ),
    (f"{DEFINITION}/StoppingCondition/MaxRuntime", f"{DEFINITION}.StoppingCondition.MaxRuntime"),
    (f"{DEFINITION}/OutputDataConfig/Bucket", f"{DEFINITION}.OutputDataConfig.Bucket"),
    (
        f"{DEFINITION}/AlgorithmSpecification/MetricDefinitions/0/Unit",
        f"{DEFINITION}.AlgorithmSpecification.MetricDefinitions[0].Unit",
    ),
]


@pytest.mark.parametrize(("path", "field"), UNKNOWN)
def test_an_unknown_member_is_refused_by_its_path(path, field):
    assert refusal(path, "1").field == field


def test_a_misspelt_member_is_told_the_right_name():
    error = refusal(f"{CONFIG}/ResourceLimits/MaxNumberOfTrainigJobs", 3)
    assert error.remedy == "Did you mean MaxNumberOfTrainingJobs?"


WRONG = [
    ("HyperParameterTuningJobName", ABSENT, "HyperParameterTuningJobName"),
    ("HyperParameterTuningJobName", 3, "HyperParameterTuningJobName"),
    (CONFIG, [], CONFIG),
    (f"{CONFIG}/Strategy", "Bayes", f"{CONFIG}.Strategy"),
    (f"{CONFIG}/ResourceLimits", ABSENT, f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs"),
    (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", "2", f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs"),
    (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", 2.5, f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs"),
    (f"{CONFIG}/RandomSeed", True, f"{CONFIG}.RandomSeed"),
    (f"{CONFIG}/TrainingJobEarlyStoppingType", "On", f"{CONFIG}.TrainingJobEarlyStoppingType"),
    (
        f"{CONFIG}/HyperParameterTuningJobObjective/Type",
        "Max",
        f"{CONFIG}.HyperParameterTuningJobObjective.Type",
    ),
    (
        f"{CONFIG}/HyperParameterTuningJobObjective/MetricName",
        ABSENT,
        f"{CONFIG}.HyperParameterTuningJobObjective.MetricName",
    ),
    (DEFINITION, ABSENT, DEFINITION),
    ("TrainingJobDefinitions", [{}], DEFINITION),
    (f"{DEFINITION}/StaticHyperParameters", {"epochs": 5}, f"{DEFINITION}.StaticHyperParameters.epochs"),
    (f"{DEFINITION}/StoppingCondition", 60, f"{DEFINITION}.StoppingCondition"),
    ("Tags", [{"Key": "team"}], "Tags[0].Value"),
]


@pytest.mark.parametrize(("path", "value", "field"), WRONG)
def test_a_wrong_or_missing_member_is_refused_by_its_path(path, value, field):
    assert refusal(path, value).field == field


WRONG_RANGES = [
    ({"MinValue": 1e-5}, "MinValue", "must be a text"),
    ({"MinValue": "small"}, "MinValue", "not a number"),
    ({"MaxValue": "large"}, "MaxValue", "not a number"),
    ({"MinValue": "0.2"}, "MinValue", "empty"),
    ({"MaxValue": "inf"}, "MinValue", "finite"),
    ({"MinValue": "0", "ScalingType": "Logarithmic"}, "MinValue", "above 0"),
    ({"MaxValue": "1", "ScalingType": "ReverseLogarithmic"}, "MinValue", "inside [0, 1)"),
    ({"ScalingType": "Log"}, "ScalingType", "not one of"),
    ({"Name": 3}, "Name", "must be a text"),
]


@pytest.mark.parametrize(("changes", "member", "why"), WRONG_RANGES)
def test_a_wrong_range_is_refused_by_its_path(changes, member, why):
    path = f"{RANGES}/ContinuousParameterRanges"
    error = refusal(path, [{"Name": "lr", "MinValue": "1e-5", "MaxValue": "0.1"} | changes])
    assert error.field == f"{CONFIG}.ParameterRanges.ContinuousParameterRanges[0].{member}"
    assert why in error.why


def test_a_parameter_has_one_range_also_across_kinds():
    twice = {"ContinuousParameterRanges": [{"Name": "a", "MinValue": "0", "MaxValue": "1"}]}
    error = refusal(RANGES, twice | {"CategoricalParameterRanges": [{"Name": "a", "Values": ["x"]}]})
    assert error.field == f"{CONFIG}.ParameterRanges.CategoricalParameterRanges[0].Name"


def test_resources_are_given_once():
    assert refusal(f"{DEFINITION}/ResourceConfig", {}).field == f"{DEFINITION}.HyperParameterTuningResourceConfig"


@pytest.mark.parametrize("values", [None, [], ["a", "a"]])
def test_a_wrong_list_of_values_is_refused_by_its_path(values):
    error = refusal(f"{RANGES}/CategoricalParameterRanges", [{"Name": "c", "Values": values}])
    assert error.field == f"{CONFIG}.ParameterRanges.CategoricalParameterRanges[0].Values"


@given(spaces())
def test_any_space_survives_amts_form(space):
    whole = spec(parameters=tuple(Parameter(name, range_) for name, range_ in space.items()))
    assert from_amt(to_amt(whole)).definitions[0].space == space


@given(spaces())
def test_writing_what_was_read_gives_the_same_body(space):
    whole = spec(
        parameters=tuple(Parameter(name, range_) for name, range_ in space.items()),
        limits=Limits(3, 50, 3600),
        completion=Completion(target=0.5),
        early_stopping=EarlyStoppingRule(EarlyStopping.OFF),
        random_seed=7,
        tags={"team": "vision"},
        environment={"OMP_NUM_THREADS": "1"},
    )
    body = to_amt(whole)
    read = from_amt(body)
    assert to_amt(read) == body
    assert replace(read, definitions=whole.definitions) == whole


def test_amts_form_is_told_from_a_job_file_by_its_members():
    assert looks_like_amt(AMT_BODY)
    assert looks_like_amt({CONFIG: {}})
    assert not looks_like_amt({"script": "train.py"})
    assert not looks_like_amt(["HyperParameterTuningJobName"])


def test_a_list_of_no_definitions_is_refused():
    body = amt_body("TrainingJobDefinition", ABSENT) | {"TrainingJobDefinitions": []}
    with pytest.raises(InvalidSpec, match="are missing") as caught:
        from_amt(body)
    assert caught.value.field == "TrainingJobDefinitions"


SIZE = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
OTHER = SIZE | {"InstanceType": "ml.m5.xlarge"}
TUNING_RESOURCES = f"{DEFINITION}/HyperParameterTuningResourceConfig"


def test_of_several_kinds_of_instances_the_first_is_used():
    body = amt_body(TUNING_RESOURCES, {"InstanceConfigs": [OTHER, SIZE], "AllocationStrategy": "Prioritized"})
    assert from_amt(body).definitions[0].resources.instance_type == "ml.m5.xlarge"


def test_a_size_beside_several_kinds_of_instances_is_refused():
    error = refusal(TUNING_RESOURCES, {"InstanceConfigs": [OTHER], "VolumeSizeInGB": 30})
    assert error.field == f"{DEFINITION}.HyperParameterTuningResourceConfig.VolumeSizeInGB"


@pytest.mark.parametrize("member", ["HyperParameterTuningJobObjective", "ParameterRanges"])
def test_a_list_of_definitions_has_no_objective_and_no_ranges_beside_it(member):
    body = amt_body()
    definition = body.pop(DEFINITION) | {"TuningObjective": {"Type": "Minimize", "MetricName": "val:loss"}}
    for name in {"HyperParameterTuningJobObjective", "ParameterRanges"} - {member}:
        del body[CONFIG][name]
    with pytest.raises(InvalidSpec, match="stands beside TrainingJobDefinitions") as caught:
        from_amt(body | {"TrainingJobDefinitions": [definition]})
    assert caught.value.field == f"{CONFIG}.{member}"


def test_an_entry_point_is_for_a_training_by_itself():
    assert refusal(f"{DEFINITION}/AlgorithmSpecification/ContainerEntrypoint", ["a"]).why == "is not known"


@pytest.mark.parametrize(
    "tags", [[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], [{"Key": "a", "Value": "1", "X": 1}]]
)
def test_tags_are_pairs_of_different_keys(tags):
    assert refusal("Tags", tags).field.startswith("Tags[")


@pytest.mark.parametrize("objective", [None, {}, {"MetricName": "val:loss"}])
def test_a_listed_definition_without_an_objective_is_refused_by_name(objective):
    body = amt_body()
    definition = body.pop(DEFINITION)
    if objective is not None:
        definition["TuningObjective"] = objective
    for name in ("HyperParameterTuningJobObjective", "ParameterRanges"):
        del body[CONFIG][name]
    with pytest.raises(InvalidSpec, match="is missing") as caught:
        from_amt(body | {"TrainingJobDefinitions": [definition]})
    assert caught.value.field.startswith("TrainingJobDefinitions[0].TuningObjective")


@pytest.mark.parametrize("value", [ABSENT, {"MetricName": "val:loss"}])
def test_an_objective_that_is_not_whole_is_refused_by_name(value):
    told = refusal(f"{CONFIG}/HyperParameterTuningJobObjective", value)
    assert "HyperParameterTuningJobObjective" in str(told)
    assert "is missing" in str(told)


@pytest.mark.parametrize("number", [" 1 ", "1_000", "١", "１", "1\n", "0x10", "", "1,5"])
@pytest.mark.parametrize("kind", ["ContinuousParameterRanges", "IntegerParameterRanges"])
def test_only_numbers_that_all_languages_read_are_numbers(kind, number):
    ranges = {kind: [{"Name": "x", "MinValue": number, "MaxValue": "5000"}]}
    told = refusal(RANGES, ranges)
    assert told.field == f"HyperParameterTuningJobConfig.ParameterRanges.{kind}[0].MinValue"
