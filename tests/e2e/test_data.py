"""Data in and models out, as a user of the embedded server meets them: buckets as folders, and a real S3 endpoint."""

from __future__ import annotations

import gzip
import signal
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tests.e2e.served import Served, job
from tests.gated_s3 import CONTENT, gated_s3
from tests.servers.moto import moto
from tunewright.client import Client, TrainingJob
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Channel, Definition, Limits, TuningJobSpec
from tunewright.core.states import EndCause, TrainingState

DEADLINE_S = 40.0
READER = """
cp "$SM_CHANNEL_TRAIN"/* "$SM_MODEL_DIR"/
echo "$TRAINING_JOB_NAME" >> "$STARTS"
test -z "$AWS_SECRET_ACCESS_KEY" || echo "leaked=1"
echo "score=$(cat "$SM_CHANNEL_TRAIN"/* | wc -c).0"
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = Served(tmp_path)
    yield server
    server.end()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Moto's, in a process of its own, which the server will use."""
    with moto() as url:
        use(url, monkeypatch)
        yield url


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    monkeypatch.setenv("TUNEWRIGHT_S3_ENDPOINT", "1")


def reading(served: Served, uri: str, *, trainings: int = 1, to: str = "") -> TuningJobSpec:
    """A job whose program copies what it is given into its model."""
    spec = job(served.program(READER), limits=Limits(max_parallel=1, max_trainings=trainings))
    (definition,) = spec.definitions
    variables = {"STARTS": str(served.folder / "starts")}
    channels = (Channel("train", uri),)
    return replace(spec, definitions=(replace(definition, channels=channels, output_uri=to, environment=variables),))


def until(condition: Callable[[], object], client: Client) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, client.doctor("job")
        time.sleep(0.05)


def ended(client: Client) -> list[TrainingJob]:
    client.wait("job")
    return list(client.trainings("job"))


def test_buckets_are_folders_of_the_data_folder(served):
    served.start()
    bucket = served.data_dir / "s3" / "my-bucket"
    (bucket / "train").mkdir(parents=True)
    (bucket / "train" / "a.csv").write_text("123")
    with served.client() as client:
        client.create(reading(served, "s3://my-bucket/train", to="s3://models/mine"))
        (training,) = ended(client)
        assert (training.state, training.objective_value) == (TrainingState.COMPLETED, 3.0)
        assert training.artifact_uri == f"s3://models/mine/{training.name}/output/model.tar.gz"
        model = served.data_dir / "s3" / "models" / "mine" / training.name / "output" / "model.tar.gz"
        until(model.exists, client)
        with tarfile.open(model) as tar:
            assert tar.extractfile("a.csv").read() == b"123"
    assert (bucket / "train" / "a.csv").read_text() == "123"


def test_data_that_are_not_there_are_refused_when_the_job_is_created(served):
    served.start()
    with served.client() as client, pytest.raises(InvalidSpec, match="No S3 objects found under S3 URL"):
        client.create(reading(served, "s3://my-bucket/trian"))


def test_channels_by_manifest_unpacked_and_shown(served):
    served.start()
    bucket = served.data_dir / "s3" / "my-bucket"
    (bucket / "some").mkdir(parents=True)
    (bucket / "some" / "packed.csv.gz").write_bytes(gzip.compress(b"12345"))
    (bucket / "some" / "not-named").write_text("x")
    (bucket / "list.json").write_text('[{"prefix": "s3://my-bucket/some/"}, "packed.csv.gz"]')
    program = """
wc -c < "$SM_CHANNEL_NAMED/packed.csv"; ls "$SM_CHANNEL_NAMED"; ls "$SM_CHANNEL_SHOWN"
readlink "$SM_CHANNEL_SHOWN"; echo score=1.0"""
    channels = (
        Channel("named", "s3://my-bucket/list.json", s3_data_type="ManifestFile", compression="Gzip"),
        Channel("shown", "s3://my-bucket/some/", input_mode="FastFile"),
    )
    with served.client() as client:
        client.create_training("train", Definition(served.program(program), channels=channels))
        assert client.wait_training("train").state is TrainingState.COMPLETED
        printed = [line.text for line in client.output("train")]
    assert printed == ["5", "packed.csv", "not-named", "packed.csv.gz", str((bucket / "some").resolve()), "score=1.0"]
    assert (bucket / "some" / "packed.csv.gz").exists()


