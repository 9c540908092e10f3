"""Checkpoints from one attempt to the next, by way of a folder and of S3."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import boto3

from tests.contract.test_storage import at_endpoint, endpoint  # noqa: F401 - the fixtures
from tunewright.core.spec import Definition
from tunewright_trainer.checkpoints import CheckpointSync
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.storage.buckets import Buckets

LARGE = bytes(range(256)) * 4096 * 10
"""10 MiB: goes to S3 in parts."""


async def attempt(root: Path, number: int, buckets: Buckets) -> tuple[CheckpointSync, Path]:
    definition = Definition("file:///x", checkpoint_uri="s3://checkpoints/mine/")
    launch = Launch(Attempt("job/000001", number), "job-001", definition, {})
    folder = Folders(root / f"trainer-{number}").of(launch.attempt)
    folder.first.base.mkdir(parents=True)
    sync = CheckpointSync(launch, folder, buckets)
    await sync.bring()
    return sync, folder.first.base / "checkpoints"


async def go_on_from_one_another(root: Path, buckets: Buckets) -> None:
    sync, files = await attempt(root, 1, buckets)
    (files / "step 1").mkdir()
    (files / "step 1" / "weights-é").write_bytes(LARGE)
    (files / "empty").touch()
    await sync.last()
    sync, files = await attempt(root, 2, buckets)
    assert (files / "step 1" / "weights-é").read_bytes() == LARGE
    (files / "step 1" / "weights-é").unlink()
    (files / "empty").write_text("no more")
    await sync.last()
    _, files = await attempt(root, 3, buckets)
    assert {path.name: path.read_text() for path in files.rglob("*") if path.is_file()} == {"empty": "no more"}


async def test_by_way_of_a_folder(tmp_path):
    (tmp_path / "s3").mkdir()
    with closing(Buckets(tmp_path / "s3")) as buckets:
        await go_on_from_one_another(tmp_path, buckets)
    assert (tmp_path / "s3/checkpoints/mine/job-001/empty").read_text() == "no more"


async def test_by_way_of_an_endpoint(tmp_path, at_endpoint):  # noqa: F811
    with closing(boto3.client("s3", endpoint_url=at_endpoint)) as s3, closing(Buckets(None)) as buckets:
        s3.create_bucket(Bucket="checkpoints")
        s3.put_object(Bucket="checkpoints", Key="mine/job-0011/other", Body=b"another training's")
        await go_on_from_one_another(tmp_path, buckets)
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket="checkpoints")["Contents"]]
        assert keys == ["mine/job-001/empty", "mine/job-0011/other"]
