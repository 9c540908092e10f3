"""What every runner promises; see tunewright_trainer/runner/port.py. Subclass it and give the two fixtures.

A program under test is Python source that the adapter turns into an image. What it must agree on with the test it says
through files in its model folder or lines of output; every wait has a deadline.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tunewright.core.errors import NotFound
from tunewright.core.spec import Channel, Definition
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.runner.port import Runner

DEADLINE_S = 20.0
PART_BYTES = 16_384
"""Longer lines are split by an engine."""

FOREVER = "import time\nprint('up')\ntime.sleep(600)\n"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up')\ntime.sleep(600)\n"
ORPHAN = """
import os, pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(os.environ["SM_MODEL_DIR"], "child").write_text(str(child.pid))
print("up")
"""
COUNTING = """
import os, pathlib, time
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
for number in range(1000):
    print("line", number)
    if number == 499:
        while not (model / "go").exists():
            time.sleep(0.01)
(model / "ending").touch()
raise SystemExit(7)
"""

CHANNELS = (Channel("train", "s3://b/train"), Channel("my-test", "s3://b/test", content_type="text/csv"))


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition of the outside world that has no event to wait on."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - files and processes of others have no event
            await asyncio.sleep(0.005)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return Path("/proc/self").exists() is False


@dataclass
class World:
    """A data folder, programs turned into images, and runners over them one after another."""

    folders: Folders
    make_runner: Callable[[], Runner]
    make_image: Callable[[str], str]
    is_running: Callable[[int], bool] = is_running
    """Whether anything runs by the process id that a program has told."""
    keeps_order_of_streams: bool = True
    """Also what is said alternately, thousands of lines a second, on stdout and stderr comes in its order."""
    ends_long_lines: bool = False
    """A line above 16 KiB that a program leaves without its end gets one."""
    killed_at_once: int = 128 + signal.SIGKILL
    """How what is stopped with a grace of 0 ends."""
    launches: list[Launch] = field(default_factory=list)

    def launch(self, source: str, **fields: object) -> Launch:
        number = len(self.launches) + 1
        hyperparameters = fields.pop("hyperparameters", {})
        definition = Definition(image=self.make_image(source), **fields)
        launch = Launch(Attempt(f"job/{number:06d}", 1), f"job-{number:03d}", definition, hyperparameters)
        self.launches.append(launch)
        return launch

    async def end_all(self) -> None:
        """Kill what a failed test has left running, and leave nothing of it."""
        runner = self.make_runner()
        for launch in self.launches:
            if self.folder(launch).first.spool.exists():
                await runner.start(launch)
                await runner.stop(launch.attempt, EndCause.LOST, 0)
                await runner.wait(launch.attempt)
                await runner.remove(launch.attempt)
        await runner.close()

    def folder(self, launch: Launch) -> AttemptFolder:
        return self.folders.of(launch.attempt)

    def spool(self, launch: Launch) -> bytes:
        return self.folder(launch).first.spool.read_bytes()

    async def up(self, launch: Launch) -> None:
        await until(lambda: b"up" in self.spool(launch))


class RunnerContract:
    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError

    @pytest.fixture
    async def runner(self, world):
        runner = world.make_runner()
        yield runner
        await runner.close()
        await world.end_all()

    async def test_output_is_complete_in_order_and_merged(self, world, runner):
        source = "import sys\nfor i in range(20000):\n    print('line', i, file=sys.stderr if i % 3 else sys.stdout)\n"
        launch = world.launch(source)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 0)
        numbers = [int(line.removeprefix("line ")) for line in world.spool(launch).decode().splitlines()]
        assert sorted(numbers) == list(range(20000))
        streams = [[number for number in numbers if bool(number % 3) is is_error] for is_error in (False, True)]
        assert all(stream == sorted(stream) for stream in streams)
        assert not world.keeps_order_of_streams or numbers == list(range(20000))
        assert end.spool_bytes == (len(world.spool(launch)),)

    @pytest.mark.parametrize(
        ("source", "output"),
        [
            ("pass", b""),
            ("import os\nos.write(1, bytes(range(256)) * 100)", bytes(range(256)) * 100),
            ("import os\nprint('x' * 10_000_000, end='')", b"x" * 10_000_000),
        ],
        ids=["nothing", "garbage", "one line of 10 MB without an end"],
    )
    async def test_whatever_it_prints_is_kept(self, world, runner, source, output):
        launch = world.launch(source)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert end.exit_code == 0
        last_line = output.rpartition(b"\n")[2]
        is_ended = world.ends_long_lines and len(last_line) > PART_BYTES
        assert world.spool(launch) == output + (b"\n" if is_ended else b"")

    @pytest.mark.parametrize(
        ("source", "exit_code"),
        [("raise SystemExit(3)", 3), ("1 / 0", 1), ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", 139)],
    )
    async def test_exit_code(self, world, runner, source, exit_code):
        launch = world.launch(source)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, exit_code)

    async def test_times_are_those_of_the_program(self, world, runner):
        launch = world.launch("import time\ntime.sleep(0.3)")
        before = time.time()
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert before - 0.1 <= end.started_at <= end.ended_at - 0.25
        assert end.ended_at <= time.time() + 0.1
        assert runner.started_at(launch.attempt) == end.started_at

    async def test_stop_lets_a_handler_save_and_end(self, world, runner):
        source = """
