"""Following a spool: all lines once and in order, whatever bus and restarts do."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tunewright.core.errors import Unavailable
from tunewright.core.states import EndCause
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import read
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import End
from tunewright_trainer.messages import OutputRecords
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.tailer import Tailer


class RecordingBus:
    """Keeps what is published; unavailable as often as it is told."""

    def __init__(self) -> None:
        self.messages = []
        self.failures_to_come = 0
        self._changed = asyncio.Condition()

    async def publish(self, records) -> None:
        async with self._changed:
            if self.failures_to_come:
                self.failures_to_come -= 1
                raise Unavailable("the bus")
            assert {record.key for record in records} == {"job"}
            self.messages += [read(record) for record in records]
            self._changed.notify_all()

    async def until(self, condition) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(condition)

    def of(self, kind):
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def lines(self) -> dict[int, str]:
        return self.lines_of(0)

    def lines_of(self, instance: int) -> dict[int, str]:
        """By index; a line that is sent twice must be the same both times."""
        lines: dict[int, str] = {}
        for message in self.of(output_pb2.OutputLines):
            if message.instance != instance:
                continue
            for index, line in enumerate(message.lines, message.first_line):
                assert lines.setdefault(index, line) == line
        return lines


GRANT = pb.Grant(attempt=pb.Attempt(training_id="job/000007", attempt=2), training_name="job-007", rungs=[1, 3])


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def ended(spool: Path) -> End:
    return End(EndCause.EXITED, 0, 1.0, 2.0, (spool.stat().st_size,))


@asynccontextmanager
async def tailing(spool: Path, bus: RecordingBus):
    metrics = MetricsFile(spool.with_name("metrics.jsonl"), spool.with_name("metrics-fault"))
    tailer = Tailer(OutputRecords(GRANT), [spool], metrics, bus)
    task = asyncio.create_task(tailer.run())
    yield tailer
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_started_then_lines_then_ended(spool, bus):
    async with tailing(spool, bus) as tailer:
        await bus.until(lambda: bus.messages)
        spool.write_text("one\ntwo\nthr")
        await bus.until(lambda: len(bus.lines) == 2)
        with spool.open("a") as file:
            file.write("ee\nlast")
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    started, *_, end = bus.messages
    assert (started.uid, started.number, started.attempt, list(started.rungs)) == ("job", 7, 2, [1, 3])
    assert bus.lines == dict(enumerate(["one", "two", "three", "last"]))
    assert (end.uid, end.number, end.attempt, list(end.line_counts), end.exit_code) == ("job", 7, 2, [4, 0], 0)


async def test_batches_are_contiguous_and_bounded(spool, bus):
    spool.write_text("".join(f"line {number}\n" for number in range(30_000)))
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    expected = 0
    for message in bus.of(output_pb2.OutputLines):
        assert message.first_line == expected
        assert 0 < len(message.lines) <= 500
        expected += len(message.lines)
    assert expected == 30_000
    assert bus.lines[29_999] == "line 29999"


async def test_what_a_straggler_writes_behind_the_end_does_not_count(spool, bus):
    spool.write_text("one\n")
    end = ended(spool)
    spool.write_text("one\nstraggler\n")
    async with tailing(spool, bus) as tailer:
        tailer.finish(end)
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert bus.lines == {0: "one"}


async def test_nothing_printed(spool, bus):
    spool.touch()
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert [type(message) for message in bus.messages] == [output_pb2.TrainingStarted, output_pb2.TrainingEnded]
    assert list(bus.messages[1].line_counts) == [0, 0]


async def test_a_cut_line_is_marked_in_its_batch(spool, bus):
    spool.write_text("short\n" * 600 + "x" * 100_000 + "\nshort\n")
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    marked = [message.first_line + at for message in bus.of(output_pb2.OutputLines) for at in message.cut]
    assert marked == [600]
    assert len(bus.lines[600]) == 64 * 1024


async def test_output_waits_in_the_spool_while_the_bus_is_away(spool, bus):
    bus.failures_to_come = 3
    spool.write_text("one\ntwo\n")
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert bus.lines == {0: "one", 1: "two"}
    assert isinstance(bus.messages[0], output_pb2.TrainingStarted)


async def test_the_end_is_told_until_it_is_settled(spool, bus):
    spool.write_text("one\n")
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: len(bus.of(output_pb2.TrainingEnded)) == 2)
    first, second = bus.of(output_pb2.TrainingEnded)
    assert first == second


async def test_resend_from_a_line(spool, bus):
    spool.write_text("".join(f"line {number} {'x' * 1000}\n" for number in range(5000)))
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
        bus.messages.clear()
        tailer.resend(4321)
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert not bus.of(output_pb2.TrainingStarted)
    assert min(bus.lines) == 4321
    assert len(bus.lines) == 5000 - 4321
    assert bus.lines[4999].startswith("line 4999 ")


async def test_resend_from_the_start(spool, bus):
    spool.write_text("one\ntwo\n")
    async with tailing(spool, bus) as tailer:
        await bus.until(lambda: len(bus.lines) == 2)
        bus.messages.clear()
        tailer.resend(1)
        tailer.resend(-1)
        await bus.until(lambda: len(bus.lines) == 2)
    assert isinstance(bus.messages[0], output_pb2.TrainingStarted)


async def test_a_new_tailer_gives_the_same_lines_the_same_numbers(spool, bus):
    spool.write_bytes(b"one\r\ntwo\rthree\n" * 1000)
    async with tailing(spool, bus):
        await bus.until(lambda: len(bus.lines) == 3000)
    before = bus.lines
    bus.messages.clear()
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert bus.lines == before


# -- The metrics file ------------------------------------------------------------------------------------------------


@pytest.fixture
def metrics(spool: Path) -> Path:
    spool.touch()
    return spool.with_name("metrics.jsonl")


async def test_a_metrics_file_is_the_instance_after_the_last_and_its_last_line_needs_no_end(spool, metrics, bus):
    async with tailing(spool, bus) as tailer:
        spool.write_text("one\n")
        metrics.write_text('{"a": 1}\n{"a"')
        await bus.until(lambda: bus.lines_of(1))
        with metrics.open("a") as file:
            file.write(": 2}")
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
        bus.messages.clear()
        tailer.resend(1, instance=1)
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    (end,) = bus.of(output_pb2.TrainingEnded)
    assert (bus.lines, bus.lines_of(1)) == ({}, {1: '{"a": 2}'})
    assert (list(end.line_counts), end.metrics_file_fault) == ([1, 2], "")


async def test_a_flood_of_output_does_not_hold_up_the_metrics_file(spool, metrics, bus):
    spool.write_text("x" * 100 + "\n" * 1_000_000)
    metrics.write_text('{"a": 1}\n')
    async with tailing(spool, bus):
        await bus.until(lambda: bus.lines_of(1))
    assert len(bus.of(output_pb2.OutputLines)) < 1_000


def shortened(metrics: Path) -> None:
    metrics.write_text('{"a": 9}\n')


def replaced(metrics: Path) -> None:
    metrics.rename(metrics.with_name("old"))
    metrics.write_text('{"a": 9}\n' * 100)


def removed(metrics: Path) -> None:
    metrics.unlink()


def became_a_folder(metrics: Path) -> None:
    metrics.unlink()
    metrics.mkdir()


def became_a_link(metrics: Path) -> None:
    metrics.rename(metrics.with_name("old"))
    metrics.symlink_to(metrics.with_name("old"))


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (shortened, "it became shorter, 9 bytes, when 18 had been read"),
        (replaced, "it was replaced by another file"),
        (removed, "it is no longer there"),
        (became_a_folder, "it is no regular file"),
        (became_a_link, "it cannot be read"),
    ],
)
async def test_a_metrics_file_that_is_not_only_appended_to_is_told_of_also_after_a_restart(
    spool, metrics, bus, happens, why
):
    metrics.write_text('{"a": 1}\n{"a": 2}\n')
    async with tailing(spool, bus) as tailer:
        await bus.until(lambda: len(bus.lines_of(1)) == 2)
        happens(metrics)
        spool.write_text("on it goes\n")
        await bus.until(lambda: bus.lines)
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    (end,) = bus.of(output_pb2.TrainingEnded)
    assert (list(end.line_counts), bus.lines_of(1)) == ([1, 2], {0: '{"a": 1}', 1: '{"a": 2}'})
    assert why in end.metrics_file_fault
    bus.messages.clear()
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert why in bus.of(output_pb2.TrainingEnded)[0].metrics_file_fault


async def test_a_fifo_in_place_of_a_metrics_file_holds_nobody_up(spool, metrics, bus):
    os.mkfifo(metrics)
    async with tailing(spool, bus) as tailer:
        tailer.finish(ended(spool))
        await bus.until(lambda: bus.of(output_pb2.TrainingEnded))
    assert "it is no regular file" in bus.of(output_pb2.TrainingEnded)[0].metrics_file_fault
