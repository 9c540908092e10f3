"""Deaths of the trainer and absences of the engine: nothing is lost, repeated, started twice or left behind."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.docker.world import SETTINGS, DockerWorld, ended, pair
from tests.contract.runner_contract import COUNTING, DEAF, FOREVER, until
from tunewright.core.errors import Unavailable
from tunewright.core.states import EndCause
from tunewright_trainer.runner.docker.runner import DockerRunner

LINES = 50_000
MANY = f"""
import time
for number in range({LINES}):
    print("line", number)
    if number % 500 == 0:
        time.sleep(0.03)
"""

UNSEEN = """
import fcntl, os, pathlib, time
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
lives = open(model / "lives", "w")
fcntl.flock(lives, fcntl.LOCK_EX)
print("up")
while not (model / "go").exists():
    time.sleep(0.01)
print("last words")
os._exit({exit_code})
"""
TALKING = """
import itertools, os, pathlib, time
for number in itertools.count():
    print("line", number)
    if pathlib.Path(os.environ["SM_MODEL_DIR"], "go").exists():
        raise SystemExit(143)
    time.sleep(0.01)
"""


def lives(file: Path) -> bool:
    """Whether the program runs that has locked a file."""
    with file.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


class TestRestarts:
    async def test_no_line_is_lost_or_repeated_over_an_engine_killed_in_mid_training(self, world, runner):
        launch = world.launch(MANY)
        await runner.start(launch)
        for line in (b"line 5000\n", b"line 20000\n"):
            await until(lambda line=line: line in world.spool(launch))
            await asyncio.to_thread(world.engine.kill)
            await asyncio.to_thread(world.engine.start)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 0)
        assert world.spool(launch).decode().splitlines() == [f"line {number}" for number in range(LINES)]

    @pytest.mark.parametrize("killed", [True, False], ids=["killed", "stopped"])
    async def test_what_an_engine_takes_with_it_is_lost_not_failed(self, world, runner, killed):
        engine = world.engine
        await asyncio.to_thread(engine.kill)  # sooner than to stop it
        try:
            await asyncio.to_thread(engine.start, live_restore=False)
            launch = world.launch(FOREVER)
            await runner.start(launch)
            await world.up(launch)
            await asyncio.to_thread(engine.kill if killed else engine.stop)
            await asyncio.to_thread(engine.start, live_restore=False)
            end = await runner.wait(launch.attempt)
        finally:
            await asyncio.to_thread(engine.kill)
            await asyncio.to_thread(engine.start)
        assert end.cause is EndCause.LOST, end

    @pytest.mark.parametrize("found", [False, True], ids=["seen", "found again"])
    @pytest.mark.parametrize(
        ("exit_code", "cause"), [(0, EndCause.LOST), (137, EndCause.LOST), (7, EndCause.EXITED)], ids=str
    )
    async def test_what_ended_unseen_and_did_well_is_lost_with_the_end_of_its_output(
        self, world, runner, exit_code, cause, found
    ):
        launch = world.launch(UNSEEN.format(exit_code=exit_code))
        await runner.start(launch)
        await world.up(launch)
        if found:
            await runner.close()
        await asyncio.to_thread(world.engine.kill)
        try:
            model = world.folder(launch).first.model
            (model / "go").touch()
            await until(lambda: not lives(model / "lives"))
            later = world.make_runner() if found else runner
            if found:
                await later.start(launch)
                assert "does not answer" in later.waits_for(launch.attempt)
        finally:
            await asyncio.to_thread(world.engine.start)
        end = await later.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (cause, exit_code)
        said = world.spool(launch).splitlines()
        assert said[0] == b"up"
        assert b"output is missing here" in said[-1]
        await later.close()

    async def test_its_own_failure_after_an_absence_or_a_full_disk_is_its_failure(self, world, runner, monkeypatch):
        launch = world.launch(TALKING)
        await runner.start(launch)
        await until(lambda: b"line 9\n" in world.spool(launch))
        await asyncio.to_thread(world.engine.kill)
        said = len(world.spool(launch))
        await asyncio.to_thread(world.engine.start)
        await until(lambda: len(world.spool(launch)) > said)
        real, full = os.write, [True]
        spool = world.folder(launch).first.spool.stat()

        def write(file: int, content: bytes) -> int:
            if full and os.fstat(file).st_ino == spool.st_ino:
                full.clear()
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(file, content)

        monkeypatch.setattr(os, "write", write)
        (world.folder(launch).first.model / "go").touch()
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code, full) == (EndCause.EXITED, 143, [])
        lines = world.spool(launch).decode().splitlines()
        assert lines == [f"line {number}" for number in range(len(lines))]

    async def test_an_engine_that_hangs_is_waited_for(self, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        world.engine.pause()
        try:
            (world.folder(launch).first.model / "go").touch()
            await until((world.folder(launch).first.model / "ending").exists)
        finally:
            world.engine.resume()
        assert (await runner.wait(launch.attempt)).exit_code == 7
        assert world.spool(launch).decode().splitlines() == [f"line {i}" for i in range(1000)]

    async def test_a_stop_while_the_engine_is_away_is_obeyed_once_it_is_back(self, world, runner):
        launch = world.launch(DEAF)
        await runner.start(launch)
        await world.up(launch)
        await asyncio.to_thread(world.engine.kill)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0.2)
        await asyncio.to_thread(world.engine.start)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 137)

    async def test_a_trainer_killed_in_mid_training_loses_nothing(self, world, runner, tmp_path):
        launch = world.launch(MANY)
        words = [tmp_path / "data", world.engine.url, world.trainer_id, launch.definition.image]
        words += [launch.attempt.training_id, launch.training_name]
        spool = world.folder(launch).first.spool
        for seen in (b"line 1000\n", b"line 12000\n"):
            trainer = subprocess.Popen([sys.executable, "-c", TRAINER_TO_KILL, *map(str, words)])
            try:
                await until(lambda seen=seen: spool.exists() and seen in spool.read_bytes())
            finally:
                trainer.send_signal(signal.SIGKILL)
                trainer.wait()
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 0)
        assert spool.read_text().splitlines() == [f"line {number}" for number in range(LINES)]

    @pytest.mark.parametrize("step", ["prepared", "created", "made", "started"])
    async def test_a_trainer_killed_between_the_steps_of_a_start_has_started_it_once(self, world, runner, step):
        launch = world.launch("print('once')")
        halted = asyncio.Event()

        class Halting(DockerRunner):
            """Goes no further than to a step, as if it was killed there."""

        first = Halting(world.folders, world.engine.url, world.trainer_id, world.settings)
        engine = first._engine

        async def halt(*_: object) -> None:
            halted.set()
            await asyncio.Event().wait()

        create, start = engine.create, engine.start

        async def create_and_halt(*words: object) -> None:
            await create(*words)
            await halt()

        async def start_and_halt(*words: object) -> None:
            await start(*words)
            await halt()

        if step == "prepared":
            engine.create = halt
        elif step == "created":
            engine.create = create_and_halt
        elif step == "made":
            engine.start = halt
        else:
            engine.start = start_and_halt
        starting = asyncio.create_task(first.start(launch))
        await halted.wait()
        starting.cancel()
        await first.close()
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code, world.spool(launch)) == (EndCause.EXITED, 0, b"once\n")

    async def test_a_container_that_vanished_is_lost_and_not_run_again(self, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        await runner.close()
        (container,) = world.containers()
        world.engine.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        later = world.make_runner()
        end = await ended(later, launch)
        assert (end.cause, end.exit_code) == (EndCause.LOST, None)
        assert world.containers() == []
        await later.close()

    async def test_one_that_vanishes_under_the_trainer_is_lost(self, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        (container,) = world.containers()
        world.engine.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        assert (await runner.wait(launch.attempt)).cause is EndCause.LOST

    async def test_what_others_end_by_the_engine_is_lost_and_what_kills_itself_has_failed(self, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        (container,) = world.containers()
        world.engine.request("POST", f"/containers/{container['Id']}/kill")
        assert (await runner.wait(launch.attempt)).cause is EndCause.LOST
        end = await ended(runner, world.launch("import os\nos.kill(os.getpid(), 9)"))
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 137)

    async def test_what_ran_when_the_machine_began_is_lost_not_failed(self, world, runner):
        launch = world.launch(COUNTING.replace("raise SystemExit(7)", "import signal; os.kill(os.getpid(), 9)"))
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await until(lambda: runner.started_at(launch.attempt))
        began = runner.started_at(launch.attempt)
        await runner.close()
        (world.folder(launch).first.model / "go").touch()
        later = DockerRunner(
            world.folders, world.engine.url, world.trainer_id, world.settings, machine_began=began + 0.001
        )
        end = await ended(later, launch)
        assert (end.cause, end.exit_code) == (EndCause.LOST, 137)
        await later.close()


TRAINER_TO_KILL = """
import asyncio, sys
from pathlib import Path, PurePosixPath
from tunewright.core.spec import Definition
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull

