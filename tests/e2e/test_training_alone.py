"""A training by itself on an embedded server: it runs, is shown, stopped, deleted, and its name is used again."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.e2e.served import Served
from tests.e2e.test_cli import CommandLine
from tests.e2e.test_local import until
from tunewright.core.errors import AlreadyExists, NotFound
from tunewright.core.spec import Definition, MetricDefinition, StoppingCondition
from tunewright.core.states import EndCause, TrainingState

TRAINS = """\
echo loss=0.5
echo loss=0.25
echo weights > "$SM_MODEL_DIR/weights"
cat "$SM_MODEL_DIR/../input/config/hyperparameters.json"
"""


@pytest.fixture
def served(tmp_path: Path):
    there = Served(tmp_path)
    there.start()
    yield there
    there.end()


def definition(image: str, **fields: object) -> Definition:
    given = {"stopping": StoppingCondition(60), "static_hyperparameters": {"lr": "0.1"}}
    metrics = (MetricDefinition("loss", "loss=([0-9.]+)"),)
    return Definition(image, metric_definitions=metrics, **(given | fields))  # type: ignore[arg-type]


def test_it_trains_and_is_shown_with_its_metrics_and_its_model(served: Served) -> None:
    image = served.program(TRAINS)
    with served.client() as client:
        created = client.create_training("churn", definition(image), tags={"team": "growth"})
        assert (created.name, created.alone, created.status) == ("churn", True, "InProgress")
        with pytest.raises(AlreadyExists):
            client.create_training("CHURN", definition(image))
        done = client.wait_training("churn")
        printed = [line.text for line in client.output("churn")]
        measured = [item.value for item in client.measurements("churn", "loss")]
        assert [job.name for job in client.list()] == []
        assert [item.name for item in client.training_jobs(status="Completed")] == ["churn"]
        assert client.tag_training("churn", {"stage": "test"}) == {"team": "growth", "stage": "test"}
    assert (done.state, done.status, done.reason) == (TrainingState.COMPLETED, "Completed", "")
    assert (done.objective_state, done.objective_value) == (None, None)
    assert (done.final_metrics, measured) == ({"loss": 0.25}, [0.5, 0.25])
    assert printed[:2] == ["loss=0.5", "loss=0.25"]
    assert json.loads("".join(printed[2:])) == {"lr": "0.1"}, "it is not told that it is being tuned"
    model = Path(unquote(urlsplit(done.artifact_uri).path))
    until(model.exists)
    with tarfile.open(model) as packed:
        assert packed.getnames() == ["weights"]

    command = CommandLine(served.folder, served.data_dir)
    shown = command.out("describe", "churn")
    assert "state\tCompleted" in shown
    assert "last loss\t0.25" in shown
    assert "stage=test, team=growth" in shown
    told = json.loads(command.out("describe", "churn", "--output", "json"))
    assert (told["state"], told["final_metrics"]) == ("Completed", {"loss": 0.25})
    assert "loss=0.25" in command.out("logs", "churn")
    assert "churn" not in command.out("jobs")


def test_it_is_stopped_deleted_and_its_name_used_again(served: Served) -> None:
    image = served.program('case "$WAITS" in yes) echo up; sleep 600 ;; esac')
    with served.client() as client:
        client.create_training("churn", definition(image, environment={"WAITS": "yes"}))
        assert next(client.output("churn", follow=True)).text == "up"
        assert client.stop_training("churn").status == "Stopping"
        stopped = client.wait_training("churn")
        assert (stopped.status, stopped.end_cause) == ("Stopped", EndCause.STOPPED)
        client.delete_training("churn")
        with pytest.raises(NotFound):
            client.describe_training("churn")
        again = client.create_training("churn", definition(image, environment={"WAITS": "no"}))
        assert again.id != stopped.id
        assert client.wait_training("churn").status == "Completed"
        assert list(client.output("churn")) == []
    command = CommandLine(served.folder, served.data_dir)
    command.out("delete", "churn")
    with served.client() as client:
        assert list(client.training_jobs()) == []


def test_it_is_stopped_when_its_time_is_up_and_fails_as_its_program_does(served: Served) -> None:
    image = served.program('case "$FAILS" in yes) echo no data >&2; exit 3 ;; *) sleep 600 ;; esac')
    with served.client() as client:
        client.create_training("late", definition(image, stopping=StoppingCondition(1)))
        client.create_training("fails", definition(image, environment={"FAILS": "yes"}))
        late, fails = client.wait_training("late"), client.wait_training("fails")
    assert (late.status, late.end_cause) == ("Stopped", EndCause.MAX_RUNTIME_EXCEEDED)
    assert (fails.status, fails.exit_code) == ("Failed", 3)
    assert "no data" in fails.reason
