"""Script mode: the user's code that a job names by the hyperparameter `sagemaker_submit_directory`.

In AMT the toolkit inside the image fetches it. Here the trainer does, into `code` of each instance's base: the toolkit
takes the code that it finds there, so a program needs no credentials, and buckets may be folders. A path without a
scheme is one inside the image, and the toolkit's own business.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.locations import Location, location_of
from tunewright_trainer.core.program import SUBMIT_DIRECTORY
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.transfer import require_room
from tunewright_trainer.unpacking import Unusable, unpack

FIELD: Final = f"hyperparameters.{SUBMIT_DIRECTORY}"
REMEDY: Final = "Give the tar.gz of a folder with the program, as the SageMaker SDK makes it"


def bring_code(uri: str, to: Sequence[Path], buckets: Buckets, scratch: Path, told: Callable[[int], None]) -> None:
    """Fill the folders `to`, one an instance, with the code of a tar.gz, or of a folder of this host. Blocks.

    May come again: what was there is replaced. `told` hears of bytes; what it raises ends the call.
    Raises what the storage does, and InvalidSpec: it is no archive, or one whose files would lie outside of it.
    """
    location = location_of(uri, FIELD)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        code = Path(folder) / "code"
        code.mkdir()
        if not location.bucket and Path("/", location.key).is_dir():
            _copy_folder(location, code, buckets, told)
        else:
            _unpack(_archive(location, Path(folder), buckets, told), code, uri, 1 + len(to), told)
        for place in to:
            told(0)
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(code, place, symlinks=True)


def _copy_folder(location: Location, code: Path, buckets: Buckets, told: Callable[[int], None]) -> None:
    """Copy what a user would pack; who may run a file is not known of an object, and is looked up."""
    storage, root = buckets.folder(location, FIELD), location.key.rstrip("/") + "/"
    for found in storage.list(root):
        copy = code / found.key.removeprefix(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        storage.fetch(found.key, copy, told)
        shutil.copymode(Path("/", found.key), copy)


def _archive(location: Location, folder: Path, buckets: Buckets, told: Callable[[int], None]) -> Path:
    storage, archive = buckets.of(location, FIELD), folder / "archive"
    found = next((found for found in storage.list(location.key) if found.key == location.key), None)
    if found is None:
        raise NotFound(FIELD, location.uri, "it must be one object; " + REMEDY)
    require_room(folder, found.size, "the packed code has")
    storage.fetch(location.key, archive, told)
    return archive


def _unpack(archive: Path, code: Path, uri: str, copies: int, told: Callable[[int], None]) -> None:
    """There must be room for so many copies. Raises OSError: there is none."""
    try:
        unpack(archive, code, copies, told)
    except (Unusable, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise InvalidSpec(FIELD, f"{uri} cannot be unpacked: {error}", REMEDY) from None
