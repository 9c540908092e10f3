"""The runner contract on the Docker runner with a real engine; images, instances, and what is left after an end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.docker.world import DockerWorld, ended, pair
from tests.contract.runner_contract import COUNTING, FOREVER, RunnerContract, until
from tests.servers.engine import docker_engine
from tunewright.core.spec import Definition
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch, reason
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.docker.containers import attempt_of, container_names, labels
from tunewright_trainer.runner.docker.engine import Engine
from tunewright_trainer.runner.docker.following import HEAD_START_S, Followed, follow
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import Pull


class TestDockerRunner(RunnerContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> DockerWorld:
        return DockerWorld(docker_engine(), Folders(tmp_path / "data"))


class TestImages:
    async def refusal(self, runner: DockerRunner, launch: Launch) -> str:
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
        return end.why

    async def test_one_that_is_not_allowed(self, world, runner):
        launch = world.launch("pass")
        other = replace(launch, definition=Definition("registry.example/algo:1"))
        assert "registry.example/algo:1" in await self.refusal(runner, other)
        assert world.containers() == []

    async def test_none_is_allowed_unless_the_operator_says_so(self, world):
        runner = world.make_docker_runner(images=())
        assert "none" in await self.refusal(runner, world.launch("pass"))
        await runner.close()

    async def test_one_that_is_missing(self, world, runner):
        launch = world.launch("pass")
        missing = replace(launch, definition=Definition("test/missing:1"))
        assert "docker pull test/missing:1" in await self.refusal(runner, missing)

    async def test_one_that_cannot_be_pulled(self, world):
        runner = world.make_docker_runner(images=("*",), pull=Pull.MISSING)
        launch = world.launch("pass")
        missing = replace(launch, definition=Definition("127.0.0.1:1/missing:1"))
        assert "cannot be pulled" in await self.refusal(runner, missing)
        await runner.close()

    async def test_one_without_the_program_says_so_in_its_output(self, world, runner):
        launch = replace(world.launch("pass"), definition=Definition(world.engine.busybox))
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 127)
        assert b"exec train failed: No such file" in world.spool(launch)
        assert "127: the image has no program `train` on its PATH" in reason(end, [""])

    async def test_one_whose_program_names_an_interpreter_that_is_not_there(self, world, runner):
        dockerfile = f"FROM {world.engine.busybox}\nCOPY train /bin/train\n"
        image = world.engine.built(dockerfile, train="#!/usr/bin/python3\n")
        end = await ended(runner, replace(world.launch("pass"), definition=Definition(image)))
        assert "names an interpreter that is not there; docs/containers.md" in reason(end, [""])

    async def test_a_program_that_ends_with_127_itself_is_not_explained(self, world, runner):
        end = await ended(runner, world.launch("print('exec train failed')\nraise SystemExit(127)"))
        assert reason(end, [""]) == "AlgorithmError: exit code 127"

    async def test_its_code_in_opt_ml_stays_where_it_was(self, world, runner):
        dockerfile = f"FROM {world.engine.python()}\nCOPY main.py /opt/ml/code/main.py\n"
        image = world.engine.built(
            dockerfile + 'ENTRYPOINT ["python3", "/opt/ml/code/main.py"]\n', **{"main.py": "print('its own code')"}
        )
        launch = replace(world.launch("pass"), definition=Definition(image))
        assert (await ended(runner, launch)).exit_code == 0
        assert world.spool(launch) == b"its own code\n"

    async def test_it_is_told_to_train(self, world, runner):
        launch = world.launch("import sys\nprint(sys.argv[1:])")
        await ended(runner, launch)
        assert world.spool(launch) == b"['train']\n"

    async def test_arguments_replace_train_and_an_entrypoint_the_images(self, world, runner):
        launch = world.launch("import sys\nprint(sys.argv[1:])", arguments=("one", "two three"))
        await ended(runner, launch)
        assert world.spool(launch) == b"['one', 'two three']\n"
        launch = world.launch("pass", entrypoint=("echo", "other"), arguments=("words",))
        await ended(runner, launch)
        assert world.spool(launch) == b"other words\n"


class TestInstances:
    async def test_they_reach_each_other_by_name(self, world, runner):
        source = """
