"""Where everything of one attempt lies on this host; the only place that knows these names.

    <data>/trainings/<uid>.<number>.<attempt>/
        grant.binpb   what was granted; written in one call before anything is started
        base/         what the training sees as /opt/ml; of its second instance base-2/ and so on
        spool         its output, stdout and stderr merged; of its second instance spool-2 and so on
        gpus.json     per instance the ids of the GPUs that it may use
        fetched       marks that the data of all channels are in base/input/data
        unstarted     how the attempt ended of which no program was started
        metrics-fault why the metrics file, base/output/metrics.jsonl, was read no further
        phases        what it has been doing from when on
        checkpointed  marks that the last state of its checkpoints is stored
        artifact/     model.tar.gz and output.tar.gz, once packed
        abandoned     marks a void lease: the folder is kept a while for people, nothing of it is sent any more
        …             and what the runner keeps: see the runner

A folder whose grant.binpb is not there or empty is not held: it never was, or was being removed. Nothing is synced to
disk: a training dies with its machine too.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.capacity import Gpus
from tunewright_trainer.core.program import METRICS_FILE
from tunewright_trainer.program_files import open_file, opened, size_of


class InstanceFolder:
    """What one instance says and leaves: `base` is its /opt/ml."""

    def __init__(self, root: Path, instance: int) -> None:
        self.root = root
        suffix = f"-{instance + 1}" if instance else ""
        self.base = root / f"base{suffix}"
        self.spool = root / f"spool{suffix}"

    @property
    def input_data(self) -> Path:
        """A folder of each channel's data."""
        return self.base / "input/data"

    @property
    def code(self) -> Path:
        """Script mode's: where the sagemaker-training toolkit looks for the user's code."""
        return self.base / "code"

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def output_data(self) -> Path:
        return self.base / "output/data"

    @property
    def failure(self) -> Path:
        return self.base / "output/failure"

    @cached_property
    def metrics_file(self) -> Path:
        """The program's own, under the name that its environment gives it. Only the first instance's is read."""
        return self.base / METRICS_FILE

    def spool_bytes(self) -> int:
        try:
            return self.spool.stat().st_size
        except FileNotFoundError:
            return 0


class AttemptFolder:
    """An attempt's folder: what its instances share, and theirs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.first = InstanceFolder(root, 0)

    def instance(self, number: int) -> InstanceFolder:
        """Return the folder of an instance, counted from 0."""
        return InstanceFolder(self.root, number) if number else self.first

    def instances(self, count: int) -> list[InstanceFolder]:
        return [self.instance(number) for number in range(count)]

    @cached_property
    def grant(self) -> Path:
        return self.root / "grant.binpb"

    @property
    def was_held(self) -> bool:
        """Whether its grant is there, and so may be more; it may be being removed at this moment."""
        try:
            return self.grant.stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False

    @cached_property
    def fetched(self) -> Path:
        return self.root / "fetched"

    @cached_property
    def unstarted(self) -> Path:
        return self.root / "unstarted"

    @cached_property
    def metrics_fault(self) -> Path:
        return self.root / "metrics-fault"

    @cached_property
    def phases(self) -> Path:
        return self.root / "phases"

    @cached_property
    def checkpointed(self) -> Path:
        return self.root / "checkpointed"

    @cached_property
    def artifacts(self) -> Path:
        return self.root / "artifact"

    @cached_property
    def abandoned(self) -> Path:
        return self.root / "abandoned"

    def write_gpus(self, gpus: Gpus) -> None:
        write_whole(self.root / "gpus.json", json.dumps(gpus).encode())

    def read_gpus(self) -> Gpus:
        """Return none if nothing was said about GPUs."""
        try:
            told = json.loads((self.root / "gpus.json").read_bytes())
        except FileNotFoundError:  # an earlier version's
            return ()
        return tuple(tuple(instance) for instance in told)

    def spool_bytes(self, count: int) -> tuple[int, ...]:
        """Return how much each of `count` instances has printed."""
        return tuple(instance.spool_bytes() for instance in self.instances(count))

    def said_bytes(self, count: int) -> int:
        """Return how much the programs have said, in their output and in the metrics file."""
        return sum(self.spool_bytes(count)) + size_of(self.root, self.first.metrics_file)

    def remove_data(self, count: int) -> None:
        """Remove what can be fetched again: the data of `count` instances."""
        for instance in self.instances(count):
            with suppress(OSError), opened(self.root, instance.input_data.parent) as at:
                shutil.rmtree(instance.input_data.name, ignore_errors=True, dir_fd=at)

    def remove(self) -> None:
        """Remove all of it, its grant first: what a kill leaves of it must not be found again, and packed, as a whole.

        If the grant cannot be removed, all stays.
        """
        with suppress(OSError):
            self.grant.unlink(missing_ok=True)
            shutil.rmtree(self.root, ignore_errors=True)


class Folders:
    """All attempts of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self._root = self.data_dir / "trainings"

    def of(self, attempt: Attempt) -> AttemptFolder:
        return AttemptFolder(self._root / f"{attempt.uid}.{attempt.number:06d}.{attempt.attempt}")

    def granted(self) -> Iterator[AttemptFolder]:
        """Yield the folder of every attempt that was granted and is not removed yet."""
        for folder in self._all():
            if folder.was_held:
                yield folder

    def never_held(self) -> Iterator[AttemptFolder]:
        """Yield what a kill has left of one whose grant was about to be written, or which was about to be removed."""
        for folder in self._all():
            if not folder.was_held:
                yield folder

    def _all(self) -> Iterator[AttemptFolder]:
        for root in sorted(self._root.glob("*/")):
            yield AttemptFolder(root)

    def remove_abandoned(self, before: float) -> None:
        """Remove those whose lease was void by then, Unix seconds. Blocks."""
        for folder in self.granted():
            with suppress(OSError):  # it has none, or goes at this moment
                if folder.abandoned.stat().st_mtime < before:
                    folder.remove()


def own_models(data_dir: Path) -> Path:
    """Return where models are kept of which nobody says where."""
    return data_dir / "artifacts"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, also after a kill, sees all of it or none."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    os.replace(beside, path)  # noqa: PTH105 - the one call that says atomic


def read_failure(instance: InstanceFolder, limit_chars: int) -> str:
    """Return the start of output/failure, empty if the instance left no such file: a FIFO would wait for ever."""
    try:
        file = open_file(instance.root, instance.failure)
    except OSError:
        return ""
    try:
        content = os.read(file, limit_chars * 4) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    finally:
        os.close(file)
    return content.decode("utf-8", "replace")[:limit_chars].strip()
