"""Packing and publishing what a training leaves: whole or not at all, and as often as asked."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import location_of
from tunewright.core.states import EndCause
from tunewright_trainer import artifact, publishing
from tunewright_trainer.core.attempt import Attempt, End
from tunewright_trainer.folder import AttemptFolder, read_failure
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk


@pytest.fixture
def folder(tmp_path: Path) -> AttemptFolder:
    folder = AttemptFolder(tmp_path / "attempt")
    folder.first.model.mkdir(parents=True)
    folder.first.output_data.mkdir(parents=True)
    return folder


def publish(folder: AttemptFolder, target: Path) -> None:
    location = location_of(target.as_uri(), "target")
    artifact.publish(folder, Buckets(None, Disk((target,))).of(location), location)


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_nothing_there(folder, tmp_path):
    assert not artifact.anything_to_pack(folder, 1)
    artifact.pack(folder, 1)
    publish(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_packing_is_idempotent(folder):
    (folder.first.model / "sub").mkdir()
    (folder.first.model / "sub" / "weights").write_bytes(b"w" * 10_000)
    artifact.pack(folder, 1)
    archive = folder.artifacts / artifact.MODEL
    before = archive.stat().st_mtime_ns
    artifact.pack(folder, 1)
    assert archive.stat().st_mtime_ns == before
    assert names(archive) == ["sub", "sub/weights"]


def test_a_kill_in_mid_packing_leaves_nothing_that_counts(folder):
    (folder.first.model / "weights").write_text("w")
    folder.artifacts.mkdir()
    (folder.artifacts / "model.tar.gz.new").write_bytes(b"half")
    artifact.pack(folder, 1)
    assert names(folder.artifacts / artifact.MODEL) == ["weights"]


def test_what_several_instances_leave_becomes_one_archive_and_of_two_files_the_first_hosts_is_kept(folder):
    left = {
        0: {"weights": "of algo-1", "shards/1": "1", "folder/x": "x", "file": "of algo-1"},
        1: {"weights": "of algo-2", "shards/2": "2", "folder": "no folder here", "file/y": "y"},
        2: {"shards/3": "3", "late": "of algo-3"},
    }
    for number, files in left.items():
        for name, content in files.items():
            path = folder.instance(number).model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    assert artifact.pack(folder, 3) == ["file", "folder", "weights"]
    with tarfile.open(folder.artifacts / artifact.MODEL) as tar:
        packed = {member.name: tar.extractfile(member).read().decode() for member in tar if member.isfile()}
    shards = {f"shards/{number}": str(number) for number in (1, 2, 3)}
    assert packed == {"weights": "of algo-1", "folder/x": "x", "file": "of algo-1", "late": "of algo-3", **shards}


def test_what_only_a_later_instance_leaves_is_packed(folder):
    folder.first.model.rmdir()
    folder.instance(1).model.mkdir(parents=True)
    (folder.instance(1).model / "weights").write_text("w")
    assert not artifact.anything_to_pack(folder, 1)
    assert artifact.anything_to_pack(folder, 2)
    artifact.pack(folder, 2)
    assert names(folder.artifacts / artifact.MODEL) == ["weights"]


def test_a_link_is_packed_as_a_link(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder.first.model / "link").symlink_to(secret)
    artifact.pack(folder, 1)
    with tarfile.open(folder.artifacts / artifact.MODEL) as tar:
        assert tar.getmember("link").issym()


def test_publishing_replaces_and_may_be_repeated(folder, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / artifact.MODEL).write_text("of an earlier run")
    (folder.first.model / "weights").write_text("w")
    (folder.first.output_data / "plot").write_text("p")
    artifact.pack(folder, 1)
    publish(folder, target)
    publish(folder, target)
    assert sorted(path.name for path in target.iterdir()) == [artifact.MODEL, artifact.OUTPUT]
    assert names(target / artifact.MODEL) == ["weights"]


def test_where_it_goes(tmp_path):
    default = artifact.destination("", tmp_path, "job-001")
    assert default.uri == (tmp_path.resolve() / "artifacts" / "job-001" / "output").as_uri()
    assert artifact.destination("file:///my%20models", tmp_path, "job-001").uri == "file:///my%20models/job-001/output"
    for uri in ("s3://bucket", "s3://bucket/"):
        assert artifact.destination(uri, tmp_path, "job-001").uri == "s3://bucket/job-001/output"
    assert artifact.destination("s3://bucket/a/", tmp_path, "job-001").uri == "s3://bucket/a/job-001/output"


@pytest.mark.parametrize("uri", ["https://host/x", "s3://", "file://host/x", "/plain", "file://", "s3://b/../x"])
def test_where_it_cannot_go(tmp_path, uri):
    with pytest.raises(InvalidSpec, match="output_uri"):
        artifact.destination(uri, tmp_path, "job-001")


def test_a_model_folder_turned_into_a_link_is_not_packed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text("x")
    folder.first.model.rmdir()
    folder.first.model.symlink_to(elsewhere)
    assert not artifact.anything_to_pack(folder, 1)


def test_a_failure_that_is_no_file_is_no_reason(folder):
    folder.first.failure.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder.first.failure)
    assert read_failure(folder.first, 100) == ""


def test_the_reason_of_a_failure_is_cut(folder):
    folder.first.failure.parent.mkdir(parents=True, exist_ok=True)
    folder.first.failure.write_text("no GPU " * 100)
    assert read_failure(folder.first, 6) == "no GPU"


# -- What a program may do to its folder: in a pod all of it is its own to write


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The trainer's own disk, with what another training has left."""
    for name in ("data/secret", "failure", "metrics.jsonl"):
        (tmp_path / "host" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "host" / name).write_text("of somebody else\n")
    return tmp_path / "host"


