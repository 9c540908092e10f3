"""The values of the trainer's core: identities, reasons, arguments, environments, leases."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from tunewright.core.arns import NOBODYS, Account
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Channel, Definition, InputMode, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, End, Launch, reason
from tunewright_trainer.core.lease import Lease, backoff_s
from tunewright_trainer.core.program import arguments, configuration_files, environment, inherited


@pytest.mark.parametrize("training_id", ["../1", "a/b/1", "/1", "a/", "a/one", "a/../1", ""])
def test_an_identity_that_would_leave_the_data_folder_is_refused(training_id):
    with pytest.raises(InvalidSpec, match="training_id"):
        Attempt(training_id, 1)


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x"])
def test_a_name_that_would_leave_the_artifact_folder_is_refused(name):
    with pytest.raises(InvalidSpec, match="training_name"):
        Launch(Attempt("job/1", 1), name, Definition("file:///x"), {})


def test_parts_of_an_identity():
    attempt = Attempt("01abc/000012", 3)
    assert (attempt.uid, attempt.number, str(attempt)) == ("01abc", 12, "01abc/000012/3")


@pytest.mark.parametrize(
    ("cause", "exit_code", "why", "failure", "expected"),
    [
        (EndCause.EXITED, 0, "", "written but fine", ""),
        (EndCause.EXITED, 1, "", "", "AlgorithmError: exit code 1"),
        (EndCause.EXITED, 139, "", "", "AlgorithmError: exit code 139 (SIGSEGV)"),
        (EndCause.EXITED, 127, "not there", "", "AlgorithmError: exit code 127: not there"),
        (EndCause.EXITED, 1, "not there", "no such column", "no such column"),
        (EndCause.EXITED, 1, "", "x" * 5000, "x" * 1024),
        (EndCause.STOPPED, 143, "not there", "", ""),
        (EndCause.START_FAILED, None, "not there", "", "not there"),
    ],
)
def test_the_reason_of_a_failure(cause, exit_code, why, failure, expected):
    assert reason(End(cause, exit_code, 0.0, 1.0, (0,), why), [failure]) == expected


@pytest.mark.parametrize(
    ("failed", "failures", "expected"),
    [
        (1, ("", "no column b", ""), "algo-2: no column b"),
        (1, ("peer gone", "no column b", ""), "algo-2: no column b"),
        (1, ("peer gone", "", ""), "algo-1: peer gone"),
        (None, ("", "", "no column c"), "algo-3: no column c"),
        (1, ("", "", ""), "AlgorithmError: exit code 1 on algo-2"),
        (None, ("", "", ""), "AlgorithmError: exit code 1"),
        (2, ("", "", "x" * 1024), ("algo-3: " + "x" * 1024)[:1024]),
    ],
)
def test_of_several_instances_the_reason_names_the_one_that_says_it(failed, failures, expected):
    assert reason(End(EndCause.EXITED, 1, 0.0, 1.0, (0, 0, 0), failed=failed), failures) == expected


def test_a_full_spool_says_so():
    assert "spool quota" in reason(End(EndCause.SPOOL_FULL, 143, 0.0, 1.0, (0,)))


def test_an_end_for_want_of_memory_tells_the_limit_the_instance_and_a_remedy():
    end = End(EndCause.OUT_OF_MEMORY, 137, 0.0, 1.0, (0, 0), "the kernel killed it", failed=1)
    told = reason(end, ["", "written before"], 2 * 2**30)
    assert told.startswith("AlgorithmError: out of memory on algo-2: an instance may use 2 GiB (the kernel killed it)")
    assert "instance type with more memory" in told
    small = reason(End(EndCause.OUT_OF_MEMORY, 137, 0.0, 1.0, (0,)), [""], 60 * 2**20)
    assert "may use 0.0586 GiB." in small, "not 0.1, which it had not"
    unlimited = reason(End(EndCause.OUT_OF_MEMORY, 137, 0.0, 1.0, (0,)), [""])
    assert unlimited.startswith("AlgorithmError: out of memory: its host had no more.")


def test_arguments_are_sorted_and_reserved_names_left_out():
    given = {"lr": "0.1", "batch": "-5", "_tuning_objective_metric": "x", "sagemaker_program": "y", "empty": ""}
    assert arguments(given) == ["--batch=-5", "--empty", "", "--lr", "0.1"]


def test_the_environment_is_clean_and_the_definitions_wins():
    definition = Definition(
        "file:///x",
        environment={"PYTHONUNBUFFERED": "0", "MINE": "1"},
        channels=(Channel("train", "s3://b/t"), Channel("my-test", "file:///t")),
    )
    launch = Launch(Attempt("job/1", 1), "Job-001", definition, {})
    own = {"PATH": "/bin", "LC_ALL": "C", "TUNEWRIGHT_TOKEN": "secret", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert environment(launch, PurePosixPath("/base"), inherited(own), Account("eu-west-1", "123456789012")) == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "PYTHONUNBUFFERED": "0",
        "AWS_REGION": "eu-west-1",
        "SM_CURRENT_HOST": "algo-1",
        "SM_HOSTS": '["algo-1"]',
        "SM_NUM_GPUS": "0",
        "SAGEMAKER_BASE_DIR": "/base",
        "SM_CHANNELS": '["my-test","train"]',
        "SM_CHANNEL_TRAIN": "/base/input/data/train",
        "SM_CHANNEL_MY-TEST": "/base/input/data/my-test",
        "SM_MODEL_DIR": "/base/model",
        "SM_OUTPUT_DATA_DIR": "/base/output/data",
        "TUNEWRIGHT_METRICS_FILE": "/base/output/metrics.jsonl",
        "TRAINING_JOB_NAME": "Job-001",
        "TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/job-001",
        "MINE": "1",
    }


def test_each_instance_is_told_which_it_is_and_who_the_others_are():
    definition = Definition(
        "image", resources=Resources("ml.x", 12), channels=(Channel("train"),), input_mode=InputMode.FAST_FILE
    )
    launch = Launch(Attempt("job/1", 1), "job-001", definition, {"lr": "0.1"}, gpus=((),) * 11 + (("4", "5"),))
    told = environment(launch, PurePosixPath("/opt/ml"), {}, NOBODYS, 11)
    hosts = sorted(f"algo-{number}" for number in range(1, 13))
    assert (told["SM_CURRENT_HOST"], told["SM_NUM_GPUS"], json.loads(told["SM_HOSTS"])) == ("algo-12", "2", hosts)
    files = configuration_files(launch, 11, "eth0")
    resources = files["resourceconfig.json"]
    assert (resources["current_host"], resources["hosts"]) == ("algo-12", hosts)
    assert resources["network_interface_name"] == "eth0"
    assert resources["instance_groups"][0]["hosts"] == hosts
    assert files["hyperparameters.json"] == {"lr": "0.1"}
    assert files["inputdataconfig.json"]["train"]["TrainingInputMode"] == "FastFile"


def test_a_lease_counts_from_the_sending_and_leaves_time_to_kill():
    lease = Lease(sent_s=100.0, lease_s=30.0, grace_s=15.0)
    assert lease.left_s(120.0) == 10.0
    assert lease.left_s(131.0) == -1.0
    assert 0 < lease.kill_grace_s < lease.grace_s


def test_backoff_doubles_up_to_its_limit():
    assert [backoff_s(n, first_s=0.5, most_s=3.0) for n in (1, 2, 3, 4, 1000)] == [0.5, 1.0, 2.0, 3.0, 3.0]
