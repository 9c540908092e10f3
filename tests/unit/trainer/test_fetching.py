"""Fetching an attempt's data: whole or not at all, once, patiently, and told in AMT's words when it fails."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.simulation.timeless import play

from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.core.locations import Location
from tunewright.core.spec import Channel, Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.fetching import FILES_AT_ONCE, PATIENCE_S, Fetching, NotFetched, Progress
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.mounts import link, mounts_of
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk
from tunewright_trainer.storage.port import Object, Storage


@dataclass
class World:
    """A folder of buckets and an attempt."""

    root: Path

    def write(self, path: str, text: str | bytes = "x") -> None:
        (self.root / "s3" / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / "s3" / path).write_bytes(text if isinstance(text, bytes) else text.encode())

    @property
    def folder(self) -> AttemptFolder:
        folder = Folders(self.root / "data").of(Attempt("job/000001", 1))
        folder.root.mkdir(parents=True, exist_ok=True)
        return folder

    def fetching(self, storage: Storage | None = None) -> Fetching:
        buckets = Buckets(self.root / "s3", Disk((self.root,))) if storage is None else Only(storage)
        return Fetching(buckets)

    async def fetch(
        self, *channels: Channel, storage: Storage | None = None, instances: int = 1, progress: Progress | None = None
    ) -> None:
        fetching = self.fetching(storage)
        try:
            await fetching.fetch(launch(*channels, instances=instances), self.folder, progress)
        finally:
            fetching.close()

    def fetched(self, instance: int = 0) -> dict[str, str]:
        data = self.folder.instance(instance).input_data
        return {str(path.relative_to(data)): path.read_text() for path in data.rglob("*") if path.is_file()}

    def mounts(self, *channels: Channel, instances: int = 1) -> dict[str, Path]:
        asked = launch(*channels, instances=instances)
        found = [mounts_of(asked, self.folder, number) for number in range(instances)]
        assert found == [found[0]] * instances
        assert all(mount.read_only for mount in found[0])
        return {str(mount.path): mount.source for mount in found[0]}


class Only(Buckets):
    """One storage for whatever is asked."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(None)
        self._storage = storage

    def of(self, _location: Location, _field: str = "") -> Storage:
        return self._storage


@dataclass
class Moody:
    """A storage whose every call first does what it is told to."""

    before: Callable[[], None]
    objects: list[Object] = field(default_factory=lambda: [Object("data/a", 1)])

    def list(self, _prefix: str) -> Iterator[Object]:
        yield from self.objects

    def fetch(self, key: str, to: Path, _told: Callable[[int], None]) -> None:
        self.before()
        to.write_text(key)

    def put(self, source: Path, key: str, _told: Callable[[int], None]) -> None:
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError


def launch(*channels: Channel, instances: int = 1) -> Launch:
    definition = Definition("file:///x", channels=channels, resources=Resources(instance_count=instances))
    return Launch(Attempt("job/000001", 1), "job-001", definition, {})


DATA = Channel("data", "s3://bucket/data")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_each_channel_has_a_folder_with_what_its_prefix_names(world):
    world.write("bucket/data/a.csv", "a")
    world.write("bucket/data/deep/b.csv", "b")
    world.write("bucket/database", "c")
    world.write("other/x", "x")
    (world.root / "plain").mkdir()
    (world.root / "plain" / "file").write_text("plain")
    (world.root / "plainer").write_text("a neighbour")
    plain = Channel("plain", (world.root / "plain").as_uri())
    one = Channel("one", (world.root / "plain" / "file").as_uri())
    await world.fetch(DATA, Channel("other", "s3://other"), plain, one)
    assert world.fetched() == {
        "data/a.csv": "a",
        "data/deep/b.csv": "b",
        "data/database": "c",
        "other/x": "x",
        "plain/file": "plain",
        "one/file": "plain",
    }


async def test_what_was_fetched_is_not_fetched_again(world):
    world.write("bucket/data/a", "before")
    await world.fetch(DATA)
    world.write("bucket/data/a", "after")
    await world.fetch(DATA)
    assert world.fetched() == {"data/a": "before"}


async def test_what_an_earlier_trainer_left_half_done_is_fetched_anew(world):
    world.write("bucket/data/a", "whole")
    half = world.folder.first.input_data / "data"
    half.mkdir(parents=True)
    (half / "a").write_text("wh")
    (half / "gone-meanwhile").write_text("x")
    await world.fetch(DATA)
    assert world.fetched() == {"data/a": "whole"}


@pytest.mark.parametrize("uri", ["s3://bucket/dta", "s3://no-such-bucket/data", "file://{root}/none"])
async def test_missing_data_are_the_users_and_told_as_amt_does(world, uri):
    world.write("bucket/data/a")
    with pytest.raises(NotFetched, match=r"^ClientError: Data download failed: ") as caught:
        await world.fetch(DATA, Channel("test", uri.format(root=world.root)))
    assert caught.value.cause is EndCause.INPUT_UNUSABLE
    assert world.fetched() == {}
    assert not world.folder.fetched.exists()


