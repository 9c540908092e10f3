"""Checkpoints: brought whole, stored when whole, deleted when deleted, and never from beyond a lease."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.simulation.timeless import play

from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.core.locations import Location
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer import program_files
from tunewright_trainer.checkpoints import LAST_PATIENCE_S, LOOK_S, CheckpointSync, NotSynced
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.fetching import PATIENCE_S, NotFetched
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.mounts import link, mounts_of
from tunewright_trainer.program_files import DEEPEST, Changed
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.folder import FolderStorage
from tunewright_trainer.storage.port import Object


class Watched(FolderStorage):
    """A folder that says what is done to it, and first does what it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def list(self, prefix: str) -> Iterator[Object]:
        self._noted(f"list {prefix}")
        yield from super().list(prefix)

    def fetch(self, key: str, to: Path, told: Callable[[int], None]) -> None:
        self._noted(f"fetch {key}")
        super().fetch(key, to, told)

    def put(self, source: Path, key: str, told: Callable[[int], None]) -> None:
        self._noted(f"put {key}")
        super().put(source, key, told)

    def delete(self, key: str) -> None:
        self._noted(f"delete {key}")
        super().delete(key)

    def _noted(self, call: str) -> None:
        self.before(call)
        self.calls.append(call)

    @property
    def changes(self) -> list[str]:
        return [call for call in self.calls if call.startswith(("put", "delete"))]


class Only(Buckets):
    def __init__(self, storage: Watched) -> None:
        super().__init__(Path("/"))
        self._storage = storage

    def of(self, _location: Location, _field: str = "") -> Watched:
        return self._storage


class Far(Only):
    def are_far(self, _location: Location) -> bool:
        return True


@dataclass
class World:
    """A bucket and a training's attempts."""

    root: Path
    storage: Watched = field(init=False)
    attempt: int = 1
    instances: int = 1
    path: str = ""

    def __post_init__(self) -> None:
        (self.root / "bucket").mkdir()
        self.storage = Watched(self.root / "bucket")

    @property
    def launch(self) -> Launch:
        resources = Resources(instance_count=self.instances)
        definition = Definition(
            "file:///x", checkpoint_uri="s3://bucket/ckpt", checkpoint_path=self.path, resources=resources
        )
        return Launch(Attempt("job/000001", self.attempt), "job-001", definition, {})

    @property
    def folder(self) -> AttemptFolder:
        folder = Folders(self.root / "data").of(self.launch.attempt)
        folder.first.base.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def sync(self) -> CheckpointSync:
        return CheckpointSync(self.launch, self.folder, Only(self.storage))

    def local(self, instance: int = 0) -> Path:
        return self.folder.instance(instance).base / "checkpoints"

    def write(self, name: str, text: str, instance: int = 0) -> None:
        file = self.local(instance) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def put(self, key: str, text: str) -> None:
        file = self.root / "bucket" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def stored(self, prefix: str = "ckpt/job-001") -> dict[str, str]:
        return tree(self.root / "bucket" / prefix)

    @asynccontextmanager
    async def keeping(self) -> Iterator[CheckpointSync]:
        """An attempt whose checkpoints were brought, and are kept; the time jumps."""
        sync = self.sync
        await sync.bring()
        keeping = asyncio.create_task(sync.keep())
        try:
            yield sync
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def failing(error: Exception, calls: str) -> Callable[[str], None]:
    def fail(call: str) -> None:
        if call.startswith(calls):
            raise error

    return fail


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_first_attempt_finds_an_empty_folder(world):
    await world.sync.bring()
    assert world.local().is_dir()
    assert tree(world.local()) == {}


async def test_a_later_attempt_goes_on_from_what_the_first_has_left(world):
    await world.sync.bring()
    world.write("step-2/weights", "w2")
    world.write("last", "step-2")
    await world.sync.last()
    world.attempt = 2
    world.put("ckpt/job-0011/other", "another training's")
    await world.sync.bring()
    assert tree(world.local()) == {"step-2/weights": "w2", "last": "step-2"}


async def test_what_was_brought_is_not_brought_again_nor_stored_again(world):
    world.put("ckpt/job-001/a", "1")
    await world.sync.bring()
    world.put("ckpt/job-001/a", "another's")
    await world.sync.bring()
    assert tree(world.local()) == {"a": "1"}
    await world.sync.last()
    assert world.storage.changes == []


