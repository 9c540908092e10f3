"""What is wrong with a job is said in the words of the form that its user chose."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.unit.core.specs import JOB_FILE, amt_body
from tests.unit.core.test_check import WRONG, WRONG_RUNS
from tunewright.cli.written import from_file, from_options, from_program
from tunewright.core import amt, jobfile
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import renamed

CONFIG = "HyperParameterTuningJobConfig"
JOB = """\
script: train.py
maximize: val_acc
params:
  lr: log(1e-4, 1e-1)
  batch: [32, 64, 128]
trials: 20
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal_of_file(folder, text, name="job.yaml"):
    (folder / name).write_text(text)
    with pytest.raises(InvalidSpec) as caught:
        from_file(folder / name, "job")
    return caught.value


def refusal_of_options(folder, **options):
    given = {"maximize": "acc", "params": {"lr": "0.0..1.0"}} | options
    with pytest.raises(InvalidSpec) as caught:
        from_options({name: value for name, value in given.items() if value is not None}, folder / "train.py", "job")
    return caught.value


JOB_FILES = [
    ("parallel: 0", 7, "parallel", "from 1 to 100, is 0"),
    ("max_runtime: 0", 7, "max_runtime", "from 1 to"),
    ("max_training_runtime: 0s", 7, "max_training_runtime", "from 1 to"),
    ("seed: -1", 7, "seed", "from 0 to"),
    ("not_improving: 99999999999", 7, "not_improving", "from 3 to 10000"),
    ("environment: {A=B: x}", 7, "environment", "no name of an environment variable"),
    ("early_stopping: often", 7, "early_stopping", "not one of Off, off, Auto, auto"),
    ("early_stopping: {percentile: 120}", 7, "early_stopping.percentile", "at most 100, is 120"),
    ("early_stopping: {type: auto, percentile: 40}", 7, "early_stopping.percentile", "stands beside Auto"),
    ("hyperband: {max_resource: 0}\nstrategy: hyperband", 7, "hyperband.max_resource", "0 is not in 1"),
    ("hyperband: {max_resource: 9}", 7, "hyperband", "the strategy is Bayesian"),
    ("output: https://host/out", 7, "output", "file:///"),
    ("strategy: grid", 4, "params.lr", "categorical"),
    ("fixed: {seed: 1, lr: 0.1}", 4, "params.lr", "both tuned and fixed"),
    ("metrics:\n  loss: loss", 8, "metrics.loss", "no group"),
    ("try_first:\n- {lr: 0.01, batch: '32'}\n- {lr: 1.0, batch: '32'}", 9, "try_first[1].lr", "outside"),
    ("sede: 3", 7, "sede", "not known"),
    ("warm_start: [a, b, c, d, e, f]", 7, "warm_start", "1 to 5, are 6"),
    ("warm_start: [a, a]", 7, "warm_start[1]", "named twice"),
    ("retries: 99", 7, "retries", "from 0 to 30"),
    ("trials: 3", 7, "trials", "twice"),
    ("target: high", 7, "target", "a number"),
    ("name: my job", 7, "name", "my job"),
    ("python: /no/python", 7, "python", "not a program"),
]


@pytest.mark.parametrize(("more", "line", "member", "why"), JOB_FILES, ids=[row[0] for row in JOB_FILES])
def test_a_job_file_is_refused_by_member_and_line(folder, more, line, member, why):
    error = refusal_of_file(folder, f"{JOB}{more}\n")
    assert (error.place, error.field) == (f"job.yaml line {line}", member)
    assert why in error.why
    assert str(error).startswith(f"job.yaml line {line}: {member}: ")


def test_what_is_missing_has_no_line(folder):
    error = refusal_of_file(folder, JOB.replace("maximize: val_acc\n", ""))
    assert (error.place, error.field) == ("job.yaml", "maximize")


