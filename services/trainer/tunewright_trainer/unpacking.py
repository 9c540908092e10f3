"""Unpack a user's tar archive into a folder and nowhere else.

Python's own filter is not enough: before 3.11.13 links in links lead out of the folder past it. Here every folder is
opened from the one above it and no link is followed, whatever the archive has laid before.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tunewright_trainer.program_files import FILE, FOLDER
from tunewright_trainer.storage.folder import PIECE_BYTES
from tunewright_trainer.transfer import require_room

MOST_MEMBERS: Final = 50_000
"""tarfile keeps them all in memory, some 400 bytes each at the least."""
MOST_PARTICULARS: Final = 2**24
"""Characters that their own headers have together; they are kept likewise."""
LONGEST_PATH: Final = 1024
LONGEST_NAME: Final = 255
"""Bytes, on the usual disks."""
DEEPEST: Final = 64
LARGEST_HEADER: Final = 2**16
"""Bytes of the headers in which tar tells long names and other particulars: they are read as a whole."""
HEADERS: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)

Told = Callable[[int], None]


class Unusable(Exception):  # noqa: N818 - what has come about
    """It is no archive, or one that is not taken; the text says why."""


def unpack(archive: Path, folder: Path, copies: int, told: Told) -> None:
    """Unpack into an empty folder. Blocks; `told` hears of bytes. There must be room for so many copies.

    Raises Unusable, and OSError: there is no room.
    """
    try:
        with tarfile.open(archive, "r:*", bufsize=PIECE_BYTES, tarinfo=_Member) as tar:
            require_room(folder, _size(tar, told) * copies, "the code has")
            while tar.fileobj is not None and tar.fileobj.read(PIECE_BYTES):
                told(0)  # to the end: the checksum stands there
            root = os.open(folder, FOLDER)
            try:
                for member in tar:
                    told(0)
                    _write(tar, member, root, told)
            finally:
                os.close(root)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise Unusable(str(error)) from None


class _Member(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        member = super().frombuf(buf, encoding, errors)
        if member.type in HEADERS and member.size > LARGEST_HEADER:
            raise tarfile.ReadError(f"a header has {member.size} bytes, at most {LARGEST_HEADER} can be")
        return member


def _size(tar: tarfile.TarFile, told: Told) -> int:
    """Return how many bytes all files have, names of one file each for itself: so they are copied later."""
    sizes: dict[str, int] = {}
    particulars = 0
    for count, member in enumerate(tar, 1):
        told(0)
        particulars += sum(map(len, member.pax_headers.values()))
        if count > MOST_MEMBERS or particulars > MOST_PARTICULARS:
            raise Unusable(f"it has more than {MOST_MEMBERS} files and folders, or tells too much of them")
        size = sizes.get(_normal(member.linkname), 0) if member.islnk() else member.size
        sizes[_normal(member.name)] = size
    return sum(sizes.values())


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, root: int, told: Told) -> None:
    """Raises Unusable, and OSError: of the disk."""
    words = _words(member.name)
    if not words:  # the folder itself, as `tar -c .` packs it
        return
    try:
        if member.isdir():
            with _made(root, words):
                return
        with _made(root, words[:-1]) as above:
            name = words[-1]
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=above)  # a later member of the same name counts
            if member.isreg():
                _write_file(tar, member, above, name, told)
            elif member.issym():
                os.symlink(_target(member, len(words) - 1), name, dir_fd=above)
            elif member.islnk():
                _link(root, _words(member.linkname), above, name)
            else:
                raise Unusable(f"{member.name!r} is no file, folder or link")
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        raise Unusable(f"{member.name!r} lies behind a link, or where something else is: {error.strerror}") from None


def _write_file(tar: tarfile.TarFile, member: tarfile.TarInfo, above: int, name: str, told: Told) -> None:
    source = tar.extractfile(member)
    assert source is not None  # noqa: S101 - of a regular file
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with source, open(os.open(name, flags, 0o600, dir_fd=above), "wb") as file:  # noqa: PTH123 - it is no path
        while piece := source.read(PIECE_BYTES):
            file.write(piece)
            told(len(piece))
        most = 0o755 if member.mode & stat.S_IXUSR else 0o644
        os.fchmod(file.fileno(), member.mode & most | 0o600)


def _link(root: int, to: list[str], above: int, name: str) -> None:
    """Make another name of a file that is there. Raises Unusable: of a link, which would lead elsewhere from here."""
    if not to:
        raise Unusable(f"{name!r} is a link to no file of the archive")
    with _made(root, to[:-1]) as at:
        try:
            file = os.open(to[-1], FILE, dir_fd=at)
        except OSError:
            raise Unusable(f"{name!r} is a link to {'/'.join(to)!r}, which is no file of the archive") from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise Unusable(f"{name!r} is a link to {'/'.join(to)!r}, which is no file")
            os.link(to[-1], name, src_dir_fd=at, dst_dir_fd=above, follow_symlinks=False)
        finally:
            os.close(file)


def _target(member: tarfile.TarInfo, depth: int) -> str:
    """Return where a link leads, which lies so deep: upwards at its start alone, and not out of the folder.

    Links by such rules do not lead out together either: what follows the first names never goes up.
    """
    target, words = member.linkname, [word for word in member.linkname.split("/") if word not in {"", "."}]
    ups = next((index for index, word in enumerate(words) if word != ".."), len(words))
    if not words or target.startswith("/") or ups > depth or ".." in words[ups:] or len(target) > LONGEST_PATH:
        raise Unusable(f"the link {member.name!r} leads out of the archive")
    return target


@contextmanager
def _made(root: int, words: list[str]) -> Iterator[int]:
    """Open a folder below an open one, made if need be. Raises NotADirectoryError: a link or a file is on the way."""
    here = os.dup(root)
    try:
        for word in words:
            with suppress(FileExistsError):
                os.mkdir(word, dir_fd=here)
            above, here = here, os.open(word, FOLDER, dir_fd=here)
            os.close(above)
        yield here
    finally:
        os.close(here)


def _words(path: str) -> list[str]:
    """Raises Unusable."""
    words = [word for word in path.split("/") if word not in {"", "."}]
    if ".." in words or "\0" in path:
        raise Unusable(f"{path!r} lies outside of the archive")
    too_long = len(path) > LONGEST_PATH or any(len(os.fsencode(word)) > LONGEST_NAME for word in words)
    if too_long or len(words) > DEEPEST:
        raise Unusable(f"a path of {len(words)} names and {len(path)} characters is too long: {path[:80]!r}")
    return words


def _normal(path: str) -> str:
    return "/".join(word for word in path.split("/") if word not in {"", "."})