async def test_what_an_earlier_trainer_has_brought_half_is_brought_anew(world):
    world.put("ckpt/job-001/a", "whole")
    world.write("a", "wh")
    world.write("gone-meanwhile", "x")
    await world.sync.bring()
    assert tree(world.local()) == {"a": "whole"}


async def test_without_a_place_for_checkpoints_nothing_happens(world):
    launch = Launch(Attempt("job/000001", 1), "job-001", Definition("file:///x"), {})
    sync = CheckpointSync(launch, world.folder, Only(world.storage))
    await sync.bring()
    await sync.last()
    keeping = asyncio.create_task(sync.keep())
    await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()
    assert (world.storage.calls, world.local().exists()) == ([], False)


def test_a_file_is_stored_once_it_is_whole_and_again_when_it_has_changed(world):
    async def course() -> None:
        async with world.keeping():
            await asyncio.sleep(LOOK_S / 2)
            for length in range(1, 5):
                world.write("a", "1234"[:length])
                await asyncio.sleep(LOOK_S)
                assert world.stored() == {}
            await asyncio.sleep(LOOK_S)
            assert world.stored() == {"a": "1234"}
            await asyncio.sleep(20 * LOOK_S)
            assert world.storage.changes == ["put ckpt/job-001/a"]
            world.write("a", "5678")
            os.utime(world.local() / "a", (1, 1))
            await asyncio.sleep(2 * LOOK_S)
            assert world.stored() == {"a": "5678"}

    play(course())


def test_what_names_others_is_stored_after_them_and_what_is_deleted_goes_last(world):
    world.put("ckpt/job-001/step-1", "1")

    async def course() -> None:
        async with world.keeping():
            await asyncio.sleep(LOOK_S / 2)
            for at, name in enumerate(("z-weights", "b-weights", "a-index"), 1_000):
                world.write(name, name)
                os.utime(world.local() / name, (at, at))
            (world.local() / "step-1").unlink()
            await asyncio.sleep(3 * LOOK_S)

    play(course())
    expected = ["put z-weights", "put b-weights", "put a-index", "delete step-1"]
    assert world.storage.changes == [call.replace(" ", " ckpt/job-001/") for call in expected]
    assert sorted(world.stored()) == ["a-index", "b-weights", "z-weights"]


def test_what_others_have_put_there_is_left_alone(world):
    async def course() -> None:
        async with world.keeping() as sync:
            world.put("ckpt/job-001/theirs", "x")
            world.write("ours", "y")
            await asyncio.sleep(3 * LOOK_S)
        await sync.last()

    play(course())
    assert world.stored() == {"theirs": "x", "ours": "y"}
    assert tree(world.local()) == {"ours": "y"}


async def test_at_the_end_all_is_stored_whenever_it_was_written(world):
    world.put("ckpt/job-001/old", "1")
    await world.sync.bring()
    world.write("new", "2")
    (world.local() / "old").unlink()
    await world.sync.last()
    assert world.stored() == {"new": "2"}
    await world.sync.last()
    assert world.storage.changes == ["put ckpt/job-001/new", "delete ckpt/job-001/old"]


async def test_a_program_that_removes_the_whole_folder_has_no_checkpoints(world):
    world.put("ckpt/job-001/old", "1")
    await world.sync.bring()
    (world.local() / "old").unlink()
    world.local().rmdir()
    await world.sync.last()
    assert world.stored() == {}


async def test_a_disk_that_has_gone_deletes_nothing(world):
    world.put("ckpt/job-001/old", "1")
    await world.sync.bring()
    world.folder.first.base.rename(world.root / "unmounted")
    sync = CheckpointSync(world.launch, Folders(world.root / "data").of(world.launch.attempt), Only(world.storage))
    with pytest.raises(NotSynced):
        await sync.last()
    assert world.stored() == {"old": "1"}


