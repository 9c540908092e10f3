"""The folders of this host that a program sees beside its base: data that are not copied, checkpoints in other places.

What channels are shown so stands in the attempt's folder, in `views.json`: written before anything is started, the same
after a restart. A container mounts them; a program without one finds links in its base.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.checkpoints import BASE, checkpoint_path
from tunewright_trainer.folder import AttemptFolder, write_whole

DATA: Final = BASE / "input/data"


@dataclass(frozen=True, slots=True)
class Mount:
    path: PurePosixPath
    """Where a program in a container sees it. The base, at /opt/ml, has an empty folder for what lies below that."""
    source: Path
    read_only: bool


def mounts_of(launch: Launch, folder: AttemptFolder, instance: int) -> tuple[Mount, ...]:
    """Return an instance's, counted from 0, once its data and checkpoints were brought."""
    views = (Mount(DATA / name, source, read_only=True) for name, source in sorted(_read_views(folder).items()))
    return (*views, *_checkpoints(launch, folder, instance))


def container_mounts(launch: Launch, folder: AttemptFolder, instance: int) -> Iterator[Mount]:
    """Yield all that an instance's container sees: what its base holds, the input read-only, and what lies beside.

    One by one, so that what the image has below /opt/ml stays in sight: it may bring its code in /opt/ml/code.
    """
    for place in sorted(folder.instance(instance).base.iterdir()):
        yield Mount(BASE / place.name, place, read_only=place.name == "input")
    yield from mounts_of(launch, folder, instance)


def _checkpoints(launch: Launch, folder: AttemptFolder, instance: int) -> Iterator[Mount]:
    path = checkpoint_path(launch.definition)
    if path is not None and not path.is_relative_to(BASE):
        yield Mount(path, checkpoint_folder(folder, instance, path), read_only=False)


def checkpoint_folder(folder: AttemptFolder, instance: int, path: PurePosixPath) -> Path:
    """Return where on this host an instance's checkpoints lie that its program sees at `path`."""
    if path.is_relative_to(BASE):
        return folder.instance(instance).base / path.relative_to(BASE)
    return folder.root / (f"checkpoints-{instance + 1}" if instance else "checkpoints")


def link(mounts: tuple[Mount, ...], base: Path) -> None:
    """Make links of an instance's mounts, for a program without a container. May come again.

    They do not keep it from writing. Raises InvalidSpec: one would have to lie outside of the base.
    """
    for mount in mounts:
        if not mount.path.is_relative_to(BASE):
            why = f"{mount.path} lies outside of {BASE}, and this trainer runs programs without containers"
            raise InvalidSpec("checkpoint_path", why, f"Leave it out, or give a folder below {BASE}")
        place = base / mount.path.relative_to(BASE)
        if not place.is_symlink():
            place.rmdir()
            place.symlink_to(mount.source)


def write_views(folder: AttemptFolder, views: Mapping[str, Path]) -> None:
    """Note the folder of each channel that is shown as it lies."""
    write_whole(_views(folder), json.dumps({name: str(source) for name, source in views.items()}).encode())


def _read_views(folder: AttemptFolder) -> dict[str, Path]:
    try:
        views = json.loads(_views(folder).read_bytes())
    except FileNotFoundError:
        return {}
    return {name: Path(source) for name, source in views.items()}


def _views(folder: AttemptFolder) -> Path:
    return folder.root / "views.json"