import os, pathlib, signal, sys, time
def save(*_):
    pathlib.Path(os.environ["SM_MODEL_DIR"], "saved").write_text("weights")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up")
time.sleep(600)
"""
        launch = world.launch(source)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 0)
        assert (world.folder(launch).first.model / "saved").read_text() == "weights"

    async def test_stop_without_a_handler(self, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.MAX_RUNTIME_EXCEEDED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.MAX_RUNTIME_EXCEEDED, 143)
        assert world.spool(launch) == b"up\n", "only the program's own words"

    async def test_stop_right_after_start(self, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 143)

    async def test_what_ignores_sigterm_is_killed_after_the_grace(self, world, runner):
        launch = world.launch(DEAF)
        await runner.start(launch)
        await world.up(launch)
        began = time.monotonic()
        await runner.stop(launch.attempt, EndCause.STOPPED, 0.3)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 137)
        assert 0.25 <= time.monotonic() - began < 5

    async def test_a_second_stop_may_only_come_sooner(self, world, runner):
        launch = world.launch(DEAF)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0.3)
        await runner.stop(launch.attempt, EndCause.LOST, 600)
        assert (await runner.wait(launch.attempt)).cause is EndCause.STOPPED
        other = world.launch(DEAF)
        await runner.start(other)
        await world.up(other)
        await runner.stop(other.attempt, EndCause.STOPPED, 600)
        await runner.stop(other.attempt, EndCause.LOST, 0)
        assert (await runner.wait(other.attempt)).cause is EndCause.STOPPED

    async def test_sigterm_is_for_the_program_and_not_for_its_children(self, world, runner):
        source = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def told(*_):
    time.sleep(0.2)
    print("child", child.poll())
    sys.exit(0)
signal.signal(signal.SIGTERM, told)
print("up")
time.sleep(600)
"""
        launch = world.launch(source)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        await runner.wait(launch.attempt)
        assert world.spool(launch).endswith(b"child None\n")

    @pytest.mark.parametrize("killed", [False, True], ids=["it ended", "it was killed"])
    async def test_what_it_leaves_behind_ends_with_it(self, world, runner, killed):
        launch = world.launch(ORPHAN + ("import time\ntime.sleep(600)\n" if killed else ""))
        await runner.start(launch)
        await world.up(launch)
        if killed:
            await runner.stop(launch.attempt, EndCause.LOST, 0)
        end = await runner.wait(launch.attempt)
        assert end.exit_code == (world.killed_at_once if killed else 0)
        child = int((world.folder(launch).first.model / "child").read_text())
        await until(lambda: not world.is_running(child))

    async def test_stop_changes_nothing_after_the_end_or_before_a_start(self, world, runner):
        launch = world.launch("print('done')")
        await runner.stop(launch.attempt, EndCause.STOPPED, 0)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0)
        assert end.cause is EndCause.EXITED
        assert await runner.wait(launch.attempt) == end

    async def test_wait_for_what_was_not_started(self, world, runner):
        with pytest.raises(NotFound):
            await runner.wait(world.launch("pass").attempt)

    async def test_start_is_idempotent_for_ever(self, world, runner):
        launch = world.launch("print('once')")
        await runner.start(launch)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        await runner.start(launch)
        await runner.close()
        later = world.make_runner()
        await later.start(launch)
        assert await later.wait(launch.attempt) == end
        assert world.spool(launch) == b"once\n"
        await later.close()

    async def test_a_run_is_found_again(self, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await runner.close()
        later = world.make_runner()
        await later.start(launch)
        (world.folder(launch).first.model / "go").touch()
        end = await later.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 7)
        assert world.spool(launch).decode().splitlines() == [f"line {i}" for i in range(1000)]
        await later.close()

    async def test_an_end_that_nobody_watched_is_known(self, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await runner.close()
        (world.folder(launch).first.model / "go").touch()
        await until((world.folder(launch).first.model / "ending").exists)
        later = world.make_runner()
        await later.start(launch)
        assert (await later.wait(launch.attempt)).exit_code == 7
        assert world.spool(launch).endswith(b"line 999\n")
        await later.close()

    async def test_a_stop_outlives_the_trainer(self, world, runner):
        launch = world.launch(DEAF)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0.2)
        await runner.close()
        later = world.make_runner()
        await later.start(launch)
        end = await later.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 137)
        await later.close()

    async def test_the_program_sees_amts_contract(self, world, runner):
        source = """
import json, os, pathlib
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
for name in ("hyperparameters", "resourceconfig", "inputdataconfig"):
    print(json.dumps(json.loads((base / "input/config" / (name + ".json")).read_text())))
folders = ["model", "output/data"]
print(json.dumps([(base / name).is_dir() for name in folders]))
print(json.dumps({name: os.environ.get(name) for name in ("TRAINING_JOB_NAME", "TRAINING_JOB_ARN", "MINE")}))
"""
        launch = world.launch(
            source, hyperparameters={"lr": "0.1", "_x": "acc"}, environment={"MINE": "yes"}, channels=CHANNELS
        )
        await runner.start(launch)
        assert (await runner.wait(launch.attempt)).exit_code == 0
        lines = [json.loads(line) for line in world.spool(launch).splitlines()]
        hyperparameters, resources, channels, folders, variables = lines
        assert hyperparameters == {"lr": "0.1", "_x": "acc"}
        assert (resources["current_host"], resources["hosts"]) == ("algo-1", ["algo-1"])
        told = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
        assert channels == {"train": told, "my-test": {**told, "ContentType": "text/csv"}}
        assert folders == [True] * 2
        assert variables["TRAINING_JOB_NAME"] == launch.training_name
        assert variables["TRAINING_JOB_ARN"].endswith(f":training-job/{launch.training_name}")
        assert variables["MINE"] == "yes"

    async def test_what_cannot_be_started_has_ended(self, world, runner):
        launch = world.launch("pass")
        missing = Launch(launch.attempt, launch.training_name, Definition("file:///no/such/image"), {})
        await runner.start(missing)
        end = await runner.wait(missing.attempt)
        assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
        assert end.why
        assert world.folder(missing).first.spool.exists()
        await runner.close()
        later = world.make_runner()
        await later.start(missing)
        assert await later.wait(missing.attempt) == end
        await later.close()
