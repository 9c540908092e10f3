"""An attempt's data on its way in and its model on its way out, with a trainer, its scheduler and real programs."""

from __future__ import annotations

import gc
import tarfile
from collections.abc import Iterator

import pytest
from tests.contract.runner_contract import FOREVER, until
from tests.gated_s3 import CONTENT, Gate, gated_s3
from tests.unit.trainer.test_trainer import Plant, cause, plant  # noqa: F401 - the fixture

from tunewright.v1 import spec_pb2
from tunewright.v1 import worker_service_pb2 as pb

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

READER = """
import os, pathlib
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text(str(size))
"""
WRITER = """
import os, pathlib
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("w")
"""
LARGE = [spec_pb2.Channel(name="train", uri="s3://bucket/data")]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with gated_s3() as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", gate.url)
        yield gate
    gc.collect()  # the connections of downloads that were left, while their warnings are expected


async def test_a_program_reads_its_channel_and_its_model_goes_to_its_bucket(plant, tmp_path):  # noqa: F811
    (tmp_path / "s3" / "in" / "data").mkdir(parents=True)
    (tmp_path / "s3" / "in" / "data" / "a.csv").write_text("12345")
    plant.start(s3_root=tmp_path / "s3")
    channels = [spec_pb2.Channel(name="train", uri="s3://in/data")]
    attempt = await plant.grant(READER, channels=channels, to="s3://out/models/")
    report = await plant.exit_of(attempt)
    assert (report.exit_code, report.artifact_uri) == (0, "s3://out/models/job-001/output/model.tar.gz")
    assert not list((tmp_path / "s3" / "out").iterdir())
    await plant.settle(attempt, publish=True)
    with tarfile.open(tmp_path / "s3" / "out" / "models" / "job-001" / "output" / "model.tar.gz") as model:
        assert model.extractfile("weights").read() == b"5"


@pytest.mark.parametrize("mode", ["File", "FastFile"])
async def test_a_program_finds_the_same_paths_whether_data_are_copied_or_shown(plant, tmp_path, mode):  # noqa: F811
    (tmp_path / "s3" / "in" / "data" / "deep").mkdir(parents=True)
    (tmp_path / "s3" / "in" / "data" / "deep" / "a.csv").write_text("12345")
    plant.start(s3_root=tmp_path / "s3")
    channels = [spec_pb2.Channel(name="train", uri="s3://in/data", input_mode=mode)]
    source = 'import os; print(open(os.environ["SM_CHANNEL_TRAIN"] + "/deep/a.csv").read())'
    attempt = await plant.grant(source, channels=channels)
    assert (await plant.exit_of(attempt)).exit_code == 0
    assert plant.folder(attempt).first.spool.read_text() == "12345\n"
    is_copy = not (plant.folder(attempt).first.input_data / "train").is_symlink()
    assert is_copy == (mode == "File")
    await plant.settle(attempt, publish=True)
    await until(lambda: not plant.folder(attempt).root.exists())
    assert (tmp_path / "s3" / "in" / "data" / "deep" / "a.csv").exists()


async def test_a_model_waits_until_its_place_can_take_it(plant, tmp_path):  # noqa: F811
    plant.start(s3_root=tmp_path / "s3")
    attempt = await plant.grant(WRITER, to="s3://out")
    await plant.exit_of(attempt)
    (tmp_path / "s3" / "out").rmdir()
    (tmp_path / "s3" / "out").write_text("in the way")
    message = pb.Attempt(training_id=attempt[0], attempt=1)
    order = pb.SettledOrder(attempt=message, publish_artifact=True)
    await plant.scheduler.change(lambda: plant.scheduler.settled.update({attempt: order}))
    await plant.scheduler.until(lambda: not plant.scheduler.holds(attempt))
    assert (plant.folder(attempt).artifacts / "model.tar.gz").exists()
    (tmp_path / "s3" / "out").unlink()
    await until((tmp_path / "s3" / "out" / "job-001" / "output" / "model.tar.gz").exists)
    await until(lambda: not plant.folder(attempt).root.exists())


