"""The storage contract on a folder and on S3, and what each adds to it."""

from __future__ import annotations

import errno
import gc
import os
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.contract.storage_contract import PAGE, Shelf, StorageContract
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright_trainer.storage.folder import FolderStorage
from tunewright_trainer.storage.port import quietly
from tunewright_trainer.storage.s3 import S3Storage, open_client


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "s3" / "bucket"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def folder_shelf(bucket: Path) -> Shelf:
    def fill(objects: dict[str, bytes]) -> None:
        for key, content in objects.items():
            (bucket / key).parent.mkdir(parents=True, exist_ok=True)
            (bucket / key).write_bytes(content)

    missing = FolderStorage(bucket.parent / "missing")
    return Shelf(FolderStorage(bucket), fill, lambda key: (bucket / key).read_bytes(), missing)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def at_endpoint(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", str(PAGE))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return endpoint


@pytest.fixture
def s3_shelf(at_endpoint: str) -> Iterator[Shelf]:
    name = f"bucket-{uuid.uuid4().hex}"
    client = boto3.client("s3", endpoint_url=at_endpoint)
    client.create_bucket(Bucket=name)

    def fill(objects: dict[str, bytes]) -> None:
        for key, content in objects.items():
            client.put_object(Bucket=name, Key=key, Body=content)

    def read(key: str) -> bytes:
        return client.get_object(Bucket=name, Key=key)["Body"].read()

    with closing(client), closing(open_client()) as storing:
        yield Shelf(S3Storage(storing, name), fill, read, S3Storage(storing, "no-such-bucket"))
    gc.collect()  # here, where its warning is expected


class TestFolder(StorageContract):
    @pytest.fixture
    def shelf(self, folder_shelf: Shelf) -> Shelf:
        return folder_shelf


# boto3 leaves the socket of an ended download to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
class TestS3(StorageContract):
    @pytest.fixture
    def shelf(self, s3_shelf: Shelf) -> Shelf:
        return s3_shelf


@pytest.mark.parametrize("key", ["../other/secret", "a/../../other/secret", "a/.."])
def test_no_key_leads_out_of_the_bucket(bucket, tmp_path, key):
    (bucket.parent / "other").mkdir()
    (bucket.parent / "other" / "secret").write_text("secret")
    (tmp_path / "mine").write_text("mine")
    storage = FolderStorage(bucket)
    for escape in (
        lambda: storage.fetch(key, tmp_path / "got", quietly),
        lambda: storage.put(tmp_path / "mine", key, quietly),
        lambda: list(storage.list(f"{key}/")),
        lambda: storage.delete(key),
    ):
        with pytest.raises(InvalidSpec, match="leads out"):
            escape()
    assert (bucket.parent / "other" / "secret").read_text() == "secret"


def test_an_absolute_key_is_one_of_the_bucket(bucket, tmp_path):
    (tmp_path / "mine").write_text("mine")
    FolderStorage(bucket).put(tmp_path / "mine", "/etc/mine", quietly)
    assert (bucket / "etc" / "mine").read_text() == "mine"
    with pytest.raises(NotFound):
        FolderStorage(bucket).fetch("/etc/passwd", tmp_path / "got", quietly)


@pytest.mark.parametrize("name", ["link", "folder/link", "way/file"])
def test_no_link_leads_out_of_the_bucket(bucket, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("secret")
    (bucket / "folder").mkdir()
    (bucket / "link").symlink_to(elsewhere / "file")
    (bucket / "folder" / "link").symlink_to(elsewhere)
    (bucket / "way").symlink_to(elsewhere)
    storage = FolderStorage(bucket)
    (tmp_path / "mine").write_text("mine")
    for escape in (
        lambda: list(storage.list(name)),
        lambda: storage.fetch(name, tmp_path / "got", quietly),
        lambda: storage.put(tmp_path / "mine", f"{name}/new" if name != "way/file" else name, quietly),
        lambda: storage.delete(f"{name}/file" if name != "way/file" else name),
    ):
        with pytest.raises((InvalidSpec, FileExistsError, NotADirectoryError)):
            escape()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["file"]
    assert (elsewhere / "file").read_text() == "secret"


def test_links_within_the_folder_are_followed(bucket):
    (bucket / "blobs").mkdir()
    (bucket / "blobs" / "1").write_text("12")
    (bucket / "named").symlink_to(bucket / "blobs")
    (bucket / "file").symlink_to("blobs/1")
    assert {item.key: item.size for item in FolderStorage(bucket).list("")} == {"blobs/1": 2, "named/1": 2, "file": 2}


def test_a_link_in_a_circle_is_refused_and_not_followed_for_ever(bucket):
    (bucket / "deep").mkdir()
    (bucket / "deep" / "up").symlink_to(bucket)
    with pytest.raises(InvalidSpec, match="around it"):
        list(FolderStorage(bucket).list(""))
    (bucket / "self").symlink_to(bucket / "self")
    with pytest.raises(InvalidSpec):
        list(FolderStorage(bucket).list("self"))


def test_what_is_no_file_is_no_object(bucket, tmp_path):
    os.mkfifo(bucket / "pipe")
    assert list(FolderStorage(bucket).list("")) == []
    with pytest.raises(NotFound):
        FolderStorage(bucket).fetch("pipe", tmp_path / "got", quietly)


def test_a_copy_is_the_trainings_own(bucket, tmp_path):
    (bucket / "data").write_text("before")
    FolderStorage(bucket).fetch("data", tmp_path / "got", quietly)
    (tmp_path / "got").write_text("changed")
    assert (bucket / "data").read_text() == "before"


def test_a_file_is_put_whole_onto_another_file_system(bucket, tmp_path, monkeypatch):
    source = tmp_path / "model"
    source.write_text("weights")
    rename = Path.replace

    def replace(self: Path, to: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, "another device")
        return rename(self, to)

    monkeypatch.setattr(Path, "replace", replace)
    FolderStorage(bucket).put(source, "out/model", quietly)
    assert [path.name for path in (bucket / "out").iterdir()] == ["model"]
    assert ((bucket / "out" / "model").read_text(), source.exists()) == ("weights", False)


def test_what_did_not_fit_onto_another_file_system_does_not_fill_it(bucket, tmp_path, monkeypatch):
    source = tmp_path / "model"
    source.write_text("weights")

    def replace(self: Path, _: Path) -> Path:
        raise OSError(errno.EXDEV if self == source else errno.ENOSPC, "not here")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError):
        FolderStorage(bucket).put(source, "out/model", quietly)
    assert (list((bucket / "out").iterdir()), source.read_text()) == ([], "weights")


def test_folders_that_are_empty_without_an_object_go_with_it(bucket):
    (bucket / "step-1" / "deep").mkdir(parents=True)
    (bucket / "step-1" / "deep" / "a").touch()
    (bucket / "b").touch()
    FolderStorage(bucket).delete("step-1/deep/a")
    assert [path.name for path in bucket.iterdir()] == ["b"]
    FolderStorage(bucket).delete("b")
    assert bucket.is_dir()


def test_what_is_put_beside_deletions_that_empty_the_folder_is_there(bucket, tmp_path):
    """Each training tries its destination with a file that it deletes again, all of them in one folder."""

    def put_and_delete(number: int) -> None:
        storage, source, key = FolderStorage(bucket), tmp_path / str(number), f"output/{number}/trial"
        for _ in range(400):
            source.write_bytes(b"x")
            storage.put(source, key, quietly)
            assert (bucket / key).is_file()
            storage.delete(key)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(put_and_delete, number) for number in range(4)]:
            done.result()


