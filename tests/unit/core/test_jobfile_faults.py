"""All that is wrong with a job file is found at once, and nothing that only follows from something else."""

from __future__ import annotations

import pytest

from tests.unit.core.specs import JOB_FILE, PLACE, amt_body
from tests.unit.core.test_check import WRONG, WRONG_RUNS, spec
from tunewright.core.check import check_new, faults_of_new
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place, examine, line_of
from tunewright.core.jobfile.faults import MOST_FAULTS

NOWHERE = Place(folder=None, python="python3", name="digits-1")


def members(tree, place=PLACE):
    return [fault.field for fault in examine(tree, place).faults]


def changed(**members):
    return {name: value for name, value in (JOB_FILE | members).items() if value is not None}


def test_a_right_job_file_has_no_faults_and_is_as_it_will_run():
    found = examine(changed(strategy="grid", params={"batch": [1, 2, 3]}, trials=None), PLACE)
    assert found.faults == ()
    assert found.told.spec.limits.max_trainings == 3


def test_what_is_right_can_be_read_whatever_else_is_wrong():
    wrong = changed(script=None, trials="many", params={"lr": "1e-4-1", "batch": [1, 2]}, parallel=7)
    readable = examine(wrong, PLACE).readable
    assert [item.name for item in readable.definitions[0].parameters] == ["batch"]
    assert readable.limits.max_parallel == 7
    assert readable.definitions[0].image == ""
    assert examine(changed(parallel=1000), PLACE).readable.limits.max_parallel == 1000


@pytest.mark.parametrize("tree", [[], None, "a text", {"HyperParameterTuningJobName": 3}])
def test_where_nothing_can_be_read_nothing_is(tree):
    assert examine(tree, PLACE).readable is None


def test_all_that_cannot_be_read_is_found_at_once():
    wrong = changed(trials="many", max_runtime="soon", sede=3, params={"lr": "1e-4-1", "batch": [1, [2]], "ok": "0..1"})
    assert sorted(members(wrong)) == ["max_runtime", "params.batch[1]", "params.lr", "sede", "trials"]


def test_all_that_is_against_a_rule_is_found_at_once():
    wrong = changed(name="my job", trials=0, parallel=0, seed=-1, retries=99, fixed={"lr": 1}, metrics={"f1": "("})
    assert sorted(members(wrong)) == ["metrics.f1", "name", "parallel", "params.lr", "retries", "seed", "trials"]


@pytest.mark.parametrize(
    ("wrong", "only"),
    [
        ({"warm_start": [1], "transfer": True}, ["warm_start[0]"]),
        ({"params": {"lr": "0.0..x"}, "try_first": [{"lr": 0.5}]}, ["params.lr"]),
        ({"params": {"lr": "0.0..x"}, "strategy": "grid"}, ["params.lr"]),
        ({"params": 3, "autotune": None}, ["params"]),
        ({"early_stopping": {"percentile": "few"}}, ["early_stopping.percentile"]),
    ],
)
def test_what_only_follows_is_not_told(wrong, only):
    assert members(changed(**wrong)) == only


@pytest.mark.parametrize("left_out", ["script", "maximize"])
def test_what_is_missing_hides_nothing(left_out):
    assert members(changed(**{left_out: None}, trials="many")) == [left_out, "trials"]
    assert members(changed(script=None, maximize=None)) == ["maximize", "script"]


def test_a_misspelled_member_is_told_beside_what_it_was_meant_for():
    assert members(changed(maximize=None, maximise="acc")) == ["maximize", "maximise"]


def test_of_very_many_faults_the_first_are_told():
    assert len(members(changed(params={f"p{index}": "x..y" for index in range(100)}))) == MOST_FAULTS


@pytest.mark.parametrize("tree", [None, "script", 3, [], {}, {"HyperParameterTuningJobName": None}])
def test_what_is_no_job_file_at_all_is_an_answer_too(tree):
    assert examine(tree, PLACE).faults


def test_an_amt_body_is_examined_in_its_own_words():
    body = amt_body("TrainingJobDefinition/OutputDataConfig/S3OutputPath", "file:///out")
    assert examine(body, NOWHERE).told.spec.name == body["HyperParameterTuningJobName"]
    config = body["HyperParameterTuningJobConfig"]
    config["ResourceLimits"]["MaxParallelTrainingJobs"] = "two"
    body["TrainingJobDefinition"]["StoppingCondition"]["MaxRuntimeInSeconds"] = "long"
    assert members(body, NOWHERE) == [
        "TrainingJobDefinition.StoppingCondition.MaxRuntimeInSeconds",
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs",
    ]


def test_a_file_that_stands_nowhere_has_to_give_absolute_paths():
    wrong = changed(workdir="here", python="bin/python", output="out", checkpoints="c", channels={"train": "data"})
    assert sorted(members(wrong, NOWHERE)) == [
        "channels.train", "checkpoints", "output", "python", "script", "workdir"
    ]  # fmt: skip
    (fault,) = examine(changed(), NOWHERE).faults
    assert "'train.py' is relative" in fault.why
    assert "absolute path" in fault.remedy


def test_a_script_that_was_sent_starts_where_it_lies():
    told = examine(changed(script="/srv/digits/train.py"), NOWHERE).told
    assert told.spec.definitions[0].environment["TUNEWRIGHT_WORKDIR"] == "/srv/digits"


@pytest.mark.parametrize("wrong", [wrong for _, wrong in WRONG + WRONG_RUNS])
def test_whatever_is_refused_first_is_among_all_faults(wrong):
    with pytest.raises(InvalidSpec) as caught:
        check_new(wrong)
    assert str(caught.value) in {str(fault) for fault in faults_of_new(wrong)}


def test_a_right_specification_has_no_faults():
    assert faults_of_new(spec()) == ()


def test_a_member_that_stands_nowhere_has_the_line_of_what_is_around_it():
    lines = {"": 1, "params": 3, "params.lr": 4}
    assert [line_of(member, lines) for member in ("params.lr", "params.x", "params.lr[2].y", "trials", "")] == [
        4, 3, 4, None, None
    ]  # fmt: skip