async def test_a_trainer_that_dies_between_storing_and_noting_it_stores_again(world):
    await world.sync.bring()
    world.write("a", "1")
    record = (world.folder.root / "checkpoints.json").read_bytes()
    await world.sync.last()
    (world.folder.root / "checkpoints.json").write_bytes(record)
    (world.local() / "a").rename(world.local() / "b")
    await world.sync.last()
    assert world.stored()["b"] == "1"


def test_a_storage_that_is_away_is_tried_again(world):
    async def course() -> None:
        async with world.keeping():
            world.write("a", "1")
            world.storage.before = failing(Unavailable("s3", "down"), "put")
            await asyncio.sleep(3600)
            world.storage.before = lambda _: None
            await asyncio.sleep(120)
            assert world.stored() == {"a": "1"}

    play(course())


def test_a_file_that_cannot_be_stored_does_not_hold_up_the_others(world):
    async def course() -> None:
        async with world.keeping() as sync:
            world.write("a\udcff", "bad name")
            world.write("b", "1")
            await asyncio.sleep(600)
            assert world.stored() == {"b": "1"}
            world.write("c", "2")
            await asyncio.sleep(600)
            assert world.stored() == {"b": "1", "c": "2"}
        with pytest.raises(NotSynced, match="UTF-8"):
            await sync.last()

    play(course())


def test_the_end_waits_for_a_storage_that_is_away_but_not_for_ever(world):
    async def course() -> float:
        sync = world.sync
        await sync.bring()
        world.write("a", "1")
        world.storage.before = failing(Unavailable("s3", "down"), "put")
        with pytest.raises(NotSynced, match="down"):
            await sync.last()
        return asyncio.get_running_loop().time()

    assert LAST_PATIENCE_S <= play(course()) <= LAST_PATIENCE_S * 2


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (InvalidSpec("s3://bucket/ckpt", "AccessDenied"), EndCause.INPUT_UNUSABLE),
        (OSError(28, "No space left on device"), EndCause.START_FAILED),
    ],
)
async def test_checkpoints_that_do_not_come_end_the_attempt(world, error, cause):
    world.put("ckpt/job-001/a", "1")
    world.storage.before = failing(error, "fetch")
    with pytest.raises(NotFetched) as caught:
        await world.sync.bring()
    assert caught.value.cause is cause
    world.storage.before = lambda _: None
    await world.sync.bring()
    assert tree(world.local()) == {"a": "1"}


def test_checkpoints_are_waited_for(world):
    world.put("ckpt/job-001/a", "1")

    async def course() -> float:
        world.storage.before = failing(Unavailable("s3", "down"), "list")
        with pytest.raises(NotFetched, match="down") as caught:
            await world.sync.bring()
        assert caught.value.cause is EndCause.START_FAILED
        return asyncio.get_running_loop().time()

    assert PATIENCE_S <= play(course()) <= PATIENCE_S + 60


async def test_a_bucket_that_is_a_folder_is_made_when_something_is_put_there(tmp_path):
    world = World(tmp_path)
    (tmp_path / "bucket").rmdir()
    sync = CheckpointSync(world.launch, world.folder, Buckets(tmp_path))
    await sync.bring()
    world.write("a", "1")
    await sync.last()
    assert world.stored() == {"a": "1"}


async def test_a_bucket_of_an_endpoint_must_be_there(world):
    world.storage.before = failing(NotFound("bucket", "s3://bucket"), "list")
    with pytest.raises(NotFetched, match="there is no bucket") as caught:
        await CheckpointSync(world.launch, world.folder, Far(world.storage)).bring()
    assert caught.value.cause is EndCause.INPUT_UNUSABLE


@pytest.mark.parametrize("which", ["keep", "last"])
async def test_nothing_is_stored_once_the_lease_is_void(world, which, monkeypatch):
    """Cancelled in the middle of one file, it leaves that off too, and the files after it."""
    monkeypatch.setattr("tunewright_trainer.checkpoints.LOOK_S", 0.01)
    loop, begun, go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def wait(call: str) -> None:
        if call.startswith("put"):
            loop.call_soon_threadsafe(begun.set)
            go.wait(10)

    sync = world.sync
    await sync.bring()
    for name in "abc":
        world.write(name, name)
    world.storage.before = wait
    call: Coroutine[None, None, None] = sync.keep() if which == "keep" else sync.last()
    task = asyncio.create_task(call)
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.stored() == {}


