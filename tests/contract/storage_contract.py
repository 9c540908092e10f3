"""What every storage promises; see tunewright_trainer/storage/port.py. Subclass it and give the fixture `shelf`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunewright.core.errors import NotFound
from tunewright_trainer.storage.port import Storage, quietly

LARGE = bytes(range(256)) * 4096 * 20
"""20 MiB: beyond what S3 takes, and gives, in one part."""

PAGE = 10
"""Keys that an endpoint of a test tells at once; S3 tells 1000."""


@dataclass
class Shelf:
    storage: Storage
    fill: Callable[[dict[str, bytes]], None]
    """Lays objects there by another way than through the storage."""
    read: Callable[[str], bytes]
    missing: Storage
    """A bucket that is not there."""


class _Enough(Exception):  # noqa: N818
    pass


def leave(_: int) -> None:
    raise _Enough


class StorageContract:
    def test_all_keys_that_begin_with_the_prefix_and_no_others(self, shelf: Shelf):
        shelf.fill({"train/a.csv": b"1", "train/deep/b.csv": b"22", "training.csv": b"333", "test/a.csv": b"4"})
        found = {item.key: item.size for item in shelf.storage.list("train")}
        assert found == {"train/a.csv": 1, "train/deep/b.csv": 2, "training.csv": 3}
        assert {item.key for item in shelf.storage.list("train/")} == {"train/a.csv", "train/deep/b.csv"}
        assert [item.key for item in shelf.storage.list("train/deep/b.csv")] == ["train/deep/b.csv"]
        assert len(list(shelf.storage.list(""))) == 4

    def test_a_prefix_of_nothing(self, shelf: Shelf):
        shelf.fill({"train/a.csv": b"1"})
        assert list(shelf.storage.list("tst")) == []
        assert list(shelf.storage.list("train/a.csv/b")) == []
        assert list(shelf.storage.list("no/such/folder/")) == []

    def test_more_objects_than_a_page(self, shelf: Shelf):
        shelf.fill({f"many/{number:05d}": b"" for number in range(PAGE * 3 + 1)})
        assert len({item.key for item in shelf.storage.list("many/")}) == PAGE * 3 + 1

    def test_a_bucket_that_is_not_there(self, shelf: Shelf, tmp_path: Path):
        with pytest.raises(NotFound):
            list(shelf.missing.list("a"))
        with pytest.raises(NotFound):
            shelf.missing.fetch("a", tmp_path / "a", quietly)

    @pytest.mark.parametrize("content", [b"", b"some", LARGE], ids=["empty", "some", "large"])
    def test_what_is_fetched_is_what_is_there(self, shelf: Shelf, tmp_path: Path, content: bytes):
        shelf.fill({"a b/c+d%20é": content})
        pieces: list[int] = []
        shelf.storage.fetch("a b/c+d%20é", tmp_path / "got", pieces.append)
        assert (tmp_path / "got").read_bytes() == content
        assert sum(pieces) == len(content)

    def test_an_object_that_is_not_there_leaves_no_file(self, shelf: Shelf, tmp_path: Path):
        shelf.fill({"other": b"1"})
        (tmp_path / "to").mkdir()
        with pytest.raises(NotFound):
            shelf.storage.fetch("a", tmp_path / "to" / "a", quietly)
        assert list((tmp_path / "to").iterdir()) == []

    def test_a_fetch_that_is_ended_leaves_no_file(self, shelf: Shelf, tmp_path: Path):
        shelf.fill({"a": LARGE})
        (tmp_path / "to").mkdir()
        with pytest.raises(_Enough):
            shelf.storage.fetch("a", tmp_path / "to" / "a", leave)
        assert list((tmp_path / "to").iterdir()) == []

    @pytest.mark.parametrize("content", [b"", LARGE], ids=["empty", "large"])
    def test_what_is_put_is_moved_there_over_what_was(self, shelf: Shelf, tmp_path: Path, content: bytes):
        for written in (b"before", content):
            source = tmp_path / "source"
            source.write_bytes(written)
            shelf.storage.put(source, "out/job-001/output/model.tar.gz", quietly)
            assert not source.exists()
            assert shelf.read("out/job-001/output/model.tar.gz") == written
        assert [item.key for item in shelf.storage.list("out/")] == ["out/job-001/output/model.tar.gz"]

    @pytest.mark.parametrize("content", [b"", b"some", LARGE], ids=["empty", "some", "large"])
    def test_a_put_that_is_ended_changes_nothing(self, shelf: Shelf, tmp_path: Path, content: bytes):
        shelf.fill({"a": b"before"})
        (tmp_path / "source").write_bytes(content)
        with pytest.raises(_Enough):
            shelf.storage.put(tmp_path / "source", "a", leave)
        assert (tmp_path / "source").read_bytes() == content
        assert shelf.read("a") == b"before"
        assert [item.key for item in shelf.storage.list("")] == ["a"]

    def test_what_is_deleted_is_gone_and_may_be_deleted_again(self, shelf: Shelf):
        shelf.fill({"some/deep/a": b"1", "some/b": b"2", "some/deeper": b"3"})
        for _ in range(2):
            shelf.storage.delete("some/deep/a")
            assert {item.key for item in shelf.storage.list("")} == {"some/b", "some/deeper"}
        shelf.storage.delete("never/was")
        assert shelf.read("some/b") == b"2"

    def test_several_threads_at_once(self, shelf: Shelf, tmp_path: Path):
        contents = {f"part-{number}": bytes([number]) * 100_000 for number in range(16)}
        shelf.fill(contents)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: shelf.storage.fetch(key, tmp_path / key, quietly), contents))
        assert {key: (tmp_path / key).read_bytes() for key in contents} == contents
