"""Where everything of one attempt lies on this host; the only place that knows these names.

    <data>/trainings/<uid>.<number>.<attempt>/
        grant.binpb   what was granted; written in one call before anything is started
        base/         what the training sees as /opt/ml
        spool         its output, stdout and stderr merged
        metrics-fault why the metrics file, base/output/metrics.jsonl, was read no further
        artifact/     model.tar.gz and output.tar.gz, once packed
        abandoned     marks a void lease: the folder is kept a while for people, nothing of it is sent any more
        …             and what the runner keeps: see the runner

A folder whose grant.binpb is not there or empty was never held. Nothing is synced to disk: a training dies with its
machine too.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.program import METRICS_FILE


class AttemptFolder:
    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def grant(self) -> Path:
        return self.root / "grant.binpb"

    @cached_property
    def base(self) -> Path:
        return self.root / "base"

    @cached_property
    def spool(self) -> Path:
        return self.root / "spool"

    @cached_property
    def metrics_file(self) -> Path:
        """The program's own, under the name that its environment gives it."""
        return self.base / METRICS_FILE

    @cached_property
    def metrics_fault(self) -> Path:
        return self.root / "metrics-fault"

    @cached_property
    def model(self) -> Path:
        return self.base / "model"

    @cached_property
    def output_data(self) -> Path:
        return self.base / "output/data"

    @cached_property
    def failure(self) -> Path:
        return self.base / "output/failure"

    @cached_property
    def artifacts(self) -> Path:
        return self.root / "artifact"

    @cached_property
    def abandoned(self) -> Path:
        return self.root / "abandoned"

    def spool_bytes(self) -> int:
        return self.spool.stat().st_size if self.spool.exists() else 0

    def said_bytes(self) -> int:
        """Return how much the program has said, in its output and in its metrics file."""
        try:
            return self.spool_bytes() + self.metrics_file.lstat().st_size
        except OSError:
            return self.spool_bytes()

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


class Folders:
    """All attempts of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir.resolve() / "trainings"

    def of(self, attempt: Attempt) -> AttemptFolder:
        return AttemptFolder(self._root / f"{attempt.uid}.{attempt.number:06d}.{attempt.attempt}")

    def granted(self) -> Iterator[AttemptFolder]:
        """Yield the folder of every attempt that was granted and is not removed yet."""
        for grant in sorted(self._root.glob("*/grant.binpb")):
            if grant.stat().st_size > 0:
                yield AttemptFolder(grant.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, also after a kill, sees all of it or none."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    os.replace(beside, path)  # noqa: PTH105 - the one call that says atomic


def read_failure(folder: AttemptFolder, limit_chars: int) -> str:
    """Return the start of output/failure, empty if the training left no such file: a FIFO would wait for ever."""
    try:
        file = os.open(folder.failure, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        content = os.read(file, limit_chars * 4) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    finally:
        os.close(file)
    return content.decode("utf-8", "replace")[:limit_chars].strip()