async def test_what_keep_left_off_is_over_before_the_last_begins(world, monkeypatch):
    monkeypatch.setattr("tunewright_trainer.checkpoints.LOOK_S", 0.01)
    monkeypatch.setattr("tunewright_trainer.transfer.LAST_PIECES_S", 0.01)
    loop, begun, go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def stuck(_: str) -> None:
        world.storage.before = lambda _: None
        loop.call_soon_threadsafe(begun.set)
        go.wait(10)

    sync = world.sync
    await sync.bring()
    world.write("a", "older")
    world.storage.before = stuck
    keeping = asyncio.create_task(sync.keep())
    await begun.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    world.write("a", "newer")
    ending = asyncio.create_task(sync.last())
    go.set()
    await ending
    assert world.stored() == {"a": "newer"}


async def test_every_instance_finds_all_and_stores_what_it_changes(world):
    world.instances = 2
    world.put("ckpt/job-001/shared", "1")
    await world.sync.bring()
    assert [tree(world.local(number)) for number in range(2)] == [{"shared": "1"}] * 2
    world.write("rank-0", "a")
    world.write("rank-1", "b", instance=1)
    await world.sync.last()
    assert world.stored() == {"shared": "1", "rank-0": "a", "rank-1": "b"}
    (world.local() / "shared").unlink()
    await world.sync.last()
    assert sorted(world.stored()) == ["rank-0", "rank-1"]


async def test_checkpoints_in_another_place_are_a_mount(world):
    world.instances, world.path = 2, "/root/ckpt"
    world.put("ckpt/job-001/a", "1")
    await world.sync.bring()
    for number in range(2):
        (mount,) = mounts_of(world.launch, world.folder, number)
        assert (str(mount.path), mount.read_only, tree(mount.source)) == ("/root/ckpt", False, {"a": "1"})
        (mount.source / f"b{number}").write_text("2")
    await world.sync.last()
    assert sorted(world.stored()) == ["a", "b0", "b1"]
    with pytest.raises(InvalidSpec, match="/root/ckpt lies outside of /opt/ml"):
        link(mounts_of(world.launch, world.folder, 0), world.folder.first.base)


async def test_checkpoints_elsewhere_below_the_base_need_no_mount(world):
    world.path = "/opt/ml/model/ckpt"
    world.put("ckpt/job-001/a", "1")
    await world.sync.bring()
    assert mounts_of(world.launch, world.folder, 0) == ()
    assert tree(world.folder.first.model) == {"ckpt/a": "1"}


async def test_a_program_cannot_have_files_of_the_host_stored(world):
    secret = world.root / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    await world.sync.bring()
    (world.local() / "link").symlink_to(secret / "key")
    (world.local() / "folder").symlink_to(secret)
    os.mkfifo(world.local() / "pipe")
    world.write("real", "1")
    (world.local() / "last").symlink_to("real")
    await world.sync.last()
    assert world.stored() == {"real": "1", "last": "1"}
    for name in ("link", "folder", "pipe", "last", "real"):
        (world.local() / name).unlink()
    world.local().rmdir()
    world.local().symlink_to(secret)
    with pytest.raises(NotSynced):
        await world.sync.last()
    assert world.stored() == {"real": "1", "last": "1"}


async def test_a_file_that_changes_while_it_is_copied_is_no_copy(world, tmp_path):
    world.write("a", "1")
    root, folder = world.folder.root, world.local()
    state = program_files.look(root, folder)["a"]
    with pytest.raises(Changed, match="a changes while it is copied"):
        program_files.copy(root, folder, state, tmp_path / "copy", lambda _: world.write("a", "12"))
    with pytest.raises(Changed):
        program_files.copy(root, folder, state, tmp_path / "copy", lambda _: None)
    (folder / "a").unlink()
    with pytest.raises(Changed):
        program_files.copy(root, folder, state, tmp_path / "copy", lambda _: None)


async def test_folders_without_end_are_a_fault_of_that_training_alone(world):
    await world.sync.bring()
    deep = world.local().joinpath(*"x" * (DEEPEST + 2))
    deep.mkdir(parents=True)
    with pytest.raises(NotSynced, match="deep"):
        await world.sync.last()
