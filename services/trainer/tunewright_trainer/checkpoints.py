"""An attempt's checkpoints: brought before its program starts, kept in storage while it runs, and once more at its end.

They are one training's alone: `<checkpoint_uri>/<training name>/`. What the program writes goes there, what it deletes
is deleted there; what others put there while it runs is not looked at. Each instance has its own folder, and all go to
the same place.

What storage has is noted in `checkpoints.json` after each round. A kill in between costs at most that something is
stored or deleted a second time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Final, NoReturn

import structlog

from tunewright.core.errors import CallerError, InvalidSpec, NotFound, TunewrightError
from tunewright.core.locations import Location, location_of
from tunewright_trainer import program_files
from tunewright_trainer.contents import File
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.channels import check_layout, path_of
from tunewright_trainer.core.checkpoints import Changes, Look, State, changes, checkpoint_path
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.fetching import PATIENCE_S, empty, not_fetched
from tunewright_trainer.folder import AttemptFolder, write_whole
from tunewright_trainer.mounts import checkpoint_folder
from tunewright_trainer.program_files import Changed
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.port import Storage
from tunewright_trainer.transfer import Transfer, require_room

FIELD: Final = "checkpoint_uri"
LOOK_S: Final = 5.0
"""Between two looks at the folders. A file that two looks find unchanged is whole, and goes to storage."""
LAST_PATIENCE_S: Final = 60.0
AGAIN_MOST_S: Final = 60.0

log = structlog.get_logger()


class NotSynced(Exception):  # noqa: N818 - what has come about
    """The last state of the checkpoints could not be stored; the text says why."""


class CheckpointSync:
    """One attempt's. Of a definition without a checkpoint_uri every call does nothing (`keep` waits to be cancelled).

    The lease being void, cancel what runs of it and call nothing more: no file is begun to be stored after that, and
    one that is under way is left off. Found again after a restart, `keep` waits until it is known that the lease holds.
    `keep` and `last` never run at the same time.
    """

    def __init__(self, launch: Launch, folder: AttemptFolder, buckets: Buckets) -> None:
        path = checkpoint_path(launch.definition)
        self._uri = launch.definition.checkpoint_uri
        self._name, self._folder, self._buckets = launch.training_name, folder, buckets
        self._folders = [checkpoint_folder(folder, number, path) for number in range(launch.instances)] if path else []
        self._record = folder.root / "checkpoints.json"
        self._stored: list[dict[str, State]] = []
        self._threads = ThreadPoolExecutor(1, "checkpoints")
        """One: what an earlier call still has under way is over before the next one's begins."""

    async def bring(self) -> None:
        """Return once the checkpoints of earlier attempts are there; at once if they were brought before.

        Cancelled, leave off. Raises NotFetched, as Fetching.fetch does.
        """
        if not self._folders or self._record.exists():
            return
        transfer = Transfer(self._threads, PATIENCE_S)
        try:
            await transfer.in_thread(partial(empty, self._folders))
            for key in await transfer.persistently(self._there):
                await transfer.persistently(partial(self._bring, key, transfer.told))
            await transfer.in_thread(self._brought)
        except Exception as error:
            raise not_fetched(error) from error
        finally:
            await transfer.end()

    async def keep(self) -> NoReturn:
        """Store what changes, until cancelled. Never raises: it tries again, and says so in the log."""
        if not self._folders:
            await asyncio.Future()
        transfer = Transfer(self._threads, 0.0)
        before: Sequence[Look] = ()
        failures = 0
        try:
            while True:
                try:
                    now = await transfer.in_thread(self._look)
                    before, earlier = now, before
                    if earlier:
                        await transfer.in_thread(partial(self._update, now, earlier, transfer.told))
                    failures = 0
                except (OSError, TunewrightError) as error:
                    failures += 1
                    log.warning("checkpoints not stored", training=self._name, failures=failures, why=str(error))
                await asyncio.sleep(backoff_s(failures + 1, first_s=LOOK_S, most_s=AGAIN_MOST_S))
        finally:
            await transfer.end()

    async def last(self) -> None:
        """Store what the ended program has left. May come again. Raises NotSynced after a minute of trying."""
        if not self._folders or not self._record.exists():
            return
        transfer = Transfer(self._threads, LAST_PATIENCE_S)
        try:
            now = await transfer.in_thread(self._look)
            await transfer.persistently(partial(self._update, now, None, transfer.told))
        except (OSError, TunewrightError) as error:
            raise NotSynced(f"the last state of the checkpoints could not be stored: {error}") from error
        finally:
            await transfer.end()

    # -- In the thread

    @property
    def _place(self) -> Location:
        return location_of(self._uri, FIELD) / self._name

    def _there(self) -> list[str]:
        """Return the keys of the checkpoints in storage. Raises also OSError: there is no room for them."""
        place = self._place
        try:
            sizes = {found.key: found.size for found in self._buckets.of(place, FIELD).list(f"{place.key}/")}
        except NotFound:
            if self._buckets.are_far(place):
                raise
            return []  # a folder that stands for a bucket is made when something is put there
        check_layout(f"{place.key}/", list(sizes))
        require_room(self._folder.root, sum(sizes.values()) * len(self._folders), "the checkpoints have")
        return list(sizes)

    def _bring(self, key: str, told: Callable[[int], None]) -> None:
        path = path_of(f"{self._place.key}/", key)
        to = tuple(folder / path for folder in self._folders)
        for file in to:
            file.parent.mkdir(parents=True, exist_ok=True)
        File(self._buckets.of(self._place, FIELD), key, to, packed=False).fetch(told, told)

    def _brought(self) -> None:
        self._stored = self._look()
        self._note()

    def _look(self) -> list[dict[str, State]]:
        return [program_files.look(self._folder.root, folder) for folder in self._folders]

    def _update(self, now: Sequence[Look], before: Sequence[Look] | None, told: Callable[[int], None]) -> None:
        """Do to storage what was done to the folders since, see `changes`. Raises what the storage does, and OSError.

        What was done until then is noted.
        """
        self._stored = self._stored or self._noted()
        todo = [changes(*of_one) for of_one in zip(self._stored, now, before or repeat(None), strict=False)]
        if not any(one.to_store or one.to_delete for one in todo):
            return
        try:
            for instance, one in enumerate(todo):
                self._do(instance, one, now[instance], told)
        finally:
            self._note()

    def _do(self, instance: int, todo: Changes, now: Look, told: Callable[[int], None]) -> None:
        place, stored = self._place, self._stored[instance]
        storage = self._buckets.of(place, FIELD)
        refused: Exception | None = None
        for path in todo.to_store:
            told(0)
            try:
                self._store(storage, self._folders[instance], now[path], (place / path).key, told)
            except (CallerError, Changed) as error:  # of this file; the others may do
                refused = refused or error
            else:
                stored[path] = now[path]
        if refused is not None:
            raise refused
        for path in todo.to_delete:
            told(0)
            storage.delete((place / path).key)
            del stored[path]

    def _store(self, storage: Storage, folder: Path, state: State, key: str, told: Callable[[int], None]) -> None:
        """Put a copy of a file as it was found. Raises what the storage does, and OSError: it is not so any more."""
        try:
            key.encode()
        except UnicodeEncodeError:
            raise InvalidSpec(ascii(key), "is no name that storage takes", "Give the file a name in UTF-8") from None
        root = self._folder.root
        require_room(root, state.size, "a copy of a checkpoint needs")
        private = root / "checkpoint.part"
        try:
            program_files.copy(root, folder, state, private, told)
            storage.put(private, key, told)
        finally:
            private.unlink(missing_ok=True)

    def _noted(self) -> list[dict[str, State]]:
        """Return what storage has of each instance's files, as far as it was brought from there or put there."""
        looks = json.loads(self._record.read_bytes())
        return [{path: State(*state) for path, state in look.items()} for look in looks]

    def _note(self) -> None:
        looks = [{path: astuple(state) for path, state in look.items()} for look in self._stored]
        write_whole(self._record, json.dumps(looks).encode())
