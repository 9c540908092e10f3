"""The runner contract on the process runner, and what the process runner adds to it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.runner_contract import COUNTING, FOREVER, RunnerContract, World, until
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner import shim
from tunewright_trainer.runner.process import ProcessRunner

TRAINER_TO_KILL = """
import asyncio, sys
from pathlib import Path
from tunewright.core.spec import Definition
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.process import ProcessRunner

async def main(data, roots, image, training_id, name):
    runner = ProcessRunner(Folders(Path(data)), [Path(roots)])
    launch = Launch(Attempt(training_id, 1), name, Definition(image=image), {})
    await runner.start(launch)
    await runner.wait(launch.attempt)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def process_world(tmp_path: Path, roots: Path) -> World:
    folders = Folders(tmp_path / "data")

    def make_image(source: str) -> str:
        script = roots / f"program{len(list(roots.iterdir()))}.py"
        script.write_text(source)
        return script.as_uri()

    return World(folders, lambda: ProcessRunner(folders, [roots]), make_image)


class TestProcessRunner(RunnerContract):
    @pytest.fixture
    def world(self, process_world: World) -> World:
        return process_world


@pytest.fixture
async def runner(process_world: World):
    runner = process_world.make_runner()
    yield runner
    await runner.close()
    await process_world.end_all()


async def ended(runner: ProcessRunner, launch: Launch):
    await runner.start(launch)
    return await runner.wait(launch.attempt)


def replaced(launch: Launch, **fields: object) -> Launch:
    return Launch(launch.attempt, launch.training_name, Definition(**fields), launch.hyperparameters)


async def test_a_trainer_killed_in_mid_training_loses_nothing(process_world, runner, roots, tmp_path):
    launch = process_world.launch(COUNTING)
    attempt = launch.attempt
    words = [str(tmp_path / "data"), str(roots), launch.definition.image, attempt.training_id, launch.training_name]
    trainer = subprocess.Popen([sys.executable, "-c", TRAINER_TO_KILL, *words])
    folder = process_world.folder(launch)
    try:
        await until(lambda: folder.first.spool.exists() and b"line 499\n" in folder.first.spool.read_bytes())
    finally:
        trainer.kill()
        trainer.wait()
    await runner.start(launch)
    (folder.first.model / "go").touch()
    end = await runner.wait(attempt)
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 7)
    assert folder.first.spool.read_text().splitlines() == [f"line {number}" for number in range(1000)]


async def test_a_run_killed_from_outside_is_known_as_such(process_world, runner):
    launch = process_world.launch(FOREVER)
    await runner.start(launch)
    await process_world.up(launch)
    group = int((process_world.folder(launch).root / "shim").read_text())
    os.killpg(group, signal.SIGKILL)
    end = await runner.wait(launch.attempt)
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 137)


async def test_sigterm_for_the_whole_group_does_not_lose_the_exit_status(process_world, runner):
    source = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\nprint('up')\ntime.sleep(600)"
    )
    launch = process_world.launch(source)
    await runner.start(launch)
    await process_world.up(launch)
    os.killpg(int((process_world.folder(launch).root / "shim").read_text()), signal.SIGTERM)
    assert (await runner.wait(launch.attempt)).exit_code == 5


async def test_a_script_gets_its_hyperparameters_as_arguments(process_world, runner):
    given = {"lr": "-1e-05", "epochs": "3", "_tuning_objective_metric": "acc", "sagemaker_program": "x.py"}
    launch = process_world.launch("import os, sys\nprint(sys.argv[1:], os.getcwd())", hyperparameters=given)
    await ended(runner, launch)
    folder = Path(launch.definition.image.removeprefix("file://")).parent
    assert process_world.spool(launch).decode() == f"['--epochs', '3', '--lr=-1e-05'] {folder}\n"