@pytest.mark.parametrize("uri", ["s3://in/none", "s3://in/../x"])
async def test_missing_data_end_a_training_that_never_ran(plant, tmp_path, uri):  # noqa: F811
    plant.start(s3_root=tmp_path / "s3")
    attempt = await plant.grant(READER, channels=[spec_pb2.Channel(name="train", uri=uri)])
    report = await plant.exit_of(attempt)
    assert (report.cause, report.HasField("exit_code")) == (cause("INPUT_UNUSABLE"), False)
    assert report.reason.startswith("ClientError: Data download failed: ")
    assert (await plant.output_until_ended("g"))[-1].cause == cause("INPUT_UNUSABLE")
    await plant.end()
    plant.start()
    await plant.scheduler.until(lambda: len(plant.scheduler.exits[attempt]) == 2)
    again = plant.scheduler.exits[attempt][1]
    assert (again.cause, again.reason, again.ended_at) == (report.cause, report.reason, report.ended_at)
    await plant.settle(attempt, publish=False)


async def test_the_phase_is_told_while_data_come(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE)
    await plant.scheduler.until(lambda: plant.scheduler.holds(attempt, "Downloading"))
    await until(gate.halfway.is_set)
    assert not plant.folder(attempt).first.spool.exists()
    gate.go.set()
    assert (await plant.exit_of(attempt)).exit_code == 0
    assert (plant.folder(attempt).first.input_data / "train" / "large").read_bytes() == CONTENT


async def test_a_stop_ends_a_download_and_nothing_runs(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE)
    await until(gate.halfway.is_set)
    order = pb.StopOrder(attempt=pb.Attempt(training_id=attempt[0], attempt=1), grace_s=30)
    await plant.scheduler.change(lambda: plant.scheduler.stops.update({attempt: order}))
    report = await plant.exit_of(attempt)
    assert (report.cause, report.HasField("exit_code")) == (cause("STOPPED"), False)
    assert "Stopping" in {phase.status for phase in report.phases}
    await plant.settle(attempt, publish=False)


async def test_a_lease_that_is_void_ends_a_download(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE)
    await until(gate.halfway.is_set)
    await plant.scheduler.change(lambda: plant.scheduler.void.add(attempt))
    await until(plant.folder(attempt).abandoned.exists)
    assert plant.scheduler.exits[attempt] == []
    assert not plant.folder(attempt).first.spool.exists()
    await plant.exit_of(await plant.grant("print('the slot is free')"))


async def test_time_spent_on_data_is_bounded_as_the_run_is(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE, max_runtime_s=1)
    await until(gate.halfway.is_set)
    assert (await plant.exit_of(attempt)).cause == cause("MAX_RUNTIME_EXCEEDED")


async def test_a_restart_fetches_what_was_not_whole_and_runs_it_once_it_is_known_to_be_ours(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE)
    await until(gate.halfway.is_set)
    await plant.end()
    gate.go.set()
    assert not plant.folder(attempt).first.spool.exists()
    plant.start()
    assert (await plant.exit_of(attempt)).exit_code == 0
    assert (plant.folder(attempt).first.input_data / "train" / "large").read_bytes() == CONTENT
    assert [held.training_id for held in plant.scheduler.opened[1].holding] == [attempt[0]]


async def test_a_restart_leaves_data_alone_that_are_for_another_by_now(plant, gate):  # noqa: F811
    plant.start()
    attempt = await plant.grant(READER, channels=LARGE)
    await until(gate.halfway.is_set)
    await plant.end()
    gate.go.set()
    plant.scheduler.void.add(attempt)
    plant.start()
    await until(plant.folder(attempt).abandoned.exists)
    assert not plant.folder(attempt).first.spool.exists()
    assert plant.scheduler.exits[attempt] == []


async def test_a_program_that_has_its_data_is_found_again_before_anybody_answers(plant, tmp_path):  # noqa: F811
    (tmp_path / "s3" / "in").mkdir(parents=True)
    (tmp_path / "s3" / "in" / "a.csv").write_text("12345")
    plant.start(s3_root=tmp_path / "s3")
    attempt = await plant.grant(FOREVER, channels=[spec_pb2.Channel(name="train", uri="s3://in")], max_runtime_s=2)
    await plant.printed(attempt, b"up")
    await plant.end()
    plant.scheduler.silent.update({"Heartbeat", "OpenSession", "Claim", "Exited"})
    plant.start()
    await until(lambda: not plant.programs())  # it has used up its time, and its trainer has seen to that
    plant.scheduler.silent.clear()
    assert (await plant.exit_of(attempt)).cause == cause("MAX_RUNTIME_EXCEEDED")
