"""Pack what a training left in model/ and output/data, and publish it where the definition says.

Packing happens once the process has ended, publishing once the attempt has become the one that counts: an attempt whose
lease was lost never overwrites the model of the one that replaced it. Both may be repeated.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tunewright.core.errors import InvalidSpec
from tunewright_trainer.folder import AttemptFolder

MODEL: Final = "model.tar.gz"
OUTPUT: Final = "output.tar.gz"
COMPRESSION_LEVEL: Final = 1
"""Weights hardly compress; a slot should not wait for trying."""


def destination(output_uri: str, data_dir: Path, training_name: str) -> Path:
    """Return AMT's folder of a training's artifacts. Raises InvalidSpec: it is no folder of this host."""
    parts = urlsplit(output_uri)
    if not output_uri:
        root = data_dir.resolve() / "artifacts"
    elif parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        root = Path(unquote(parts.path))
    else:
        why = f"this trainer cannot write to {output_uri!r}"
        raise InvalidSpec("output_uri", why, "Name a folder as file:///…, or leave it out")
    return root / training_name / "output"


def anything_to_pack(folder: AttemptFolder) -> bool:
    return any(_has_files(source) for source, _ in _sources(folder))


def pack(folder: AttemptFolder) -> None:
    """Write the archives of what there is. Blocks; raises OSError."""
    for source, name in _sources(folder):
        archive = folder.artifacts / name
        if not archive.exists() and _has_files(source):
            folder.artifacts.mkdir(exist_ok=True)
            beside = archive.with_name(name + ".new")
            with tarfile.open(beside, "w:gz", compresslevel=COMPRESSION_LEVEL) as tar:
                for entry in sorted(source.iterdir()):
                    tar.add(entry, arcname=entry.name)
            beside.rename(archive)


def publish(folder: AttemptFolder, target: Path) -> None:
    """Move the archives to their final place, on whatever file system; nobody ever sees half of one. Blocks."""
    for archive in sorted(folder.artifacts.glob("*.tar.gz")):
        target.mkdir(parents=True, exist_ok=True)
        beside = target / f".{archive.name}.new"
        shutil.move(archive, beside)
        os.replace(beside, target / archive.name)  # noqa: PTH105 - the one call that says atomic


def _sources(folder: AttemptFolder) -> tuple[tuple[Path, str], ...]:
    return (folder.model, MODEL), (folder.output_data, OUTPUT)


def _has_files(source: Path) -> bool:
    return source.is_dir() and not source.is_symlink() and any(source.iterdir())
