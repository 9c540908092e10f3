"""Bring the data of an attempt's channels, and script mode's code, into its instances' folders before it starts.

Whole or not at all: a marker is written after the last file, and what a trainer that died has left without one is
fetched anew. What may pass is tried again for a while; all else is the attempt's end.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from tunewright.core.check_data import check_channels
from tunewright.core.errors import CallerError, Unavailable
from tunewright.core.locations import location_of
from tunewright.core.spec import Channel, InputMode
from tunewright.core.states import EndCause
from tunewright_trainer.contents import Contents, File, find
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.channels import input_mode, is_sharded
from tunewright_trainer.core.program import submitted_code
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.mounts import write_views
from tunewright_trainer.script_mode import bring_code
from tunewright_trainer.storage.buckets import Buckets, prefix_of
from tunewright_trainer.transfer import Room, Transfer, first_of, require_room

FILES_AT_ONCE: Final = 8
"""Of all attempts of a trainer together."""
PATIENCE_S: Final = 300.0
"""How long an endpoint that does not answer is asked again for the same object."""


class NotFetched(Exception):  # noqa: N818 - what has come about
    """`cause` says whose fault it is; the text is AMT's FailureReason."""

    def __init__(self, cause: EndCause, why: str) -> None:
        self.cause = cause
        super().__init__(f"ClientError: Data download failed: {why}")


@dataclass(slots=True)
class Progress:
    """How far a fetch has come; whoever fetches may look at it at any time. 0 bytes of all: nobody knows how many."""

    objects: int = 0
    objects_of: int = 0
    bytes: int = 0
    bytes_of: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def told(self, size: int) -> None:
        with self._lock:
            self.bytes += size

    def __str__(self) -> str:
        """Return it for a person: "3 of 8 objects, 1.5 of 4.0 MiB"."""
        size, size_of = self.bytes / 2**20, self.bytes_of / 2**20
        of_size = f" of {size_of:.1f}" if size_of else ""
        return f"{self.objects} of {self.objects_of} objects, {size:.1f}{of_size} MiB"


class Fetching:
    """One for all attempts of a trainer. Close it.

    `views`: the runner can show a program folders of this host, see mounts.py; else FastFile is fetched like File.
    """

    def __init__(self, buckets: Buckets, patience_s: float = PATIENCE_S, *, views: bool = True) -> None:
        self._buckets, self._patience_s, self._views = buckets, patience_s, views
        self._threads = ThreadPoolExecutor(FILES_AT_ONCE, "fetch")

    async def fetch(self, launch: Launch, folder: AttemptFolder, progress: Progress | None = None) -> None:
        """Return once the data of all channels and the code are there; cancelled, leave off. Raises NotFetched."""
        if folder.fetched.exists():
            return
        data = [instance.input_data for instance in folder.instances(launch.instances)]
        transfer = Transfer(self._threads, self._patience_s)
        try:
            await transfer.in_thread(partial(empty, data))
            await self._fetch(transfer, launch, folder, data, progress or Progress())
        except Exception as error:
            await transfer.end()
            await asyncio.to_thread(empty, data)
            raise not_fetched(error) from error
        finally:
            await transfer.end()
        folder.fetched.touch()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _fetch(
        self, transfer: Transfer, launch: Launch, folder: AttemptFolder, data: Sequence[Path], progress: Progress
    ) -> None:
        definition = launch.definition
        check_channels(definition.channels, "definition", definition.input_mode)
        views: dict[str, Path] = {}
        found: list[Contents] = []
        for channel in definition.channels:
            look = partial(self._view, channel, launch)
            if (view := await transfer.persistently(look)) is not None:
                views[channel.name] = view
            else:
                find_it = partial(find, channel, self._buckets, folder.root, transfer.told)
                found.append(await transfer.persistently(find_it))
        progress.objects_of = sum(len(contents.keys) for contents in found)
        progress.bytes_of = sum(sum(contents.sizes) for contents in found)
        await transfer.in_thread(partial(_make_room, found, data))
        await self._fetch_all(transfer, found, data, progress)
        await transfer.in_thread(partial(_make_places, views, data))
        write_views(folder, views)
        if uri := submitted_code(launch.hyperparameters):
            places = [instance.code for instance in folder.instances(launch.instances)]
            await transfer.persistently(partial(bring_code, uri, places, self._buckets, folder.root, transfer.told))

    async def _fetch_all(
        self, transfer: Transfer, found: Sequence[Contents], data: Sequence[Path], progress: Progress
    ) -> None:
        room = Room(data[0])

        def written(size: int) -> None:
            transfer.told(size)
            room.told(size)

        def come(size: int) -> None:
            progress.told(size)
            written(size)

        async def take(files: Iterator[File]) -> None:
            for file in files:
                await transfer.persistently(partial(file.fetch, come, written))
                progress.objects += 1

        left = (file for contents in found for file in contents.files(_folders(contents.channel, data)))
        async with asyncio.TaskGroup() as group:
            for _ in range(FILES_AT_ONCE):
                group.create_task(take(left))

    def _view(self, channel: Channel, launch: Launch) -> Path | None:
        """Return the folder of this host that is what the channel holds, if it is to be shown as it lies. Blocks."""
        is_prefix = channel.s3_data_type in {"", "S3Prefix"}
        is_split = is_sharded(channel) and launch.instances > 1
        if not self._views or input_mode(channel, launch.definition) is not InputMode.FAST_FILE or is_split:
            return None
        field = f"channel {channel.name}"
        location = location_of(channel.uri, field)
        if not is_prefix or self._buckets.are_far(location):
            return None
        storage, prefix = self._buckets.folder(location, field), prefix_of(location)
        return storage.folder(prefix) if any(True for _ in storage.list(prefix)) else None


def not_fetched(error: Exception) -> Exception:
    """Return the end of the attempt that an error means; a fault of ours stays what it is."""
    match first := first_of(error):
        case CallerError():
            return NotFetched(EndCause.INPUT_UNUSABLE, str(first))
        case Unavailable() | OSError():
            return NotFetched(EndCause.START_FAILED, str(first))
        case _:
            return first


def empty(folders: Sequence[Path]) -> None:
    """Have folders be there, with nothing in them."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)


def _folders(channel: Channel, data: Sequence[Path]) -> list[Path]:
    return [folder / channel.name for folder in data]


def _make_room(found: Sequence[Contents], data: Sequence[Path]) -> None:
    """Make the folders. Raises OSError: the disk has no room for what would come."""
    require_room(data[0], sum(contents.bytes_of(len(data)) for contents in found), "the data have")
    for contents in found:
        for below in contents.folders():
            for folder in _folders(contents.channel, data):
                (folder / below).mkdir(parents=True, exist_ok=True)


def _make_places(names: Iterable[str], data: Sequence[Path]) -> None:
    """Make the empty folders over which a container mounts the channels that are not copied."""
    for folder in data:
        for name in names:
            (folder / name).mkdir()