NOT_YAML = [
    ("script: [", "job.yaml line 1"),
    ("a: 1\n b: 2", "job.yaml line 2"),
    ("{[1]: 2}", "job.yaml"),
    ("when: 2020-99-99", "job.yaml"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "place"), NOT_YAML)
def test_what_is_no_yaml_is_refused(folder, text, place):
    assert refusal_of_file(folder, text).place.startswith(place)


def test_what_is_no_text_is_refused(folder):
    (folder / "job.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidSpec, match="is not text"):
        from_file(folder / "job.yaml", "job")


def test_a_file_that_contains_itself_is_refused(folder):
    error = refusal_of_file(folder, f"{JOB}fixed: &a [*a]")
    assert (error.place, error.why) == ("job.yaml line 7", "contains itself")


def test_a_script_that_is_not_there_is_refused_before_any_server_is_asked(folder):
    error = refusal_of_file(folder, JOB.replace("train.py", "trian.py"))
    assert (error.place, error.field) == ("job.yaml line 1", "script")


OPTIONS = [
    ({"parallel": 0}, "--parallel"),
    ({"trials": 0}, "--trials"),
    ({"max_runtime": "soon"}, "--max-runtime"),
    ({"max_runtime": "0"}, "--max-runtime"),
    ({"seed": -1}, "--seed"),
    ({"target": float("inf")}, "--target"),
    ({"name": "my job"}, "--name"),
    ({"maximize": None}, "--maximize"),
    ({"params": {"lr": "1.0..0.5"}}, "--param lr"),
    ({"params": {}}, "--param"),
    ({"strategy": "Grid"}, "--param lr"),
    ({"strategy": "Hyperband"}, "--max-resource"),
    ({"strategy": "Hyperband", "hyperband": {"min_resource": 10, "max_resource": 9}}, "--min-resource"),
    ({"hyperband": {"max_resource": 9}}, "--max-resource"),
    ({"early_stopping": "Always"}, "--early-stopping"),
    ({"metrics": {"acc": "acc"}}, "--metric acc"),
    ({"fixed": {"data": "x" * 2501}}, "--set data"),
    ({"python": "no-such-python"}, "--python"),
    ({"warm_start": ["a", "a"]}, "--warm-start"),
    ({"warm_start": list("abcdef")}, "--warm-start"),
    ({"params": None, "autotune": {"optimizer": "adam"}}, "--auto"),
    ({"transfer": True}, "--transfer"),
]


@pytest.mark.parametrize(("options", "option"), OPTIONS, ids=[f"{row[1]} {index}" for index, row in enumerate(OPTIONS)])
def test_a_script_is_refused_by_its_option(folder, options, option):
    error = refusal_of_options(folder, **options)
    assert (error.place, error.field) == ("", option)


def test_an_interpreter_is_found_by_its_name(folder):
    options = {"maximize": "acc", "params": {"lr": "0.0..1.0"}, "python": "sh"}
    (definition,) = from_options(options, folder / "train.py", "job").spec.definitions
    assert definition.environment[jobfile.PYTHON_VARIABLE].endswith("/sh")


AMT_BODIES = [
    (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", 0, f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs"),
    (f"{CONFIG}/ResourceLimits/MaxNumberOfTrainingJobs", 0, f"{CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs"),
    (f"{CONFIG}/Strategy", "Grid", f"{CONFIG}.ParameterRanges.ContinuousParameterRanges[0]"),
    (f"{CONFIG}/TrainingJobEarlyStoppingType", "Always", f"{CONFIG}.TrainingJobEarlyStoppingType"),
    ("TrainingJobDefinition/AlgorithmSpecification/MetricDefinitions/0/Regex", "x",
     "TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions[0].Regex"),
    ("TrainingJobDefinition/StaticHyperParameters/lr", "1",
     f"{CONFIG}.ParameterRanges.ContinuousParameterRanges[0].Name"),
    ("HyperParameterTuningJobName", "my job", "HyperParameterTuningJobName"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "member"), AMT_BODIES, ids=[row[2] for row in AMT_BODIES])
@pytest.mark.parametrize("write", [yaml.safe_dump, lambda body: json.dumps(body, indent=2)])
def test_an_amt_body_is_refused_by_member_and_line(folder, write, path, value, member):
    body = amt_body("TrainingJobDefinition/OutputDataConfig/S3OutputPath", "file:///tmp/out")
    place = body
    *parents, last = path.split("/")
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    error = refusal_of_file(folder, write(body), "body.json")
    assert error.field == member
    assert error.place.startswith("body.json line ")


@pytest.mark.parametrize("field", sorted({field for field, _ in WRONG + WRONG_RUNS}))
@pytest.mark.parametrize("listed", [False, True])
def test_all_that_may_be_found_wrong_has_a_name_in_amts_form(field, listed):
    if field in {"limits.max_cost", "objective.last_k"} or field.startswith("enqueued"):
        return  # AMT has no such member
    body = amt_body()
    if listed:
        definition = body.pop("TrainingJobDefinition")
        definition["HyperParameterRanges"] = body[CONFIG].pop("ParameterRanges")
        definition["TuningObjective"] = body[CONFIG].pop("HyperParameterTuningJobObjective")
        body["TrainingJobDefinitions"] = [definition]
    member = renamed(field.replace("parameters[1]", "parameters[0]"), amt.members_of(amt.from_amt(body)))
    assert member[0].isupper(), member


SAID_IN_JOB_FILES = [
    field
    for field, _ in WRONG
    if field != "definitions" and not field.startswith(("enqueued", "objective.last", "definitions[0].arguments"))
]


@pytest.mark.parametrize("field", sorted(set(SAID_IN_JOB_FILES)))
def test_all_that_may_be_found_wrong_has_a_name_in_the_job_file(field):
    spec = jobfile.from_jobfile(JOB_FILE, jobfile.Place("/", "python", "digits"))
    member = renamed(field.replace("metric_definitions[1]", "metric_definitions[0]"), jobfile.members_of(spec))
    assert member.split(".")[0] in {*JOB_FILE, "name", "parallel", "max_runtime", "max_training_runtime", "fixed",
                                    "target", "seed", "metrics", "retries", "environment", "not_improving"}  # fmt: skip


def test_a_path_is_renamed_by_its_longest_known_beginning():
    names = {"a": "A", "a.b": "B", "a.b[0]": "C"}
    assert [renamed(path, names) for path in ("a", "a.b.c", "a.b[0].d", "a.b[1]", "ab")] == [
        "A", "B.c", "C.d", "B[1]", "ab"
    ]  # fmt: skip


def test_a_body_of_amts_is_printed_as_it_was_written(folder):
    body = amt_body("TrainingJobDefinition/OutputDataConfig/S3OutputPath", "file:///out")
    body["TrainingJobDefinition"]["VpcConfig"] = {"SecurityGroupIds": [], "Subnets": ["subnet-1"]}
    (folder / "body.json").write_text(json.dumps(body))
    assert json.loads(from_file(folder / "body.json", "job").aws_form) == body


BODY = json.dumps(amt_body("TrainingJobDefinition/OutputDataConfig/S3OutputPath", "file:///out"))


@pytest.mark.parametrize(("name", "text"), [("job.yaml", JOB + "name: of-the-file\n"), ("body.json", BODY)])
def test_a_name_that_is_given_goes_before_the_file_s(folder, name, text):
    (folder / name).write_text(text)
    assert from_program(folder / name, {"name": "given", "seed": None}, {}).spec.name == "given"
    with pytest.raises(InvalidSpec, match="--name: 'no name'"):
        from_program(folder / name, {"name": "no name"}, {})
    with pytest.raises(InvalidSpec, match="--seed: cannot be combined"):
        from_program(folder / name, {"name": "given", "seed": 1}, {})
