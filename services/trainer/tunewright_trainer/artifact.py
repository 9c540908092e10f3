"""Pack what a training left in model/ and output/data, and publish it where the definition says.

Packing happens once the process has ended, publishing once the attempt has become the one that counts: an attempt whose
lease was lost never overwrites the model of the one that replaced it. Both may be repeated.

What several instances have left becomes one archive, folders of the same name one folder. Of files of the same name the
first instance's is packed: AMT says that there must be none.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tunewright.core.locations import Location, location_of
from tunewright_trainer.folder import AttemptFolder, own_models
from tunewright_trainer.storage.port import Storage, quietly

MODEL: Final = "model.tar.gz"
OUTPUT: Final = "output.tar.gz"
COMPRESSION_LEVEL: Final = 1
"""Weights hardly compress; a slot should not wait for trying."""


def destination(output_uri: str, data_dir: Path, training_name: str) -> Location:
    """Return AMT's folder of a training's artifacts. Raises InvalidSpec: it cannot be one."""
    if output_uri:
        root = location_of(output_uri, "output_uri")
    else:
        root = Location("", str(own_models(data_dir).resolve()).lstrip("/"))
    return root / training_name / "output"


def anything_to_pack(folder: AttemptFolder, instances: int) -> bool:
    return any(_has_files(source) for sources in _sources(folder, instances).values() for source in sources)


def pack(folder: AttemptFolder, instances: int) -> list[str]:
    """Write the archives of what there is. Blocks; raises OSError.

    Returns the names of what was left out, for an earlier instance has left something of that name.
    """
    left_out: list[str] = []
    for name, sources in _sources(folder, instances).items():
        archive = folder.artifacts / name
        if not archive.exists() and any(map(_has_files, sources)):
            folder.artifacts.mkdir(exist_ok=True)
            beside = archive.with_name(name + ".new")
            left_out += _write(beside, [source for source in sources if _has_files(source)])
            beside.rename(archive)
    return left_out


def _write(archive: Path, sources: Sequence[Path]) -> list[str]:
    """Write the entries of all folders into one archive; return the names of those that were taken."""
    is_folder_by_name: dict[str, bool] = {}
    left_out: list[str] = []
    with tarfile.open(archive, "w:gz", compresslevel=COMPRESSION_LEVEL) as tar:
        for source in sources:
            pending = _entries(source, "")
            while pending:
                entry, name = pending.pop()
                is_folder = entry.is_dir() and not entry.is_symlink()
                if name not in is_folder_by_name:
                    is_folder_by_name[name] = is_folder
                    tar.add(entry, arcname=name, recursive=False)
                elif not (is_folder and is_folder_by_name[name]):
                    left_out.append(name)
                    continue
                if is_folder:
                    pending += _entries(entry, f"{name}/")
    return left_out


def _entries(folder: Path, prefix: str) -> list[tuple[Path, str]]:
    """Return what is in a folder with its name in the archive, the last by name first."""
    return [(entry, prefix + entry.name) for entry in sorted(folder.iterdir(), reverse=True)]


def publish(folder: AttemptFolder, storage: Storage, target: Location) -> None:
    """Move the archives to their final place. Blocks; raises what the storage does."""
    for archive in sorted(folder.artifacts.glob("*.tar.gz")):
        storage.put(archive, (target / archive.name).key, quietly)


def _sources(folder: AttemptFolder, instances: int) -> dict[str, list[Path]]:
    """Return by archive the folders whose entries it holds."""
    left = folder.instances(instances)
    return {MODEL: [instance.model for instance in left], OUTPUT: [instance.output_data for instance in left]}


def _has_files(source: Path) -> bool:
    """Whether there is something to pack; what may not be read is something, and says so when it is packed."""
    try:
        return source.is_dir() and not source.is_symlink() and any(source.iterdir())
    except PermissionError:
        return True
