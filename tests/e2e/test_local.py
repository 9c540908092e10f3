"""The whole circle in one process, as a user meets it, killed at any moment."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.served import Served, job
from tunewright.client import Client, TrainingJob, TuningJob
from tunewright.core.errors import AlreadyExists, IllegalTransition, InvalidSpec, NotFound
from tunewright.core.spec import Completion, Limits, Strategy
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.platform.credentials import load

LINES = 30
RECORDED = f"""
echo "$TRAINING_JOB_NAME" >> "$STARTS"
i=0
while [ $i -lt {LINES} ]; do echo "line $i"; sleep 0.02; i=$((i+1)); done
echo "score=0.5"
echo "$TRAINING_JOB_NAME" >> "$ENDS"
"""


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


def ended(client: Client, name: str = "job") -> tuple[TuningJob, list[TrainingJob]]:
    return client.wait(name), list(client.trainings(name))


def test_kill_9_at_any_moment_loses_no_line_and_repeats_no_training(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.start()
    starts, ends = tmp_path / "starts", tmp_path / "ends"
    image = served.program(f"STARTS={starts} ENDS={ends}\n{RECORDED}")
    with served.client() as client:
        client.create(job(image))
    for wanted in (1, 2, 4):
        with served.client() as client:
            for watched in client.watch("job"):
                if watched.job.trainings.ended >= wanted or watched.job.state.final:
                    break
        assert served.end(signal.SIGKILL) == -signal.SIGKILL
        served.start()
    with served.client() as client:
        done, trainings = ended(client)
        outputs = [[line.text for line in client.output(training.name)] for training in trainings]
    served.end()
    assert (done.state, done.trainings.completed, done.objectives.succeeded) == (JobState.COMPLETED, 6, 6)
    assert outputs == [[*(f"line {number}" for number in range(LINES)), "score=0.5"]] * 6
    assert sorted(starts.read_text().split()) == sorted(training.name for training in trainings)
    assert sorted(ends.read_text().split()) == sorted(training.name for training in trainings)
    # A kill between a grant and its start costs an attempt number, and no run: `starts` says so.


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
def test_a_job_finds_its_best_training(served: Served, strategy: Strategy) -> None:
    image = served.program(
        'x=$(sed -E \'s/.*"x": *"([^"]*)".*/\\1/\' "$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json")\n'
        'echo "score=$x"; echo model > "$SM_MODEL_DIR/weights"'
    )
    with served.client() as client:
        client.create(job(image, strategy=strategy))
        done, trainings = ended(client)
        assert done.state is JobState.COMPLETED
        assert done.best is not None
        values = [training.objective_value for training in trainings]
        assert done.best.objective_value == max(value for value in values if value is not None)
        assert [training.configuration["x"] for training in trainings] == values
        assert len(set(values)) == 6
        assert done.best.artifact_uri.endswith(f"{done.best.name}/output/model.tar.gz")
        until(Path(done.best.artifact_uri.removeprefix("file://")).exists)


def test_the_same_seed_tries_the_same_configurations(served: Served) -> None:
    image = served.program("echo score=1")
    with served.client() as client:
        for name in ("one", "two"):
            client.create(job(image, name))
            client.wait(name)
        one, two = ([training.configuration for training in client.trainings(name)] for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        ("exit 3", TrainingState.FAILED, "exit code 3"),
        ('mkdir -p "$SAGEMAKER_BASE_DIR/output"; echo no data > "$SAGEMAKER_BASE_DIR/output/failure"; exit 1',
         TrainingState.FAILED, "no data"),
        ("true", TrainingState.COMPLETED, "was never emitted"),
        ("echo score=nan", TrainingState.COMPLETED, "nan"),
        ("echo score=0.5; echo score=abc", TrainingState.COMPLETED, "abc"),
        ("head -c 200000 /dev/urandom; echo; echo score=", TrainingState.COMPLETED, "unparsable"),
    ],
)  # fmt: skip
def test_an_outcome_without_a_value_is_typed_and_the_job_goes_on(
    served: Served, body: str, state: TrainingState, reason: str
) -> None:
    image = served.program(f'case "$TRAINING_JOB_NAME" in *-001-*) {body};; *) echo score=0.25;; esac')
    with served.client() as client:
        client.create(job(image, limits=Limits(max_parallel=1, max_trainings=3)))
        done, trainings = ended(client)
    assert (trainings[0].state, trainings[0].objective_state) == (state, ObjectiveState.FAILED)
    assert trainings[0].objective_value is None
    assert reason in trainings[0].reason
    assert done.state is JobState.COMPLETED
    assert done.objectives.succeeded == 2


def test_ten_megabytes_on_one_line_are_cut_and_what_follows_is_read(served: Served) -> None:
    image = served.program("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo score=0.75")
    with served.client() as client:
        client.create(job(image, limits=Limits(max_parallel=1, max_trainings=1)))
        done = client.wait("job")
        assert done.best is not None
        assert done.best.objective_value == 0.75
        lines = [line.text for line in client.output(done.best.name)]
    assert [len(line) for line in lines] == [65_536, len("score=0.75")]


def test_a_training_that_never_ends_is_stopped_at_its_time_limit_and_keeps_its_value(served: Served) -> None:
    from dataclasses import replace

    from tunewright.core.spec import StoppingCondition

    spec = job(served.program("echo score=0.5; exec sleep 1000"), limits=Limits(max_parallel=1, max_trainings=1))
    spec = replace(spec, definitions=(replace(spec.definitions[0], stopping=StoppingCondition(1)),))
    with served.client() as client:
        client.create(spec)
        _, (training,) = ended(client)
    assert (training.state, training.objective_value) == (TrainingState.STOPPED, 0.5)


def test_stopping_a_job_ends_its_trainings_promptly(served: Served) -> None:
    with served.client() as client:
        client.create(job(served.program("echo score=0.5; exec sleep 1000")))
        for watched in client.watch("job"):
            if sum(training.state is TrainingState.RUNNING for training in watched.trainings) == 2:
                break
        assert client.stop("job").state is JobState.STOPPING
        done, trainings = ended(client)
        assert done.state is JobState.STOPPED
        assert {training.state for training in trainings} == {TrainingState.STOPPED}
        with pytest.raises(IllegalTransition, match="already Stopped"):
            client.stop("job")


def test_ended_it_says_what_runs_on_and_how_that_is_found_again(tmp_path: Path) -> None:
    served, said = Served(tmp_path), tmp_path / "said"
    for status in (JobState.STOPPED, None):
        with said.open("w") as stderr:
            served.start(stderr=stderr)
            with served.client() as client:
                if status is None:
                    assert client.stop("job").state is JobState.STOPPING
                    assert ended(client)[0].state is JobState.STOPPED
                else:
                    client.create(job(served.program("echo score=0.5; exec sleep 1000")))
                    until(lambda: client.describe("job").trainings.in_progress == 2)
                    until(lambda: all(item.started_at for item in client.trainings("job")))
            served.end()
        if status is None:
            assert "run on" not in said.read_text()
        else:
            assert "2 trainings run on, and are found again by: tunewright local --data-dir" in said.read_text()


def test_it_tells_people_where_the_dashboard_is_and_what_opens_it_but_not_the_token(tmp_path: Path) -> None:
    served, said = Served(tmp_path), tmp_path / "said"
    credentials = served.data_dir / "credentials"
    for options in ((), ("--exit-when-idle", "600")):
        with said.open("w") as stderr:
            served.start(*options, stderr=stderr)
            keys = load(credentials)
            served.end()
        line = f"Dashboard: http://{keys.tunewright_http} (sign in with tunewright_token of {credentials})\n"
        assert said.read_text() == ("" if options else line)
        assert keys.tunewright_token not in said.read_text()


def test_a_target_ends_the_job(served: Served) -> None:
    with served.client() as client:
        client.create(job(served.program("echo score=0.9"), completion=Completion(target=0.9)))
        done = client.wait("job")
    assert done.state is JobState.COMPLETED
    assert done.reason.startswith("the objective reached its target")


def test_a_deleted_job_is_gone_and_its_name_is_free(served: Served) -> None:
    image = served.program("echo score=1")
    with served.client() as client:
        client.create(job(image))
        with pytest.raises(AlreadyExists, match="choose another name"):
            client.create(job(image, name="JOB"))
        done = client.wait("job")
        training = next(client.trainings("job")).name
        client.delete("job")
        with pytest.raises(NotFound):
            client.describe(done.uid)
        client.create(job(image))
        assert client.wait("job").uid != done.uid
        assert [found.uid for found in client.list()] == [client.describe("job").uid]
        with pytest.raises(NotFound):
            list(client.output(training))


def test_creating_again_after_a_lost_reply_gives_the_same_job(served: Served) -> None:
    image = served.program("echo score=1")
    with served.client() as client:
        first = client.create(job(image), request_id="r")
        assert client.create(job(image), request_id="r").uid == first.uid
        with pytest.raises(InvalidSpec, match="request_id"):
            client.create(job(image, name="other"), request_id="r")


def test_a_bad_request_is_refused_whole_with_the_field_named(served: Served) -> None:
    outside = "file:///bin/sh"
    with served.client() as client:
        for spec, field in (
            (job(outside), r"definitions\[0\]\.image.*--image-root"),
            (job("file:///nowhere"), r"definitions\[0\]\.image"),
            (job(served.program("true"), limits=Limits(max_parallel=0, max_trainings=1)), "parallel"),
            (job(served.program("true"), completion=Completion(target=math.inf)), r"completion\.target"),
            (job(served.program("true"), name="-"), "name"),
        ):
            with pytest.raises(InvalidSpec, match=field):
                client.create(spec)
        assert list(client.list()) == []


def test_without_the_token_nothing_is_answered(served: Served) -> None:
    from tunewright.client import Address, find
    from tunewright.core.errors import Unauthenticated

    endpoint = find(served.data_dir).endpoint
    with Client(Address(endpoint, "guess")) as client, pytest.raises(Unauthenticated, match="credentials file"):
        list(client.list())


def until(holds: Callable[[], bool]) -> None:
    """Return once it holds; a model is published a moment after its training has ended."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
