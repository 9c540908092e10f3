"""Script mode's code: from where it comes, whole or not at all, and in what words it fails."""

from __future__ import annotations

import io
import os
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.core.program import SUBMIT_DIRECTORY, submitted_code
from tunewright_trainer.fetching import Fetching, NotFetched
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk


def packed(**files: str) -> bytes:
    """Return a tar.gz of executable files; `__` in a name stands for a slash."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "s3" / "mine"
    folder.mkdir(parents=True)
    return folder


async def bring(tmp_path: Path, uri: str, instances: int = 1) -> AttemptFolder:
    folder = Folders(tmp_path / "data").of(Attempt("job/000001", 1))
    folder.root.mkdir(parents=True, exist_ok=True)
    definition = Definition("image", resources=Resources(instance_count=instances))
    launch = Launch(Attempt("job/000001", 1), "job-001", definition, {SUBMIT_DIRECTORY: uri})
    with closing(Fetching(Buckets(tmp_path / "s3", Disk((tmp_path / "mine",))))) as fetching:
        await fetching.fetch(launch, folder)
    return folder


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ('"s3://mine/code.tar.gz"', "s3://mine/code.tar.gz"),
        ("s3://mine/code.tar.gz", "s3://mine/code.tar.gz"),
        ("file:///code", "file:///code"),
        ("/opt/program", ""),
        ("3", ""),
        ("", ""),
    ],
)
def test_code_is_the_trainers_business_if_it_has_a_scheme(value, uri):
    assert submitted_code({SUBMIT_DIRECTORY: value}) == uri


async def test_an_archive_is_unpacked_for_every_instance_and_may_be_run(tmp_path, bucket):
    (bucket / "code.tar.gz").write_bytes(packed(run="go", deep__lib="x"))
    folder = await bring(tmp_path, "s3://mine/code.tar.gz", instances=2)
    for instance in folder.instances(2):
        assert (instance.code / "deep" / "lib").read_text() == "x"
        assert os.access(instance.code / "run", os.X_OK)
    assert not list(folder.root.glob("tmp*")), "nothing else is left"


async def test_a_folder_of_the_host_is_copied(tmp_path):
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    program = tmp_path / "mine" / "deep" / "run.sh"
    program.write_text("go")
    program.chmod(0o755)
    copy = (await bring(tmp_path, (tmp_path / "mine").as_uri())).first.code / "deep" / "run.sh"
    assert (copy.read_text(), os.access(copy, os.X_OK), copy.is_symlink()) == ("go", True, False)


async def test_what_an_earlier_trainer_left_half_done_is_brought_anew(tmp_path, bucket):
    (bucket / "code.tar.gz").write_bytes(packed(run="go"))
    folder = await bring(tmp_path, "s3://mine/code.tar.gz")
    (folder.first.code / "half").touch()
    folder.fetched.unlink()
    await bring(tmp_path, "s3://mine/code.tar.gz")
    assert [path.name for path in folder.first.code.iterdir()] == ["run"]


@pytest.mark.parametrize(
    ("uri", "content", "said"),
    [
        ("s3://mine/missing.tar.gz", b"", "s3://mine/missing.tar.gz"),
        ("s3://mine/cod", b"", "it must be one object"),
        ("s3://nowhere/code.tar.gz", b"", "bucket"),
        ("s3://mine/code.tar.gz", b"print('no archive')", "cannot be unpacked"),
        ("s3://mine/code.tar.gz", packed(run="go" * 5000)[:60], "cannot be unpacked"),
        ("s3://mine/code.tar.gz", packed(run="go")[:-8] + bytes(8), "cannot be unpacked"),
        ("s3://mine/code.tar.gz", packed(**{"..__..__stolen": "x"}), "cannot be unpacked"),
        ("s3://mine/code.tar.gz", packed(code__go="x", code="x"), "cannot be unpacked: 'code' lies behind"),
        ("ftp://b/code.tar.gz", b"", SUBMIT_DIRECTORY),
    ],
    ids=[
        "missing",
        "a prefix",
        "no bucket",
        "no archive",
        "cut",
        "damaged",
        "leads out",
        "two in one place",
        "another scheme",
    ],
)
async def test_code_that_cannot_be_had_is_the_users_and_named(tmp_path, bucket, uri, content, said):
    (bucket / "code.tar.gz").write_bytes(content)
    with pytest.raises(NotFetched, match=said) as failed:
        await bring(tmp_path, uri)
    assert failed.value.cause is EndCause.INPUT_UNUSABLE
    assert not (tmp_path / "data" / "stolen").exists()
    assert not list((tmp_path / "data" / "trainings").glob("*/base/code/*"))