def test_a_link_is_deleted_and_not_what_it_leads_to(bucket):
    (bucket / "a").write_text("kept")
    (bucket / "link").symlink_to("a")
    FolderStorage(bucket).delete("link")
    assert [path.name for path in bucket.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [("", ""), ("data", "data"), ("data/", "data"), ("data/deep", "data/deep"), ("named", "data")]
    + [(prefix, None) for prefix in ("da", "data/a", "part", "none", "none/", "data/a/b")],
)
def test_the_folder_that_a_prefix_is(bucket, prefix, folder):
    (bucket / "data" / "deep").mkdir(parents=True)
    (bucket / "data" / "a").touch()
    (bucket / "part").mkdir()
    (bucket / "part-1").touch()
    (bucket / "named").symlink_to("data")
    found = FolderStorage(bucket).folder(prefix)
    assert found == (None if folder is None else (bucket / folder).resolve())


def test_a_file_that_could_not_be_put_is_still_there(bucket, tmp_path):
    (bucket / "out").write_text("a file, where a folder should be")
    (tmp_path / "model").write_text("weights")
    with pytest.raises(OSError):
        FolderStorage(bucket).put(tmp_path / "model", "out/model", quietly)
    assert (tmp_path / "model").read_text() == "weights"


@pytest.mark.usefixtures("at_endpoint")
def test_an_endpoint_that_does_not_answer_is_unavailable(monkeypatch, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        storage = S3Storage(open_client(), "bucket")  # it never gets as far as to a socket that stays open
        (tmp_path / "model").write_text("weights")
        for call in (
            lambda: list(storage.list("a")),
            lambda: storage.fetch("a", tmp_path / "got", quietly),
            lambda: storage.put(tmp_path / "model", "a", quietly),
            lambda: storage.delete("a"),
        ):
            with pytest.raises(Unavailable, match="s3://bucket/a"):
                call()
    assert (tmp_path / "model").exists()


@pytest.mark.usefixtures("at_endpoint")
def test_without_credentials_the_reason_is_told(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(InvalidSpec, match="credentials"):
        list(S3Storage(open_client(), "bucket").list("a"))