def test_an_output_folder_turned_into_a_link_leads_nowhere(folder, host):
    shutil.rmtree(folder.first.base / "output")
    (folder.first.base / "output").symlink_to(host)
    assert not artifact.anything_to_pack(folder, 1)
    artifact.pack(folder, 1)
    assert not folder.artifacts.exists()
    assert read_failure(folder.first, 100) == ""
    metrics = MetricsFile(folder.first.metrics_file, folder.metrics_fault)
    assert (metrics.size, metrics.read(0, 100), folder.said_bytes(1)) == (0, b"", 0)


def test_what_can_be_fetched_again_is_removed_here_and_nowhere_else(folder, host):
    (folder.first.base / "input").symlink_to(host)
    folder.remove_data(1)
    assert (host / "data" / "secret").exists()


def test_a_folder_that_becomes_a_link_while_it_is_packed_is_not_followed(folder, host):
    inner = folder.first.model / "data"
    inner.mkdir()
    (inner / "weights").write_text("w")

    def swap(_: int) -> None:
        if not inner.is_symlink():
            shutil.rmtree(inner)
            inner.symlink_to(host / "data")

    with suppress(OSError):
        artifact.pack(folder, 1, swap)
    assert not [archive for archive in folder.artifacts.iterdir() if "data/secret" in names(archive)]


def test_names_of_one_file_sockets_and_fifos(folder):
    (folder.first.model / "a").write_text("w" * 1000)
    (folder.first.model / "b").hardlink_to(folder.first.model / "a")
    os.mkfifo(folder.first.model / "fifo")
    artifact.pack(folder, 1)
    with tarfile.open(folder.artifacts / artifact.MODEL) as tar:
        assert {name: tar.extractfile(name).read() for name in tar.getnames()} == {"a": b"w" * 1000, "b": b"w" * 1000}
        assert sum(member.size for member in tar) == 1000


def test_what_did_not_fit_does_not_keep_the_disk_full(folder):
    (folder.first.model / "weights").write_bytes(os.urandom(2**20))

    def full(size: int) -> None:
        if size:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        artifact.pack(folder, 1, full)
    assert list(folder.artifacts.iterdir()) == []


def test_a_file_of_holes_that_claims_more_than_the_disk_is_told_at_once(folder):
    holes(folder.first.model / "weights", shutil.disk_usage(folder.root).total + 1)
    with pytest.raises(OSError, match=r"weights .* more than the whole disk"):
        artifact.pack(folder, 1)
    assert list(folder.artifacts.iterdir()) == []


async def test_packing_is_left_off_when_nobody_wants_it_any_more(folder):
    holes(folder.first.model / "weights", shutil.disk_usage(folder.root).total // 2)
    end = End(EndCause.EXITED, 0, 1.0, 2.0, ())
    packing = asyncio.create_task(publishing.packed(Attempt("job/000001", 1), folder, 1, end))
    while not (folder.artifacts / "model.tar.gz.new").exists():  # noqa: ASYNC110 - the thread makes it
        await asyncio.sleep(0)
    packing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await packing
    assert list(folder.artifacts.iterdir()) == []


def holes(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)
