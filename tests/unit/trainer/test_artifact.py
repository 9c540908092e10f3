"""Packing and publishing what a training leaves: whole or not at all, and as often as asked."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright_trainer import artifact
from tunewright_trainer.folder import AttemptFolder, read_failure


@pytest.fixture
def folder(tmp_path: Path) -> AttemptFolder:
    folder = AttemptFolder(tmp_path / "attempt")
    folder.model.mkdir(parents=True)
    folder.output_data.mkdir(parents=True)
    return folder


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_nothing_there(folder, tmp_path):
    assert not artifact.anything_to_pack(folder)
    artifact.pack(folder)
    artifact.publish(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_packing_is_idempotent(folder):
    (folder.model / "sub").mkdir()
    (folder.model / "sub" / "weights").write_bytes(b"w" * 10_000)
    artifact.pack(folder)
    archive = folder.artifacts / artifact.MODEL
    before = archive.stat().st_mtime_ns
    artifact.pack(folder)
    assert archive.stat().st_mtime_ns == before
    assert names(archive) == ["sub", "sub/weights"]


def test_a_kill_in_mid_packing_leaves_nothing_that_counts(folder):
    (folder.model / "weights").write_text("w")
    folder.artifacts.mkdir()
    (folder.artifacts / "model.tar.gz.new").write_bytes(b"half")
    artifact.pack(folder)
    assert names(folder.artifacts / artifact.MODEL) == ["weights"]


def test_a_link_is_packed_as_a_link(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder.model / "link").symlink_to(secret)
    artifact.pack(folder)
    with tarfile.open(folder.artifacts / artifact.MODEL) as tar:
        assert tar.getmember("link").issym()


def test_publishing_replaces_and_may_be_repeated(folder, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / artifact.MODEL).write_text("of an earlier run")
    (folder.model / "weights").write_text("w")
    (folder.output_data / "plot").write_text("p")
    artifact.pack(folder)
    artifact.publish(folder, target)
    artifact.publish(folder, target)
    assert sorted(path.name for path in target.iterdir()) == [artifact.MODEL, artifact.OUTPUT]
    assert names(target / artifact.MODEL) == ["weights"]


def test_where_it_goes(tmp_path):
    default = artifact.destination("", tmp_path, "job-001")
    assert default == tmp_path.resolve() / "artifacts" / "job-001" / "output"
    assert artifact.destination("file:///my%20models", tmp_path, "job-001") == Path("/my models/job-001/output")


@pytest.mark.parametrize("uri", ["s3://bucket/x", "file://host/x", "/plain", "file://"])
def test_where_it_cannot_go(tmp_path, uri):
    with pytest.raises(InvalidSpec, match="output_uri"):
        artifact.destination(uri, tmp_path, "job-001")


def test_a_model_folder_turned_into_a_link_is_not_packed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text("x")
    folder.model.rmdir()
    folder.model.symlink_to(elsewhere)
    assert not artifact.anything_to_pack(folder)


def test_a_failure_that_is_no_file_is_no_reason(folder):
    folder.failure.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder.failure)
    assert read_failure(folder, 100) == ""


def test_the_reason_of_a_failure_is_cut(folder):
    folder.failure.parent.mkdir(parents=True, exist_ok=True)
    folder.failure.write_text("no GPU " * 100)
    assert read_failure(folder, 6) == "no GPU"