async def test_a_folder_is_run_as_train_train(process_world, runner, roots):
    program = roots / "train"
    program.write_text('#!/bin/sh\necho "$0 $*"; pwd; grep SigIgn /proc/self/status || true\n')
    program.chmod(0o755)
    launch = replaced(process_world.launch("pass"), image=roots.as_uri())
    assert (await ended(runner, launch)).exit_code == 0
    name, folder, *ignored = process_world.spool(launch).decode().splitlines()
    assert (name, folder) == (f"{program} train", str(roots))
    numbers = [bit + 1 for line in ignored for bit in range(31) if int(line.split()[1], 16) >> bit & 1]
    assert numbers == [], "no signal starts out ignored"


async def test_entrypoint_and_arguments_replace_those_of_the_image(process_world, runner, roots):
    program = roots / "other"
    program.write_text('#!/bin/sh\necho "$*"\n')
    program.chmod(0o755)
    launch = process_world.launch("pass")
    launch = replaced(launch, image=roots.as_uri(), entrypoint=("other", "one"), arguments=("two", "three four"))
    await ended(runner, launch)
    assert process_world.spool(launch) == b"one two three four\n"


async def test_interpreter_and_working_directory_can_be_chosen(process_world, runner, roots, tmp_path):
    wrapper = roots / "mypython"
    wrapper.write_text(f'#!/bin/sh\necho wrapped; exec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    variables = {"TUNEWRIGHT_PYTHON": str(wrapper), "TUNEWRIGHT_WORKDIR": str(elsewhere)}
    launch = process_world.launch("import os\nprint(os.getcwd())", environment=variables)
    await ended(runner, launch)
    assert process_world.spool(launch).decode() == f"wrapped\n{elsewhere}\n"


async def test_the_services_own_environment_stays_with_it(process_world, monkeypatch):
    monkeypatch.setenv("TUNEWRIGHT_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    launch = process_world.launch("import os\nprint(sorted(os.environ.values()))")
    runner = process_world.make_runner()
    await ended(runner, launch)
    await runner.close()
    assert "secret" not in process_world.spool(launch).decode()


class TestRefusals:
    async def refusal(self, runner: ProcessRunner, launch: Launch) -> str:
        end = await ended(runner, launch)
        assert end.cause is EndCause.START_FAILED
        return end.why

    async def test_outside_the_allowed_roots(self, process_world, runner, roots, tmp_path):
        script = tmp_path / "evil.py"
        script.write_text("print('ran')")
        why = await self.refusal(runner, replaced(process_world.launch("pass"), image=script.as_uri()))
        assert str(script) in why
        assert str(roots) in why
        assert "--image-root" in why

    async def test_a_symlink_out_of_the_roots(self, process_world, runner, roots, tmp_path):
        script = tmp_path / "evil.py"
        script.write_text("print('ran')")
        link = roots / "innocent.py"
        link.symlink_to(script)
        assert "--image-root" in await self.refusal(runner, replaced(process_world.launch("pass"), image=link.as_uri()))

    async def test_an_entrypoint_outside_the_roots(self, process_world, runner, roots):
        launch = replaced(process_world.launch("pass"), image=roots.as_uri(), entrypoint=("/bin/sh", "-c", "echo ran"))
        assert "--image-root" in await self.refusal(runner, launch)

    async def test_missing(self, process_world, runner, roots):
        launch = replaced(process_world.launch("pass"), image=(roots / "none.py").as_uri())
        assert "does not exist" in await self.refusal(runner, launch)

    async def test_a_folder_without_train(self, process_world, runner, roots):
        launch = replaced(process_world.launch("pass"), image=roots.as_uri())
        assert "train does not exist" in await self.refusal(runner, launch)

    async def test_not_executable(self, process_world, runner, roots):
        (roots / "train").write_text("#!/bin/sh\n")
        (roots / "train").chmod(stat.S_IRUSR)
        why = await self.refusal(runner, replaced(process_world.launch("pass"), image=roots.as_uri()))
        assert "chmod +x" in why

    async def test_a_container_image(self, process_world, runner):
        launch = replaced(process_world.launch("pass"), image="registry.example/algo:1")
        assert "file:///" in await self.refusal(runner, launch)

    async def test_no_such_interpreter(self, process_world, runner):
        launch = process_world.launch("pass", environment={"TUNEWRIGHT_PYTHON": "/no/python"})
        assert "TUNEWRIGHT_PYTHON" in await self.refusal(runner, launch)

    async def test_no_such_working_directory(self, process_world, runner):
        launch = process_world.launch("pass", environment={"TUNEWRIGHT_WORKDIR": "/no/folder"})
        assert "TUNEWRIGHT_WORKDIR" in await self.refusal(runner, launch)

    async def test_several_instances(self, process_world, runner):
        launch = process_world.launch("pass", resources=Resources(instance_count=2))
        assert "reach each other by name" in await self.refusal(runner, launch)

    async def test_network_isolation(self, process_world, runner):
        launch = process_world.launch("pass", network_isolation=True)
        assert "has the network of that host" in await self.refusal(runner, launch)


async def test_many_at_once(process_world, runner):
    launches = [process_world.launch(f"print({number})") for number in range(8)]
    ends = await asyncio.gather(*[ended(runner, launch) for launch in launches])
    assert [end.exit_code for end in ends] == [0] * 8
    assert [process_world.spool(launch) for launch in launches] == [f"{number}\n".encode() for number in range(8)]


async def test_words_that_no_program_can_be_given_are_a_failed_start(process_world):
    runner = process_world.make_runner()
    launch = process_world.launch("pass", environment={"A": "nul\0"})
    await runner.start(launch)
    end = await runner.wait(launch.attempt)
    assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
    assert end.why
    await runner.close()


@pytest.mark.parametrize(("began_later_s", "cause"), [(60.0, EndCause.LOST), (-60.0, EndCause.EXITED)])
async def test_what_ran_before_the_machine_or_container_started_anew_is_lost_not_failed(
    process_world: World, began_later_s: float, cause: EndCause
) -> None:
    launch = process_world.launch(FOREVER)
    first = process_world.make_runner()
    await first.start(launch)
    await until(lambda: shim.shim_pid(process_world.folders.of(launch.attempt).root) is not None)
    await first.close()
    pid = shim.shim_pid(process_world.folders.of(launch.attempt).root)
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)  # as everything is that a container held
    await asyncio.to_thread(os.waitpid, pid, 0)
    again = ProcessRunner(process_world.folders, [], world_began=time.time() + began_later_s)
    await again.start(launch)
    end = await again.wait(launch.attempt)
    assert (end.cause, end.exit_code) == (cause, 137)
    await again.close()


@pytest.mark.parametrize("asked", [False, True])
async def test_an_exit_status_that_a_full_disk_has_not_taken_is_no_failure_of_the_program(
    process_world: World, asked: bool
) -> None:
    launch = process_world.launch(FOREVER)
    root = process_world.folders.of(launch.attempt).root
    first = process_world.make_runner()
    await first.start(launch)
    await until(lambda: shim.shim_pid(root) is not None)
    if asked:
        await first.stop(launch.attempt, EndCause.STOPPED, 60)
    await first.close()
    pid = shim.shim_pid(root)
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    await asyncio.to_thread(os.waitpid, pid, 0)
    (root / "exit").touch()  # opened, and then there was no room for the status
    again = process_world.make_runner()
    await again.start(launch)
    assert (await again.wait(launch.attempt)).cause is (EndCause.STOPPED if asked else EndCause.LOST)
    await again.close()


async def test_an_end_that_cannot_be_found_out_is_told_as_lost(process_world, runner):
    launch = process_world.launch("print('done')")
    (process_world.folder(launch).root / "exit").mkdir(parents=True)  # no file: the status cannot be read
    await runner.start(launch)
    end = await ended(runner, launch)
    assert (end.cause, end.exit_code) == (EndCause.LOST, None)


@pytest.mark.parametrize("torn", ["end.json", "stop"])
async def test_what_a_power_cut_has_torn_is_as_if_it_had_not_been_written(process_world, runner, torn):
    launch = process_world.launch("print('done')")
    await ended(runner, launch)
    (process_world.folder(launch).root / torn).write_bytes(b"")
    later = process_world.make_runner()
    assert (await ended(later, launch)).exit_code == 0
    await later.close()
