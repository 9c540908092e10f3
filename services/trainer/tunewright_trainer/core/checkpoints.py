"""Which checkpoints are to be stored, and which are to be deleted: an instance's folder as it was and as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from tunewright.core.check_data import CHECKPOINTS
from tunewright.core.spec import Definition

BASE: Final = PurePosixPath("/opt/ml")


def checkpoint_path(definition: Definition) -> PurePosixPath | None:
    """Return where the program has its checkpoints, as a container sees it; None: they are not asked for."""
    return PurePosixPath(definition.checkpoint_path or CHECKPOINTS) if definition.checkpoint_uri else None


@dataclass(frozen=True, slots=True)
class State:
    """What tells one content of a file from the next."""

    size: int
    modified_ns: int
    inode: int
    at: str
    """The path of the file itself, where what bears this name is a link to it."""


Look = Mapping[str, State]
"""The files of a folder, by their paths below it."""


@dataclass(frozen=True, slots=True)
class Changes:
    to_store: tuple[str, ...]
    """In the order in which they were written: what names others, and is written last, is stored last."""
    to_delete: tuple[str, ...]


def changes(stored: Look, now: Look, before: Look | None) -> Changes:
    """Return what is to be done so that storage, which has `stored`, has what the folder holds `now`.

    A file that has changed since the look `before` may be half written, and one that has gone since may be on its way
    to another name: their turn comes later. None: nobody writes any more.
    """
    whole = {path: state for path, state in now.items() if before is None or before.get(path) == state}
    changed = (path for path, state in whole.items() if stored.get(path) != state)
    gone = (path for path in stored if path not in now and (before is None or path not in before))
    to_store = sorted(changed, key=lambda path: (now[path].modified_ns, path))
    return Changes(tuple(to_store), tuple(sorted(gone)))
