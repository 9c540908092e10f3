"""Which data the embedded server misses when a job is created."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tunewright.core.claimed import ELSEWHERE
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Channel, Definition
from tunewright.local.data import data_check, folder_of_buckets
from tunewright.local.server import _check_here
from tunewright.local.training import trainer_settings
from tunewright.platform.local_options import LocalOptions
from tunewright_gateway.core.refusals import refusal_of
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.storage.disk import Disk

LONG = f"file:///{'x' * 300}"
"""A name that no disk takes."""
HERE = Disk((Path("/"),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "bucket" / "train").mkdir(parents=True)
    (tmp_path / "bucket" / "train" / "a.csv").write_text("1")
    (tmp_path / "bucket" / "empty").mkdir()
    return tmp_path


def check(root: Path | None, uri: str) -> None:
    first = Channel("first", Path(__file__).as_uri())
    definition = Definition("file:///x", channels=(first, Channel("data", uri)))
    data_check(root, HERE)("definitions[0]", definition)


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/tr", "s3://bucket/train/a.csv", "file://{root}/bucket"])
def test_data_that_are_there(root, uri):
    check(root, uri.format(root=root))


@pytest.mark.parametrize(
    "uri", ["s3://bucket/test", "s3://bucket/empty/", "s3://other/train", "file://{root}/none", LONG]
)
def test_data_that_are_not_there_in_amts_words(root, uri):
    with pytest.raises(InvalidSpec, match="No S3 objects found under S3 URL") as caught:
        check(root, uri.format(root=root))
    assert caught.value.field == "definitions[0].channels[1].uri"
    told = refusal_of(caught.value)
    assert told.text.startswith(
        f'No S3 objects found under S3 URL "{uri.format(root=root)}" given in input data source. '
    )


def test_script_modes_code_is_looked_for_too(root):
    def submit(uri: str) -> None:
        static = {"sagemaker_submit_directory": f'"{uri}"'}
        data_check(root, HERE)("definitions[0]", Definition("file:///x", static_hyperparameters=static))

    for there in ("s3://bucket/train/a.csv", (root / "bucket").as_uri(), "/inside/the/image"):
        submit(there)
    with pytest.raises(InvalidSpec, match="there is no code at s3://bucket/code") as caught:
        submit("s3://bucket/code.tar.gz")
    assert caught.value.field == "definitions[0].static_hyperparameters.sagemaker_submit_directory"


async def test_all_else_goes_on_while_a_disk_is_asked(root):
    """A disk of the network that is away takes minutes to say so: leases would end meanwhile."""
    (root / "train").touch(mode=0o755)
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.create_task(others())
    settings = TrainerSettings(root / "trainer", s3_root=root)
    definition = Definition(f"file://{root}/train", channels=(Channel("data", "s3://bucket/train"),))
    await _check_here(LocalOptions(root, image_roots=(root,)), settings)("definitions[0]", definition)
    going_on.cancel()
    assert turns > 0


def test_an_endpoint_is_not_asked():
    check(None, "s3://bucket/none")


def test_where_the_buckets_are(tmp_path):
    assert folder_of_buckets(LocalOptions(tmp_path), tmp_path) == tmp_path / "s3"
    assert (tmp_path / "s3").is_dir()
    other = tmp_path / "deep" / "other"
    assert folder_of_buckets(LocalOptions(tmp_path, s3_root=other), tmp_path) == other
    assert folder_of_buckets(LocalOptions(tmp_path, s3_endpoint=True), tmp_path) is None
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSpec, match="--s3-root"):
        folder_of_buckets(LocalOptions(tmp_path, s3_root=tmp_path / "file" / "x"), tmp_path)


@pytest.mark.parametrize("uri", ["s3://bucket/models", "s3://new", "s3://bucket", "file://{root}/models"])
def test_models_that_have_a_place(root, uri):
    data_check(root, HERE)("definitions[0]", Definition("file:///x", output_uri=uri.format(root=root)))
    assert not (root / "new").exists(), "a check makes nothing"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("s3://bucket/train/a.csv", "is a file"),
        ("s3://bucket/train/a.csv/below", "is a file"),
        ("s3://bucket/out", "leads out of"),
        ("s3://bucket/out/below", "leads out of"),
        (LONG, "can be no folder"),
    ],
)
def test_models_that_have_no_place_are_refused_before_anything_trains(root, uri, why):
    (root / "bucket" / "out").symlink_to(root.parent)
    with pytest.raises(InvalidSpec, match=why) as caught:
        data_check(root, HERE)("definitions[0]", Definition("file:///x", output_uri=uri))
    assert caught.value.field == "definitions[0].output_uri"


def test_a_link_out_of_the_bucket_is_told_of_the_field_that_leads_there(root):
    (root / "bucket" / "train" / "out").symlink_to(root.parent)
    with pytest.raises(InvalidSpec, match="train/out is a link that leads out of") as caught:
        check(root, "s3://bucket/train/o")
    assert caught.value.field == "definitions[0].channels[1].uri"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channels": (Channel("data", "file:///proc/self/environ"),)}, "channels[0].uri"),
        ({"static_hyperparameters": {"sagemaker_submit_directory": "file:///proc/self"}}, "static_hyperparameters."),
        ({"output_uri": "file:///run/models"}, "output_uri"),
        ({"checkpoint_uri": "file:///run/checkpoints"}, "checkpoint_uri"),
    ],
)
def test_what_no_job_may_name_is_refused_before_anything_trains(root, fields, field):
    with pytest.raises(InvalidSpec, match="the system's or the server's own") as caught:
        data_check(root, HERE)("definitions[0]", Definition("file:///x", **fields))
    assert caught.value.field.startswith(f"definitions[0].{field}")


async def test_the_keys_and_the_trainings_of_the_server_are_no_data(root):
    settings = await trainer_settings(LocalOptions(root), root, root / "s3")
    for own in ("credentials", "store.db-wal", "trainer/trainings"):
        assert settings.disk().why_not(root / own)
    for theirs in ("s3/bucket/train", "trainer/artifacts/job-001/output/model.tar.gz", "train.csv"):
        assert settings.disk().why_not(root / theirs) is None


async def test_another_system_cannot_run_what_it_could_not_hear_of(root):
    settings = TrainerSettings(root / "trainer", s3_root=root)
    with pytest.raises(InvalidSpec, match="without"):
        await _check_here(LocalOptions(root, image_roots=(root,)), settings)("definitions[0]", Definition(ELSEWHERE))