async def test_an_empty_prefix_names_its_channel_and_its_uri(world):
    world.write("bucket/data/a")
    with pytest.raises(NotFetched, match='channel test: No S3 objects found under S3 URL "s3://bucket/dta"'):
        await world.fetch(Channel("test", "s3://bucket/dta"))


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (InvalidSpec("s3://bucket/data", "AccessDenied"), EndCause.INPUT_UNUSABLE),
        (NotFound("object", "s3://bucket/data/a"), EndCause.INPUT_UNUSABLE),
        (OSError(28, "No space left on device"), EndCause.START_FAILED),
    ],
)
async def test_whose_fault_it_is_that_data_do_not_come(world, error, cause):
    def fail() -> None:
        raise error

    with pytest.raises(NotFetched) as caught:
        await world.fetch(DATA, storage=Moody(fail))
    assert caught.value.cause is cause
    assert world.fetched() == {}


def test_an_endpoint_that_comes_back_is_waited_for(world):
    left = iter([Unavailable("s3", "down")] * 5)

    def fail() -> None:
        for error in left:
            raise error

    play(world.fetch(DATA, storage=Moody(fail)))
    assert world.fetched() == {"data/a": "data/a"}


def test_an_endpoint_that_stays_away_is_nobodys_fault_after_a_while(world):
    def fail() -> None:
        raise Unavailable("s3", "down")

    async def waited_s() -> float:
        loop = asyncio.get_running_loop()
        with pytest.raises(NotFetched, match="down") as caught:
            await world.fetch(DATA, storage=Moody(fail))
        assert caught.value.cause is EndCause.START_FAILED
        return loop.time()

    assert PATIENCE_S <= play(waited_s()) <= PATIENCE_S + 60


async def test_data_that_the_disk_has_no_room_for_are_not_begun(world):
    def fail() -> None:
        raise AssertionError

    storage = Moody(fail, [Object("data/a", 2**60)])
    with pytest.raises(NotFetched, match=r"1073741824\.0 GiB") as caught:
        await world.fetch(DATA, storage=storage)
    assert caught.value.cause is EndCause.START_FAILED


async def test_no_more_files_at_once_than_a_trainer_may_fetch(world):
    lock, running, peak = threading.Lock(), 0, 0
    full = threading.Event()

    def count() -> None:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
            if running == FILES_AT_ONCE:
                full.set()
        assert full.wait(10)
        with lock:
            running -= 1

    await world.fetch(DATA, storage=Moody(count, [Object(f"data/{number}", 1) for number in range(40)]))
    assert peak == FILES_AT_ONCE
    assert len(world.fetched()) == 40


async def test_every_instance_has_a_copy_of_its_own(world):
    world.write("bucket/data/a", "a")
    world.write("bucket/data/deep/b", "b")
    await world.fetch(DATA, instances=3)
    assert [world.fetched(number) for number in range(3)] == [{"data/a": "a", "data/deep/b": "b"}] * 3
    (world.folder.first.input_data / "data" / "a").write_text("changed")
    assert world.fetched(1)["data/a"] == "a"


async def test_an_object_is_fetched_once_for_all_instances(world):
    fetches: list[None] = []
    await world.fetch(DATA, storage=Moody(lambda: fetches.append(None)), instances=4)
    assert len(fetches) == 1
    assert world.fetched(3) == {"data/a": "data/a"}


async def test_shards_are_dealt_by_key_and_an_instance_may_get_none(world):
    for name in "cadb":
        world.write(f"bucket/data/{name}", name)
    world.write("bucket/one", "one")
    sharded = Channel("data", "s3://bucket/data", distribution="ShardedByS3Key")
    one = Channel("one", "s3://bucket/one", distribution="ShardedByS3Key")
    await world.fetch(sharded, one, instances=3)
    assert world.fetched(0) == {"data/a": "a", "data/d": "d", "one/one": "one"}
    assert world.fetched(1) == {"data/b": "b"}
    assert world.fetched(2) == {"data/c": "c"}
    assert (world.folder.instance(2).input_data / "one").is_dir()


async def test_data_for_all_instances_must_have_room(world):
    free = shutil.disk_usage(world.root).free
    storage = Moody(lambda: None, [Object("data/a", free // 3)])
    with pytest.raises(NotFetched, match="are free"):
        await world.fetch(DATA, storage=storage, instances=4)


async def test_a_manifest_names_what_is_fetched(world):
    for name in ("a", "deep/b", "c"):
        world.write(f"other/data/{name}", name)
    world.write("bucket/list", b'[{"prefix": "s3://other/data/"}, "a", "deep/b"]')
    await world.fetch(Channel("data", "s3://bucket/list", s3_data_type="ManifestFile"))
    assert world.fetched() == {"data/a": "a", "data/deep/b": "deep/b"}
    assert not list(world.folder.root.glob("tmp*"))


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "there is no manifest called 's3://bucket/list'"),
        (b"a,b", "is no JSON"),
        (b'[{"prefix": "s3://bucket/"}, 7]', r"list\[1\]: is 7"),
        (b'[{"prefix": "s3://bucket/"}, "a", "none"]', "/none'"),
    ],
)
async def test_a_bad_manifest_is_the_users_and_names_the_entry(world, manifest, said):
    world.write("bucket/a")
    if manifest is not None:
        world.write("bucket/list", manifest)
    with pytest.raises(NotFetched, match=said) as caught:
        await world.fetch(Channel("data", "s3://bucket/list", s3_data_type="ManifestFile"))
    assert caught.value.cause is EndCause.INPUT_UNUSABLE
    assert world.fetched() == {}


