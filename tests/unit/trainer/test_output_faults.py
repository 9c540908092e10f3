"""Output through whatever may happen: the reader has every line of every instance once and in order.

Time is a simulation's, so a story of an hour takes milliseconds.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path

from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulation.timeless import play

from tunewright.core.errors import Unavailable
from tunewright.core.states import EndCause
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import read
from tunewright.v1 import spec_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import End
from tunewright_trainer.core.lines import LIMIT_BYTES, Position, cut_lines
from tunewright_trainer.messages import OutputRecords
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.tailer import Tailer

INSTANCES = 3
FILES = INSTANCES + 1
"""The metrics file is the instance after the last."""
DEFINITION = spec_pb2.Definition(resources=spec_pb2.Resources(instance_count=INSTANCES))
GRANT = pb.Grant(attempt=pb.Attempt(training_id="job/1", attempt=1), training_name="job-1", definition=DEFINITION)
PUBLISHING_S = 0.003
WITHIN_S = 3600.0


class Reader:
    """A bus and who reads from it, as metrics does: it takes contiguous lines, and asks for what is missing."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[] for _ in range(FILES)]
        self.failures: deque[int] = deque()
        """Of the publications to come: how many records are taken before each fails."""
        self.to_lose = 0
        """Records that are taken and never seen again."""
        self.started = False
        self.complete = asyncio.Event()
        self.tailer: Tailer

    async def publish(self, records) -> None:
        await asyncio.sleep(PUBLISHING_S)
        taken = self.failures.popleft() if self.failures else len(records)
        for record in records[:taken]:
            if self.to_lose:
                self.to_lose -= 1
            else:
                self._see(read(record))
        if taken < len(records):
            raise Unavailable("the bus")

    def _see(self, message: Message) -> None:
        match message:
            case output_pb2.TrainingStarted():
                self.started = True
            case output_pb2.OutputLines():
                self._take(message)
            case output_pb2.TrainingEnded():
                missing = [at for at in range(FILES) if len(self.lines[at]) < message.line_counts[at]]
                for instance in missing:
                    self.tailer.resend(len(self.lines[instance]), instance)
                if not self.started:
                    self.tailer.resend(-1)
                elif not missing:
                    assert list(message.line_counts) == [len(lines) for lines in self.lines]
                    self.complete.set()

    def _take(self, message: output_pb2.OutputLines) -> None:
        known = self.lines[message.instance]
        if message.first_line > len(known):
            self.tailer.resend(len(known), message.instance)
            return
        new = len(known) - message.first_line
        assert list(message.lines[:new]) == known[message.first_line : message.first_line + len(message.lines)]
        known += message.lines[new:]


class Story:
    """A training that prints, and one trainer process after the other."""

    def __init__(self, folder: Path, reader: Reader) -> None:
        self.reader, self.folder = reader, folder
        self.spools = [folder / f"spool-{number}" for number in range(INSTANCES)]
        self.files = [*self.spools, folder / "metrics.jsonl"]
        for spool in self.spools:
            spool.touch()
        self._task: asyncio.Task[None] | None = None

    def prints(self, file: int, piece: str, times: int) -> None:
        with self.files[file].open("ab") as appended:
            appended.write(PIECES[piece] * times)

    async def starts(self) -> None:
        """Start the trainer, again if it was there; the new one knows nothing of what the old one has sent."""
        await self.ends()
        metrics = MetricsFile(self.files[-1], self.folder / "metrics-fault")
        self.reader.tailer = Tailer(OutputRecords(GRANT), self.spools, metrics, self.reader)
        self._task = asyncio.create_task(self.reader.tailer.run())

    async def ends(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def happens(self, step: tuple) -> None:
        match step:
            case ("print", file, piece, times):
                self.prints(file, piece, times)
            case ("pass", seconds):
                await asyncio.sleep(seconds)
            case ("fail", taken):
                self.reader.failures.append(taken)
            case ("lose", records):
                self.reader.to_lose += records
            case ("resend", file, line):
                self.reader.tailer.resend(line, file)
            case ("restart",):
                await self.starts()

    def said(self) -> list[list[str]]:
        """Return the lines that stand in the files."""
        contents = [file.read_bytes() if file.exists() else b"" for file in self.files]
        return [
            list(cut_lines(Position(), content, final=True, most=len(content) + 1).texts) if content else []
            for content in contents
        ]


PIECES = {
    **{piece.decode(): piece for piece in (b"\n", b"\r", b"\r\n", b"loss=1", b"loss=1\n")},
    "no UTF-8": b"\xff\xe2\x82",
    "a long line": b"x" * (LIMIT_BYTES + 1),
    "a very long line": b"x" * (3 * LIMIT_BYTES),
}
"""By name, for a story to be told in few words."""
ONE_FILE = st.integers(0, FILES - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("print"), ONE_FILE, st.sampled_from(sorted(PIECES)), st.sampled_from([1, 3])),
        st.tuples(st.just("print"), ONE_FILE, st.just("loss=1\n"), st.sampled_from([700, 30_000])),
        st.tuples(st.just("pass"), st.sampled_from([0.0, 0.001, 0.004, 0.03, 1.0])),
        st.tuples(st.just("fail"), st.integers(0, 3)),
        st.tuples(st.just("lose"), st.integers(1, 4)),
        st.tuples(st.just("resend"), ONE_FILE, st.sampled_from([-1, 0, 1, 300, 5_000])),
        st.just(("restart",)),
    ),
    max_size=20,
)


@settings(deadline=None)  # a story is long on a machine that is busy
@given(STEPS)
def test_every_line_comes_once_and_in_order_whatever_happens(steps):
    async def tell(folder: Path) -> None:
        reader = Reader()
        story = Story(folder, reader)
        await story.starts()
        for step in steps:
            await story.happens(step)
        sizes = tuple(spool.stat().st_size for spool in story.spools)
        reader.tailer.finish(End(EndCause.EXITED, 0, 1.0, 2.0, sizes))
        async with asyncio.timeout(WITHIN_S):
            await reader.complete.wait()
        await story.ends()
        assert reader.lines == story.said()

    with tempfile.TemporaryDirectory(prefix="tunewright-test-") as name:
        play(tell(Path(name)))
