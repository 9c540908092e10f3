"""Write what programs have left into one archive, and nothing else: where they have laid links, links are packed.

They may change their folders meanwhile, so each is opened from the one above it, as in program_files.py. Links, files
and folders are packed; sockets, FIFOs and devices mean nothing elsewhere.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from tunewright_trainer.program_files import DEEPEST, FILE, FOLDER, opened
from tunewright_trainer.transfer import Room, require_room

COMPRESSION_LEVEL: Final = 1
"""Weights hardly compress; a slot should not wait for trying."""


def write_archive(archive: Path, root: Path, sources: Sequence[Path], told: Callable[[int], None]) -> list[str]:
    """Write the entries of all folders, which lie below `root`, into one archive. Blocks. Raises OSError.

    Returns the names that a folder before has had too: those are not in it.
    """
    require_room(archive.parent, 0, "the archive needs more than")
    room = Room(archive.parent)

    def moved(size: int) -> None:
        told(size)
        room.told(size)

    with tarfile.open(archive, "w:gz", compresslevel=COMPRESSION_LEVEL) as tar:
        packing = _Packing(tar, shutil.disk_usage(root).total, moved)
        for source in sources:
            with opened(root, source) as at:
                packing.add_all(at, "")
    return packing.left_out


class _Packing:
    """`most_bytes` is more than what is really there can be: a file may claim any size, and consist of holes."""

    def __init__(self, tar: tarfile.TarFile, most_bytes: int, told: Callable[[int], None]) -> None:
        self._tar, self._most_bytes, self._told = tar, most_bytes, told
        self._bytes = 0
        self._is_folder_by_name: dict[str, bool] = {}
        self._name_by_inode: dict[tuple[int, int], str] = {}
        self.left_out: list[str] = []

    def add_all(self, at: int, above: str) -> None:
        """Add what is in an open folder; `above` is its path in the archive."""
        if above.count("/") > DEEPEST:
            raise OSError(f"there are folders in folders, more than {DEEPEST} deep")
        for name in sorted(os.listdir(at)):
            self._add(at, name, above + name)

    def _add(self, at: int, name: str, path: str) -> None:
        self._told(0)
        found = os.stat(name, dir_fd=at, follow_symlinks=False)
        is_folder = stat.S_ISDIR(found.st_mode)
        if path not in self._is_folder_by_name:
            self._is_folder_by_name[path] = is_folder
            self._write(at, name, path, found)
        elif not (is_folder and self._is_folder_by_name[path]):
            self.left_out.append(path)
            return
        if is_folder:
            inner = os.open(name, FOLDER, dir_fd=at)
            try:
                self.add_all(inner, f"{path}/")
            finally:
                os.close(inner)

    def _write(self, at: int, name: str, path: str, found: os.stat_result) -> None:
        if stat.S_ISREG(found.st_mode):
            with open(os.open(name, FILE, dir_fd=at), "rb") as opened_file:  # noqa: PTH123 - it is no path
                self._write_file(opened_file, path)
        elif stat.S_ISDIR(found.st_mode):
            self._write_header(_header(path, found, tarfile.DIRTYPE))
        elif stat.S_ISLNK(found.st_mode):
            self._write_header(_header(path, found, tarfile.SYMTYPE, os.readlink(name, dir_fd=at)))

    def _write_file(self, file: BinaryIO, path: str) -> None:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} has become something else")
        first = self._name_by_inode.setdefault((found.st_dev, found.st_ino), path) if found.st_nlink > 1 else path
        if first != path:
            self._write_header(_header(path, found, tarfile.LNKTYPE, first))
            return
        self._bytes += found.st_size
        if self._bytes > self._most_bytes:
            raise OSError(f"with {path} they would have {self._bytes / 2**30:.1f} GiB, more than the whole disk")
        header = _header(path, found, tarfile.REGTYPE)
        header.size = found.st_size
        self._write_header(header, _Heard(file, self._told))

    def _write_header(self, header: tarfile.TarInfo, content: _Heard | None = None) -> None:
        self._tar.addfile(header, content)
        self._tar.getmembers().clear()  # it keeps all of them, for nobody


class _Heard:
    """A file of whose bytes is told as they are read."""

    def __init__(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        self._file, self._told = file, told

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self._told(len(piece))
        return piece


def _header(path: str, found: os.stat_result, kind: bytes, link: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type, header.linkname, header.mode = kind, link, stat.S_IMODE(found.st_mode)
    header.uid, header.gid, header.mtime = found.st_uid, found.st_gid, int(found.st_mtime)
    return header
