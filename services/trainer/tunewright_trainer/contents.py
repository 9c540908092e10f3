"""What a channel holds: its objects, found by prefix or by manifest, and how each becomes a file of every instance."""

from __future__ import annotations

import gzip
import tempfile
import uuid
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tunewright.core.check_data import no_objects
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.locations import location_of
from tunewright.core.spec import Channel
from tunewright_trainer.core.channels import (
    MANIFESTS_FORM,
    check_layout,
    instances_of,
    is_sharded,
    path_of,
    read_manifest,
)
from tunewright_trainer.storage.buckets import Buckets, prefix_of
from tunewright_trainer.storage.disk import ROOT
from tunewright_trainer.storage.folder import PIECE_BYTES, UNFINISHED, FolderStorage
from tunewright_trainer.storage.port import Storage

LARGEST_MANIFEST_BYTES: Final = 2**26
"""Half a million names or so; it is read as a whole."""

Told = Callable[[int], None]
"""Is told of bytes that have come, in any thread; what it raises ends what they come for."""


@dataclass(frozen=True, slots=True)
class File:
    """An object, and the files that it becomes."""

    storage: Storage
    key: str
    to: tuple[Path, ...]
    packed: bool

    def fetch(self, come: Told, written: Told) -> None:
        """Fetch it once, and copy it for further instances: each may change its own. Raises what the storage does.

        `come` is told of bytes from storage, `written` of those that become more of them here.
        """
        first, *others = self.to
        if self.packed:
            self._fetch_packed(first, come, written)
        else:
            self.storage.fetch(self.key, first, come)
        for other in others:
            FolderStorage(ROOT).fetch(str(first).lstrip("/"), other, written)

    def _fetch_packed(self, to: Path, come: Told, written: Told) -> None:
        packed = _beside(to)
        try:
            self.storage.fetch(self.key, packed, come)
            _unpack(packed, to, self.key, written)
        finally:
            packed.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Contents:
    """The objects of a channel, in the order of their keys. It is lean: there may be hundreds of thousands.

    `sizes` are bytes, as they lie in storage; 0 where nobody has told: a manifest names no sizes.
    """

    channel: Channel
    storage: Storage
    prefix: str
    keys: Sequence[str]
    sizes: array[int]

    @property
    def _packed(self) -> bool:
        return self.channel.compression == "Gzip"

    def bytes_of(self, instances: int) -> int:
        """Return what all instances together need of the disk, as far as is known."""
        return sum(self.sizes) * (1 if is_sharded(self.channel) else instances)

    def folders(self) -> set[str]:
        """Return the folders of its files, below the channel's own. Raises InvalidSpec: they are no tree of files."""
        return check_layout(self.prefix, self.keys, unpacked=self._packed)

    def files(self, folders: Sequence[Path]) -> Iterator[File]:
        """Yield the files to fetch; `folders` are the channel's, one an instance."""
        for index, key in enumerate(self.keys):
            path = path_of(self.prefix, key, unpacked=self._packed)
            to = tuple(folders[instance] / path for instance in instances_of(index, self.channel, len(folders)))
            yield File(self.storage, key, to, self._packed)


def find(channel: Channel, buckets: Buckets, scratch: Path, told: Told) -> Contents:
    """Look up what a channel holds; what is read for it comes into the folder `scratch` for a moment. Blocks.

    Raises what the storage does, and InvalidSpec: it holds nothing, or its manifest is none.
    """
    field = f"channel {channel.name}"
    if channel.s3_data_type == "ManifestFile":
        root, named = read_manifest(_manifest(channel, buckets, scratch, told), channel.uri)
        return Contents(channel, buckets.of(root, field), root.key, named, array("Q", [0] * len(named)))
    location = location_of(channel.uri, field)
    storage, prefix = buckets.of(location, field), prefix_of(location)
    keys: list[str] = []
    sizes = array("Q")
    for found in storage.list(prefix):
        keys.append(found.key)
        sizes.append(found.size)
    if not keys:
        raise InvalidSpec(field, no_objects(channel.uri))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ordered = array("Q", (sizes[index] for index in order))
    return Contents(channel, storage, prefix, [keys[index] for index in order], ordered)


def _manifest(channel: Channel, buckets: Buckets, scratch: Path, told: Told) -> bytes:
    field = f"channel {channel.name}"
    location = location_of(channel.uri, field)
    storage = buckets.of(location, field)
    size = next((found.size for found in storage.list(location.key) if found.key == location.key), None)
    if size is None:
        raise NotFound("manifest", channel.uri)
    if size > LARGEST_MANIFEST_BYTES:
        most = f"at most {LARGEST_MANIFEST_BYTES // 2**20} MiB can be"
        raise InvalidSpec(f"manifest {channel.uri}", f"has {size / 2**20:.0f} MiB, {most}. {MANIFESTS_FORM}")
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = Path(folder) / "manifest"
        storage.fetch(location.key, copy, told)
        return copy.read_bytes()


def _beside(to: Path) -> Path:
    return to.with_name(uuid.uuid4().hex + UNFINISHED)


def _unpack(packed: Path, to: Path, key: str, told: Told) -> None:
    """Write what a gzip file holds; it appears whole. Raises InvalidSpec: it is none."""
    beside = _beside(to)
    try:
        with gzip.open(packed) as source, beside.open("wb") as plain:
            while piece := source.read(PIECE_BYTES):
                plain.write(piece)
                told(len(piece))
        beside.replace(to)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        remedy = "Leave out CompressionType, or pack every object of the channel"
        raise InvalidSpec(key, f"is not packed with gzip: {error}", remedy) from None
    finally:
        beside.unlink(missing_ok=True)
