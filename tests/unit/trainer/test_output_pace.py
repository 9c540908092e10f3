"""How soon and how often output is sent, on a clock that jumps from one deadline to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.simulation.timeless import play

from tunewright.core.errors import Unavailable
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import read
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.messages import BATCH_LINES, OutputRecords
from tunewright_trainer.source import MetricsFile
from tunewright_trainer.tailer import Tailer


class Clocked:
    """A bus that notes when what was said; `away_until_s` it takes nothing."""

    def __init__(self) -> None:
        self.came: list[tuple[float, int, output_pb2.OutputLines]] = []
        """Seconds, number of the training, lines."""
        self.away_until_s = 0.0

    async def publish(self, records) -> None:
        now = asyncio.get_running_loop().time()
        if now < self.away_until_s:
            raise Unavailable("the bus")
        for message in map(read, records):
            if isinstance(message, output_pb2.OutputLines):
                self.came.append((now, message.number, message))

    def count(self, number: int = 1) -> int:
        return sum(len(message.lines) for _, training, message in self.came if training == number)


class Told:
    """A watch that the test tells by."""

    def __init__(self) -> None:
        self.stirred: list[Callable[[], None]] = []

    def tell(self, folder: Path, stirred: Callable[[], None]) -> int:  # noqa: ARG002
        self.stirred.append(stirred)
        return len(self.stirred)

    def forget(self, watch: int) -> None:
        pass


class Training:
    """Runs a tailer while the block runs."""

    def __init__(self, folder: Path, bus: Clocked, number: int = 1, **options: object) -> None:
        grant = pb.Grant(attempt=pb.Attempt(training_id=f"job/{number}", attempt=1), training_name="job")
        self.spool = folder / f"spool-{number}"
        self.spool.touch()
        metrics = MetricsFile(folder / f"metrics-{number}", folder / f"fault-{number}")
        self._tailer = Tailer(OutputRecords(grant), [self.spool], metrics, bus, **options)

    async def __aenter__(self) -> Training:
        self._task = asyncio.create_task(self._tailer.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def prints(self, lines: int) -> None:
        with self.spool.open("a") as spool:
            spool.write("loss=1\n" * lines)


@pytest.mark.parametrize(("told", "within_s"), [(True, 0.001), (False, 0.25)])
def test_a_line_after_a_long_silence_is_sent_soon(tmp_path, told, within_s):
    async def story() -> None:
        bus, watch = Clocked(), Told()
        async with Training(tmp_path, bus, watch=watch if told else None) as training:
            await asyncio.sleep(1000)
            training.prints(1)
            printed_at = asyncio.get_running_loop().time()
            for stirred in watch.stirred:
                stirred()
            await asyncio.sleep(1)
        ((came_at, _, _),) = bus.came
        assert came_at - printed_at <= within_s

    play(story())


def test_a_line_that_nobody_tells_of_is_found_all_the_same(tmp_path):
    async def story() -> None:
        bus = Clocked()
        async with Training(tmp_path, bus, watch=Told()) as training:
            await asyncio.sleep(1000)
            training.prints(1)
            await asyncio.sleep(6)
        assert bus.count() == 1

    play(story())


def test_who_prints_ten_lines_a_second_for_long_is_sent_a_few_times_a_second(tmp_path):
    async def story() -> None:
        bus, watch = Clocked(), Told()
        async with Training(tmp_path, bus, watch=watch) as training:
            for _ in range(1000):
                training.prints(1)
                for stirred in watch.stirred:
                    stirred()
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
        assert bus.count() == 1000
        assert len(bus.came) < 450
        first = [at for at, _, _ in bus.came[:10]]
        assert first == pytest.approx([first[0] + 0.1 * number for number in range(10)], abs=0.03)

    play(story())


def test_a_flood_goes_out_in_whole_batches(tmp_path):
    async def story() -> None:
        bus, watch = Clocked(), Told()
        async with Training(tmp_path, bus, watch=watch) as training:
            for _ in range(1000):  # 50,000 lines a second, a few at a time
                training.prints(50)
                for stirred in watch.stirred:
                    stirred()
                await asyncio.sleep(0.001)
            await asyncio.sleep(1)
        assert bus.count() == 50_000
        assert bus.count() / len(bus.came) > 0.8 * BATCH_LINES

    play(story())


def test_more_lines_than_its_budget_wait_and_none_is_lost(tmp_path):
    async def story() -> None:
        bus = Clocked()
        async with Training(tmp_path, bus, lines_a_second=1000) as training:
            training.prints(60_000)
            await asyncio.sleep(30)
            assert 20_000 <= bus.count() <= 41_000
            await asyncio.sleep(40)
        assert bus.count() == 60_000

    play(story())


def test_a_flood_does_not_hold_up_a_sibling(tmp_path):
    async def story() -> None:
        bus = Clocked()
        async with Training(tmp_path, bus, 1) as flood, Training(tmp_path, bus, 2) as sibling:
            flood.prints(500_000)
            sibling.prints(1)
            await asyncio.sleep(0.1)
            assert bus.count(2) == 1
            assert bus.count(1) < 200_000
            await asyncio.sleep(10)
        assert bus.count(1) == 500_000

    play(story())


def test_output_follows_within_seconds_after_a_bus_that_was_away_for_long(tmp_path):
    async def story() -> None:
        bus = Clocked()
        bus.away_until_s = 1000.0
        async with Training(tmp_path, bus) as training:
            training.prints(10_000)
            await asyncio.sleep(1006)
        assert bus.count() == 10_000

    play(story())
