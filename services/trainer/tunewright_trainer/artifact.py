"""Pack what a training left in model/ and output/data, and publish it where the definition says.

Packing happens once the process has ended, publishing once the attempt has become the one that counts: an attempt whose
lease was lost never overwrites the model of the one that replaced it. Both may be repeated.

What several instances have left becomes one archive, folders of the same name one folder. Of files of the same name the
first instance's is packed: AMT says that there must be none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tunewright.core.locations import Location, location_of
from tunewright_trainer.folder import AttemptFolder, own_models
from tunewright_trainer.packing import write_archive
from tunewright_trainer.program_files import opened
from tunewright_trainer.storage.port import Storage, quietly

MODEL: Final = "model.tar.gz"
OUTPUT: Final = "output.tar.gz"


def destination(output_uri: str, data_dir: Path, training_name: str) -> Location:
    """Return AMT's folder of a training's artifacts. Raises InvalidSpec: it cannot be one."""
    if output_uri:
        root = location_of(output_uri, "output_uri")
    else:
        root = Location("", str(own_models(data_dir).resolve()).lstrip("/"))
    return root / training_name / "output"


def anything_to_pack(folder: AttemptFolder, instances: int) -> bool:
    return any(_has_files(folder, source) for sources in _sources(folder, instances).values() for source in sources)


def pack(folder: AttemptFolder, instances: int, told: Callable[[int], None] = quietly) -> list[str]:
    """Write the archives of what there is. Blocks; `told` hears of bytes, and what it raises ends the call.

    Returns the names of what was left out, for an earlier instance has left something of that name. Raises OSError:
    there is no room, for example. Nothing of an archive that was not finished is left.
    """
    left_out: list[str] = []
    for name, sources in _sources(folder, instances).items():
        archive = folder.artifacts / name
        filled = [source for source in sources if _has_files(folder, source)]
        if filled and not archive.exists():
            folder.artifacts.mkdir(exist_ok=True)
            beside = archive.with_name(name + ".new")
            try:
                left_out += write_archive(beside, folder.root, filled, told)
                beside.rename(archive)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
    return left_out


def publish(folder: AttemptFolder, storage: Storage, target: Location) -> None:
    """Move the archives to their final place. Blocks; raises what the storage does."""
    for archive in sorted(folder.artifacts.glob("*.tar.gz")):
        storage.put(archive, (target / archive.name).key, quietly)


def _sources(folder: AttemptFolder, instances: int) -> dict[str, list[Path]]:
    """Return by archive the folders whose entries it holds."""
    left = folder.instances(instances)
    return {MODEL: [instance.model for instance in left], OUTPUT: [instance.output_data for instance in left]}


def _has_files(folder: AttemptFolder, source: Path) -> bool:
    """Whether there is something to pack; what may not be read is something, and says so when it is packed."""
    try:
        with opened(folder.root, source) as at, os.scandir(at) as entries:
            return any(True for _ in entries)
    except PermissionError:
        return True
    except OSError:  # there is none, or a link in its place
        return False