import json, os, socket, time
resources = json.load(open("/opt/ml/input/config/resourceconfig.json"))
me, interface = resources["current_host"], resources["network_interface_name"]
assert interface in os.listdir("/sys/class/net")
if me == "algo-1":
    server = socket.create_server(("", 5000))
    print("heard", server.accept()[0].recv(100).decode())
else:
    while True:
        try:
            socket.create_connection(("algo-1", 5000)).sendall(me.encode())
            break
        except OSError:
            time.sleep(0.02)
"""
        launch = pair(world, source, network_isolation=True)
        end = await ended(runner, launch)
        spools = [instance.spool.read_text() for instance in world.folder(launch).instances(2)]
        assert (end.cause, end.exit_code, spools) == (EndCause.EXITED, 0, ["heard algo-2\n", ""])
        assert end.spool_bytes == (13, 0)

    async def test_one_fails_and_all_end(self, world, runner):
        source = """
import json, signal, sys, time
if json.load(open("/opt/ml/input/config/resourceconfig.json"))["current_host"] == "algo-2":
    sys.exit(9)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up")
time.sleep(600)
"""
        launch = pair(world, source)
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code, end.failed) == (EndCause.EXITED, 9, 1)
        assert world.running() == []
        await runner.remove(launch.attempt)
        assert world.networks() == []

    async def test_all_are_stopped(self, world, runner):
        launch = pair(world, FOREVER)
        await runner.start(launch)
        await until(lambda: all(i.spool.read_bytes() == b"up\n" for i in world.folder(launch).instances(2)))
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code, end.spool_bytes) == (EndCause.STOPPED, 143, (3, 3))

    async def test_both_are_found_again(self, world, runner):
        launch = pair(world, COUNTING)
        await runner.start(launch)
        instances = world.folder(launch).instances(2)
        await until(lambda: all(b"line 499\n" in instance.spool.read_bytes() for instance in instances))
        await runner.close()
        later = world.make_runner()
        await later.start(launch)
        for instance in instances:
            (instance.model / "go").touch()
        assert (await later.wait(launch.attempt)).exit_code == 7
        lines = [f"line {number}" for number in range(1000)]
        assert [instance.spool.read_text().splitlines() for instance in instances] == [lines, lines]
        await later.close()


async def test_many_at_once(world, runner):
    launches = [world.launch(FOREVER) for _ in range(6)]
    await asyncio.gather(*[runner.start(launch) for launch in launches])
    for launch in launches:
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0)
    ends = [await runner.wait(launch.attempt) for launch in launches]
    assert [end.exit_code for end in ends] == [137] * 6


def test_attempts_of_one_engine_are_told_apart():
    launch = Launch(Attempt("a-1/000002", 3), "a", Definition("x"), {})
    other = Launch(Attempt("a-1/000002", 4), "a", Definition("x"), {})
    assert container_names("t", launch) == ["tunewright-t-a-1.000002.3-algo-1"]
    assert container_names("t", other) != container_names("t", launch)
    assert attempt_of(labels("t", launch.attempt)) == launch.attempt


async def test_the_log_is_followed_from_before_the_start_and_what_has_not_started_has_not_ended(world, tmp_path):
    engine, name, started = Engine(world.engine.url), f"early-{world.trainer_id}", asyncio.Event()
    spool = tmp_path / "spool"
    await engine.create(name, {"Image": world.engine.program("print('early')")})
    followed = Followed(engine, name, 0, started, 1000, lambda: None)
    following = asyncio.create_task(follow(followed, spool, tmp_path / "through"))
    await asyncio.wait([following], timeout=3 * HEAD_START_S)
    await engine.start(name)
    await until(lambda: spool.read_bytes() == b"early\n")
    assert not following.done()
    started.set()
    state = await following
    assert (state.status, state.exit_code, state.missed) == ("exited", 0, False)
    assert spool.read_bytes() == b"early\n"
    await engine.remove(name)
    await engine.close()