async def test_packed_objects_are_unpacked(world):
    world.write("bucket/data/a.csv.gz", gzip.compress(b"1,2") + gzip.compress(b",3"))
    world.write("bucket/data/b", gzip.compress(b"b"))
    world.write("bucket/data/_SUCCESS", b"")
    await world.fetch(replace(DATA, compression="Gzip"), instances=2)
    assert world.fetched() == world.fetched(1) == {"data/a.csv": "1,2,3", "data/b": "b", "data/_SUCCESS": ""}


@pytest.mark.parametrize("content", [b"1,2", gzip.compress(b"1,2" * 99)[:-9], gzip.compress(b"1,2")[:-1] + b"x"])
async def test_what_is_not_packed_or_broken_names_its_object(world, content):
    world.write("bucket/data/a.csv.gz", content)
    with pytest.raises(NotFetched, match=r"data/a\.csv\.gz: is not packed with gzip") as caught:
        await world.fetch(replace(DATA, compression="Gzip"))
    assert caught.value.cause is EndCause.INPUT_UNUSABLE
    assert world.fetched() == {}


FAST = replace(DATA, input_mode="FastFile")


@pytest.mark.parametrize("uri", ["s3://bucket/data", "s3://bucket/data/", "s3://bucket", "file://{s3}/bucket/data"])
async def test_a_folder_is_shown_as_it_lies(world, uri):
    world.write("bucket/data/a", "a")
    channel = replace(FAST, uri=uri.format(s3=world.root / "s3"))
    await world.fetch(channel, instances=2)
    source = world.root / "s3" / "bucket" / ("" if uri == "s3://bucket" else "data")
    assert world.mounts(channel, instances=2) == {"/opt/ml/input/data/data": source}
    assert world.fetched() == {}
    for instance in world.folder.instances(2):
        for _ in range(2):
            link(mounts_of(launch(channel), world.folder, 0), instance.base)
        assert [path.read_text() for path in (instance.input_data / "data").resolve().rglob("a")] == ["a"]
    world.folder.remove()
    assert (world.root / "s3" / "bucket" / "data" / "a").exists()


@pytest.mark.parametrize(
    "channel",
    [
        replace(FAST, uri="s3://bucket/data/a"),
        replace(FAST, uri="s3://bucket/dat"),
        replace(FAST, distribution="ShardedByS3Key"),
        replace(FAST, uri="s3://bucket/list", s3_data_type="ManifestFile"),
        DATA,
    ],
)
async def test_what_is_no_folder_is_copied(world, channel):
    world.write("bucket/data/a", "a")
    world.write("bucket/list", b'[{"prefix": "s3://bucket/data/"}, "a"]')
    await world.fetch(channel, instances=2)
    assert world.mounts(channel) == {}
    assert "a" in world.fetched().values()


async def test_a_folder_with_a_neighbour_of_that_name_is_copied_with_it(world):
    world.write("bucket/data/a", "a")
    world.write("bucket/data.csv", "b")
    await world.fetch(FAST)
    assert world.mounts(FAST) == {}
    assert world.fetched() == {"data/a": "a", "data/data.csv": "b"}


async def test_a_runner_that_can_show_nothing_has_copies(world):
    world.write("bucket/data/a", "a")
    with closing(Fetching(Buckets(world.root / "s3", Disk((world.root,))), views=False)) as fetching:
        await fetching.fetch(launch(FAST), world.folder)
    assert world.mounts(FAST) == {}
    assert world.fetched() == {"data/a": "a"}


async def test_nothing_to_show_is_told_like_nothing_to_copy(world):
    world.write("bucket/other/a", "a")
    with pytest.raises(NotFetched, match='No S3 objects found under S3 URL "s3://bucket/data"'):
        await world.fetch(FAST)


async def test_how_far_it_has_come_can_be_seen(world):
    world.write("bucket/data/a", "123")
    world.write("bucket/data/b", "4")
    progress = Progress()
    await world.fetch(DATA, instances=2, progress=progress)
    assert (progress.objects, progress.objects_of, progress.bytes, progress.bytes_of) == (2, 2, 4, 4)


async def test_a_fetch_that_is_cancelled_leaves_off_and_counts_for_nothing(world):
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait(10)

    storage = Moody(wait, [Object(f"data/{number}", 1) for number in range(100)])
    fetching = asyncio.create_task(world.fetch(DATA, storage=storage))
    await begun.wait()
    fetching.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert len(world.fetched()) <= FILES_AT_ONCE
    assert not world.folder.fetched.exists()
