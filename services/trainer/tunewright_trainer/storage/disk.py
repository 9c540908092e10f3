"""What of this host's disk `file://` may name: folders that the operator gives, and nothing of the system or of ours.

Whoever creates a job names its data, and so must not be able to name whatever the trainer's user may read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import variable
from tunewright_trainer.storage.folder import FolderStorage
from tunewright_trainer.storage.port import Object

ROOT: Final = Path("/")
SYSTEM: Final = tuple(map(Path, ("/proc", "/sys", "/dev", "/run")))
"""No data lie there, but other processes' environments, devices and the sockets of engines do."""


class Disk:
    """`roots` are the folders that may be named, `closed` is what may not. Of one in the other the inner counts."""

    def __init__(self, roots: Iterable[Path] = (), closed: Iterable[Path] = ()) -> None:
        self._roots = frozenset(root.resolve() for root in roots)
        self._closed = frozenset(path.resolve() for path in (*SYSTEM, *closed))

    def why_not(self, path: Path) -> tuple[str, str] | None:
        """Return why a path, links resolved, may not be named, and the remedy; None: it may."""
        for place in (path, *path.parents):
            if place in self._closed:
                return self.why_closed(place)
            if place in self._roots:
                return None
        return "lies in no folder that file:// may name here", f"Name one in {variable('data_roots')}, or use s3://"

    def is_closed(self, path: Path) -> bool:
        """Say so of what lies in a folder that may be named."""
        return path in self._closed

    def why_closed(self, path: Path) -> tuple[str, str]:
        return f"lies in {path}, which is the system's or the server's own", "Give another folder"

    def closed_in(self, folder: Path) -> Path | None:
        return next((path for path in sorted(self._closed) if path.is_relative_to(folder)), None)


class DiskStorage(FolderStorage):
    """The disk as far as it may be named. Where links lead is judged, not where they lie."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(ROOT)
        self._disk = disk

    def require(self, key: str, field: str) -> None:
        """Raises InvalidSpec for `field`: nothing of that key may be named."""
        path = self._resolved(ROOT / key)
        if (refused := self._disk.why_not(path)) is not None:
            why, remedy = refused
            raise InvalidSpec(field, f"{path} {why}", remedy)

    def list(self, prefix: str) -> Iterator[Object]:
        if prefix.endswith("/"):
            self._require_open(self._path(prefix))
        yield from super().list(prefix)

    def folder(self, prefix: str) -> Path | None:
        found = super().folder(prefix)
        if found is not None:
            self._require_open(found)
        return found

    def _require_open(self, folder: Path) -> None:
        """Raises InvalidSpec: not all of the folder may be seen."""
        if (closed := self._disk.closed_in(folder)) is not None:
            why = f"holds {closed}, which is the system's or the server's own"
            raise InvalidSpec(str(folder), why, "Give a folder of data alone")

    def _place(self, key: str) -> Path:
        return self._permitted(super()._place(key))

    def _inside(self, path: Path) -> Path:
        return self._permitted(super()._inside(path))

    def _seen(self, path: Path) -> Path:
        if self._disk.is_closed(path):
            raise InvalidSpec(str(path), *self._disk.why_closed(path))
        return path

    def _permitted(self, path: Path) -> Path:
        if (refused := self._disk.why_not(path)) is not None:
            raise InvalidSpec(str(path), *refused)
        return path
