"""What file:// may name: where data are looked for and models are put, and what stays closed whoever asks."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.locations import Location, location_of
from tunewright.core.spec import Channel, Definition, InputMode
from tunewright.core.states import EndCause
from tunewright_trainer.checkpoints import CheckpointSync
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.core.program import SUBMIT_DIRECTORY
from tunewright_trainer.fetching import Fetching, NotFetched
from tunewright_trainer.folder import Folders
from tunewright_trainer.mounts import mounts_of
from tunewright_trainer.settings import TrainerSettings
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk
from tunewright_trainer.storage.port import quietly

ENVIRONMENT = "file:///proc/self/environ"


class World:
    """A trainer that may read `shared`, a file in there, and one beside it."""

    def __init__(self, root: Path) -> None:
        self.root, self.shared = root, root / "shared"
        self.shared.mkdir()
        (self.shared / "a.csv").write_text("1")
        (root / "secret").write_text("token")
        self.settings = TrainerSettings(root / "data", data_roots=(self.shared,))
        self.buckets = Buckets(None, self.settings.disk())
        self.folder = Folders(self.settings.data_dir).of(Attempt("job/000001", 1))
        self.folder.root.mkdir(parents=True)

    def launch(self, *channels: Channel, **fields: object) -> Launch:
        hyperparameters = {SUBMIT_DIRECTORY: fields.pop("code", "")}
        return Launch(
            Attempt("job/000001", 1), "job-001", Definition("i", channels=channels, **fields), hyperparameters
        )

    async def fetch(self, *channels: Channel, **fields: object) -> dict[str, str]:
        launch = self.launch(*channels, **fields)
        with closing(Fetching(self.buckets)) as fetching:
            await fetching.fetch(launch, self.folder)
        data = self.folder.first.input_data
        return {str(path.relative_to(data)): path.read_text() for path in data.rglob("*") if path.is_file()}

    async def refused(self, *channels: Channel, **fields: object) -> str:
        with pytest.raises(NotFetched) as caught:
            await self.fetch(*channels, **fields)
        assert caught.value.cause is EndCause.INPUT_UNUSABLE
        assert not [path for path in self.folder.first.input_data.rglob("*") if path.is_file()]
        return str(caught.value)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_data_lie_in_a_folder_that_the_operator_has_named(world):
    whole, one = Channel("whole", world.shared.as_uri()), Channel("one", (world.shared / "a.csv").as_uri())
    assert await world.fetch(whole, one) == {"whole/a.csv": "1", "one/a.csv": "1"}


@pytest.mark.parametrize("mode", InputMode)
@pytest.mark.parametrize(
    "uri", [ENVIRONMENT, "file:///run/", "file:///dev/shm", "file://{root}/secret", "file://{root}/sec", "file:///"]
)
async def test_data_elsewhere_are_refused_by_the_channels_name_with_the_way_out(world, uri, mode):
    if mode is InputMode.PIPE:
        return
    told = await world.refused(Channel("train", uri.format(root=world.root), input_mode=mode))
    assert "Data download failed: channel train: " in told
    assert "TUNEWRIGHT_DATA_ROOTS" in told or "system's or the server's own" in told


@pytest.mark.parametrize("mode", ["File", "FastFile"])
async def test_it_counts_where_a_path_leads_and_not_how_it_is_written(world, mode):
    (world.root / "way").symlink_to(world.shared)
    (world.shared / "out").symlink_to(world.root)
    inside = Channel("in", (world.root / "way" / "a.csv").as_uri(), input_mode=mode)
    assert await world.fetch(inside) == {"in/a.csv": "1"}
    world.folder.fetched.unlink()
    assert "TUNEWRIGHT_DATA_ROOTS" in await world.refused(Channel("x", f"file://{world.shared}/out", input_mode=mode))


async def test_a_link_among_the_data_leads_nowhere_else(world):
    (world.shared / "out").symlink_to(world.root / "secret")
    assert "TUNEWRIGHT_DATA_ROOTS" in await world.refused(Channel("train", world.shared.as_uri()))


async def test_a_manifest_names_nothing_elsewhere(world):
    manifest = world.shared / "manifest"
    manifest.write_text(f'[{{"prefix": "file://{world.root}/"}}, "secret"]')
    told = await world.refused(Channel("train", manifest.as_uri(), s3_data_type="ManifestFile"))
    assert "channel train: " in told


async def test_code_and_checkpoints_lie_there_too(world):
    assert SUBMIT_DIRECTORY in await world.refused(code=world.root.as_uri())
    sync = CheckpointSync(world.launch(checkpoint_uri=world.root.as_uri()), world.folder, world.buckets)
    with pytest.raises(NotFetched, match=r"checkpoint_uri: .*TUNEWRIGHT_DATA_ROOTS"):
        await sync.bring()


def test_so_do_models_unless_nobody_says_where(world):
    own = Location("", f"{world.settings.data_dir}/artifacts/job-001/output/model.tar.gz".lstrip("/"))
    for allowed in (own, location_of((world.shared / "new").as_uri(), "x")):
        (world.root / "model").write_text("weights")
        world.buckets.require(allowed, "output_uri")
        world.buckets.of(allowed).put(world.root / "model", allowed.key, quietly)
    for closed in (world.root, world.settings.data_dir / "trainings", Path("/dev/shm")):
        with pytest.raises(InvalidSpec, match="output_uri"):
            world.buckets.require(location_of(closed.as_uri(), "x"), "output_uri")


# -- Whoever may name the whole disk, as one does on a machine of one's own


@pytest.fixture
def at_home(world) -> World:
    own = world.root / "data" / "credentials"
    own.parent.mkdir(exist_ok=True)
    own.write_text("key")
    settings = TrainerSettings(world.root / "data" / "trainer", data_roots=(Path("/"),), closed=(own,))
    world.settings, world.buckets = settings, Buckets(None, settings.disk())
    (settings.data_dir / "trainings" / "other").mkdir(parents=True)
    (settings.data_dir / "trainings" / "other" / "spool").write_text("printed")
    return world


async def test_reads_what_is_theirs(at_home):
    (at_home.root / "data" / "s3").mkdir()
    (at_home.root / "data" / "s3" / "b.csv").write_text("2")
    (at_home.settings.data_dir / "artifacts").mkdir()
    (at_home.settings.data_dir / "artifacts" / "model.tar.gz").write_text("m")
    shared, bucket, model = (
        Channel(name, path.as_uri())
        for name, path in {
            "shared": at_home.shared,
            "bucket": at_home.root / "data" / "s3",
            "model": at_home.settings.data_dir / "artifacts" / "model.tar.gz",
        }.items()
    )
    fetched = {"shared/a.csv": "1", "bucket/b.csv": "2", "model/model.tar.gz": "m"}
    assert await at_home.fetch(shared, bucket, model) == fetched


@pytest.mark.parametrize("mode", ["File", "FastFile"])
@pytest.mark.parametrize(
    "path",
    ["/proc/self/environ", "/run", "/", "{0}/data/credentials", "{0}/data/trainer/trainings/other", "{0}", "{0}/dat"],
)
async def test_and_neither_the_systems_files_nor_those_of_the_server(at_home, path, mode):
    uri = Path(path.format(at_home.root)).as_uri()
    assert "the system's or the server's own" in await at_home.refused(Channel("train", uri, input_mode=mode))
    assert mounts_of(at_home.launch(), at_home.folder, 0) == ()


def test_of_folders_in_each_other_the_inner_one_counts(tmp_path):
    disk = Disk((tmp_path, tmp_path / "closed" / "open"), (tmp_path / "closed",))
    said = {name: disk.why_not(tmp_path / name) is None for name in ("a", "closed", "closed/x", "closed/open/x")}
    assert said == {"a": True, "closed": False, "closed/x": False, "closed/open/x": True}