def test_a_training_goes_on_from_its_checkpoints_and_leaves_its_own(served):
    served.start()
    checkpoints = served.data_dir / "s3" / "my-bucket" / "ckpt" / "train"
    checkpoints.mkdir(parents=True)
    (checkpoints / "step-1").write_text("one")
    program = """
cd "$SAGEMAKER_BASE_DIR/checkpoints"; cat step-1; rm step-1; echo two > step-2; exit 1"""
    definition = Definition(served.program(program), checkpoint_uri="s3://my-bucket/ckpt")
    with served.client() as client:
        client.create_training("train", definition)
        assert client.wait_training("train").state is TrainingState.FAILED
        assert [line.text for line in client.output("train")] == ["one"]
    assert {path.name: path.read_text() for path in checkpoints.iterdir()} == {"step-2": "two\n"}


def test_checkpoints_that_could_be_put_nowhere_are_refused_when_the_job_is_created(served):
    served.start()
    (served.data_dir / "s3" / "my-bucket").mkdir()
    (served.data_dir / "s3" / "my-bucket" / "ckpt").touch()
    definition = Definition(served.program("true"), checkpoint_uri="s3://my-bucket/ckpt")
    with served.client() as client, pytest.raises(InvalidSpec, match=r"checkpoint_uri: .* is a file"):
        client.create_training("train", definition)


def test_an_s3_endpoint_of_another_process(endpoint, served):
    s3 = boto3.client("s3", endpoint_url=endpoint)
    for bucket in ("data", "models"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="data", Key="train/a.csv", Body=b"1234")
    served.start()
    with served.client() as client:
        client.create(reading(served, "s3://data/train", to="s3://models"))
        (training,) = ended(client)
        assert (training.state, training.objective_value) == (TrainingState.COMPLETED, 4.0)
        until(lambda: s3.list_objects_v2(Bucket="models").get("KeyCount"), client)
        (found,) = s3.list_objects_v2(Bucket="models")["Contents"]
        assert training.artifact_uri == f"s3://models/{found['Key']}"
        assert "leaked" not in "".join(line.text for line in client.output(training.name))
    s3.close()


def test_missing_data_at_an_endpoint_fail_the_training_as_amt_does(endpoint, served):
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket="data")
    s3.close()
    served.start()
    with served.client() as client:
        client.create(reading(served, "s3://data/train"))
        (training,) = ended(client)
        assert (training.state, training.end_cause) == (TrainingState.FAILED, EndCause.INPUT_UNUSABLE)
        assert training.reason.startswith("ClientError: Data download failed: ")


def test_a_server_killed_in_the_midst_of_a_download_fetches_again_and_runs_the_program_once(served, monkeypatch):
    with gated_s3() as gate:
        use(gate.url, monkeypatch)
        served.start()
        with served.client() as client:
            client.create(reading(served, "s3://bucket/data"))
            until(gate.halfway.is_set, client)
        served.end(signal.SIGKILL)
        gate.halfway.clear()
        served.start()
        with served.client() as client:
            until(gate.halfway.is_set, client)
            gate.go.set()
            (training,) = ended(client)
        assert (training.state, training.objective_value) == (TrainingState.COMPLETED, float(len(CONTENT)))
        assert (training.attempt, (served.folder / "starts").read_text()) == (1, f"{training.name}\n")


def test_a_job_stopped_in_the_midst_of_a_download_runs_nothing(served, monkeypatch):
    with gated_s3() as gate:
        use(gate.url, monkeypatch)
        served.start()
        with served.client() as client:
            client.create(reading(served, "s3://bucket/data"))
            until(gate.halfway.is_set, client)
            client.stop("job")
            (training,) = ended(client)
        assert training.state is TrainingState.STOPPED
        assert not (served.folder / "starts").exists()