async def main(data, url, trainer_id, image, training_id, name):
    settings = DockerSettings(images=("*",), pull=Pull.NEVER)
    runner = DockerRunner(Folders(Path(data)), url, trainer_id, settings)
    launch = Launch(Attempt(training_id, 1), name, Definition(image=image), {})
    await runner.start(launch)
    await runner.wait(launch.attempt)

asyncio.run(main(*sys.argv[1:]))
"""


class TestNoEngine:
    @pytest.fixture
    def nowhere(self, world: DockerWorld, tmp_path: Path) -> DockerRunner:
        url = f"unix://{tmp_path}/no.sock"
        return DockerRunner(world.folders, url, world.trainer_id, replace(SETTINGS, engine_wait_s=0.3))

    async def test_a_start_fails_after_a_while(self, world, nowhere):
        end = await ended(nowhere, world.launch("pass"))
        assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
        assert "no.sock does not answer" in end.why
        await nowhere.close()

    async def test_a_stop_does_not_wait_for_it(self, world, tmp_path):
        patient = replace(SETTINGS, engine_wait_s=600.0)
        runner = DockerRunner(world.folders, f"unix://{tmp_path}/no.sock", world.trainer_id, patient)
        launch = world.launch("pass")
        await runner.start(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, None)
        await runner.close()

    async def test_what_may_run_there_is_not_told_to_have_failed(self, world, runner, nowhere):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await runner.close()
        await nowhere.start(launch)
        await asyncio.wait([asyncio.create_task(nowhere.wait(launch.attempt))], timeout=0.6)
        assert nowhere.started_at(launch.attempt) is None
        await nowhere.close()
        (world.folder(launch).first.model / "go").touch()
        later = world.make_runner()
        assert (await ended(later, launch)).exit_code == 7
        await later.close()

    async def test_ping(self, runner, nowhere):
        await runner.ping()
        with pytest.raises(Unavailable, match=r"no\.sock"):
            await nowhere.ping()
        await nowhere.reap(())
        await nowhere.close()


class TestOrphans:
    async def test_what_nobody_knows_is_ended_and_removed(self, world, runner):
        known, orphan, pair_of_orphans = world.launch(FOREVER), world.launch(FOREVER), pair(world, FOREVER)
        for launch in (known, orphan, pair_of_orphans):
            await runner.start(launch)
            await world.up(launch)
        await runner.close()
        other = DockerWorld(world.engine, world.folders).make_runner()
        await other.reap([])
        await other.close()
        assert len(world.running()) == 4, "another trainer's are not its business"
        later = world.make_runner()
        await later.reap([known.attempt])
        names = [item["Labels"]["tunewright.training"] for item in world.containers()]
        assert (names, len(world.volumes()), world.networks()) == ([known.attempt.training_id], 1, [])
        await later.close()

    async def test_nothing_is_left_after_an_end(self, world, runner):
        launch = pair(world, "pass")
        await ended(runner, launch)
        await runner.remove(launch.attempt)
        assert (world.containers(), world.volumes(), world.networks()) == ([], [], [])
