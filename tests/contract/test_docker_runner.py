"""The runner contract on the Docker runner with a real engine, and what the Docker runner adds to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import pytest

from tests.contract.runner_contract import COUNTING, DEAF, FOREVER, RunnerContract, World, until
from tests.servers.engine import Engine, docker_engine
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.core.instances import Need
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch, reason
from tunewright_trainer.folder import Folders
from tunewright_trainer.mounts import checkpoint_folder, write_views
from tunewright_trainer.runner.docker.engine import Engine as EngineApi
from tunewright_trainer.runner.docker.following import HEAD_START_S, Followed, follow
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull

MIB = 2**20
SETTINGS = DockerSettings(images=("test/*",), pull=Pull.NEVER, engine_wait_s=1.0)


class DockerWorld(World):
    """Its trainer has an id of its own, by which its containers are told from those of other tests."""

    def __init__(self, engine: Engine, folders: Folders, settings: DockerSettings = SETTINGS) -> None:
        self.engine, self.settings, self.trainer_id = engine, settings, uuid.uuid4().hex[:12]
        super().__init__(folders, self.make_docker_runner, engine.program, lambda _: bool(self.running()), False)

    def make_docker_runner(self, **settings: object) -> DockerRunner:
        return DockerRunner(self.folders, self.engine.url, self.trainer_id, replace(self.settings, **settings))

    def containers(self) -> list[dict]:
        filters = quote(json.dumps({"label": [f"tunewright.trainer={self.trainer_id}"]}))
        return self.engine.get(f"/containers/json?all=1&filters={filters}")

    def running(self) -> list[dict]:
        return [item for item in self.containers() if item["State"] == "running"]

    def networks(self) -> list[str]:
        return self._own(self.engine.get("/networks"))

    def volumes(self) -> list[str]:
        return self._own(self.engine.get("/volumes")["Volumes"] or [])

    def _own(self, found: list[dict]) -> list[str]:
        return [item["Name"] for item in found if (item["Labels"] or {}).get("tunewright.trainer") == self.trainer_id]

    def inspected(self) -> dict:
        (container,) = self.containers()
        return self.engine.get(f"/containers/{container['Id']}/json")


@pytest.fixture
def world(tmp_path: Path) -> DockerWorld:
    return DockerWorld(docker_engine(), Folders(tmp_path / "data"))


@pytest.fixture
async def runner(world: DockerWorld):
    runner = world.make_runner()
    yield runner
    await runner.close()
    world.engine.ensure_going()
    await world.end_all()
    assert (world.containers(), world.volumes(), world.networks()) == ([], [], [])


class TestDockerRunner(RunnerContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> DockerWorld:
        return DockerWorld(docker_engine(), Folders(tmp_path / "data"))


async def ended(runner: DockerRunner, launch: Launch):
    await runner.start(launch)
    return await runner.wait(launch.attempt)


def pair(world: DockerWorld, source: str, **fields: object) -> Launch:
    return world.launch(source, resources=Resources(instance_count=2), **fields)


class TestIsolation:
    """What a program cannot do; each tries it."""

    async def said(self, world: DockerWorld, runner: DockerRunner, source: str, **fields: object) -> str:
        launch = world.launch(source, **fields)
        end = await ended(runner, launch)
        assert end.exit_code == 0, world.spool(launch)
        return world.spool(launch).decode()

    async def test_it_has_no_capabilities_and_gets_no_new_privileges(self, world, runner):
        said = await self.said(world, runner, "print(open('/proc/self/status').read())")
        status = dict(line.split(":\t") for line in said.splitlines() if ":\t" in line)
        sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        assert [int(status[name], 16) for name in sets] == [0] * 5
        assert status["NoNewPrivs"] == "1"

    async def test_it_writes_below_opt_ml_and_to_tmp_only(self, world, runner):
        source = """
import os
refused = ["/", "/etc", "/opt/python", "/opt/ml/input/config", "/opt/ml/input/data"]
for folder in [*refused, "/tmp", "/opt/ml", "/opt/ml/model", "/opt/ml/output/data"]:
    try:
        open(folder + "/written", "w").close()
        print(folder)
    except OSError:
        pass
"""
        said = await self.said(world, runner, source)
        assert said.split() == ["/tmp", "/opt/ml", "/opt/ml/model", "/opt/ml/output/data"]

    async def test_tmp_is_bounded(self, world):
        runner = world.make_docker_runner(tmp_bytes=4 * MIB)
        source = (
            "try:\n    open('/tmp/x', 'wb').write(bytes(8 << 20))\nexcept OSError as error:\n    print(error.errno)"
        )
        assert await self.said(world, runner, source) == "28\n"
        await runner.close()

    async def test_processes_are_bounded(self, world):
        runner = world.make_docker_runner(pids=20)
        source = """
import os, time
made = 0
try:
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except BlockingIOError:
    print("no more")
print(made)
"""
        no_more, made = (await self.said(world, runner, source)).split("\n")[:2]
        assert (no_more, int(made) < 20) == ("no more", True)
        await runner.close()

    async def test_it_runs_as_the_user_that_the_operator_names_and_what_it_writes_can_be_removed(self, world):
        runner = world.make_docker_runner(user="65534:65534")
        source = """
import os
print(os.getuid(), os.getgid(), os.environ["HOME"])
for folder in ("model", "output", "output/data"):
    open(f"/opt/ml/{folder}/mine", "w").close()
os.mkdir("/opt/ml/model/deep")
"""
        assert await self.said(world, runner, source) == "65534 65534 /tmp\n"
        folder = world.folder(world.launches[-1])
        assert (folder.first.model / "mine").stat().st_uid == 65534
        folder.remove()
        assert not folder.root.exists()
        await runner.close()

    async def test_others_on_the_host_cannot_look_into_its_folder(self, world, runner):
        await self.said(world, runner, "pass")
        assert world.folder(world.launches[-1]).root.stat().st_mode & 0o077 == 0

    async def test_isolated_it_has_no_network_but_its_own_name(self, world, runner):
        source = """
import os, socket
print(sorted(os.listdir("/sys/class/net")), socket.gethostname(), socket.gethostbyname("algo-1"))
"""
        said = await self.said(world, runner, source, network_isolation=True)
        assert said == "['lo'] algo-1 127.0.0.1\n"

    async def test_else_it_has_a_network(self, world, runner):
        said = await self.said(world, runner, "import os\nprint(sorted(os.listdir('/sys/class/net')))")
        assert "eth0" in said

    async def test_it_gets_what_it_needs_and_no_more(self, world, runner):
        launch = replace(world.launch(FOREVER), need=Need(cpus=0.5, memory_bytes=256 * MIB))
        await runner.start(launch)
        await world.up(launch)
        host = world.inspected()["HostConfig"]
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (256 * MIB, 256 * MIB, 5 * 10**8)

    async def test_a_need_that_is_not_said_is_the_operators_default(self, world):
        runner = world.make_docker_runner(memory_bytes=128 * MIB, cpus=1.5)
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        host = world.inspected()["HostConfig"]
        assert (host["Memory"], host["NanoCpus"]) == (128 * MIB, 15 * 10**8)
        await runner.close()

    async def test_the_services_own_environment_stays_with_it(self, world, runner, monkeypatch):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        assert "secret" not in await self.said(world, runner, "import os\nprint(os.environ)")

    async def test_gpus_are_those_that_were_assigned(self, world, runner):
        source = "import os\nprint(os.environ['NVIDIA_VISIBLE_DEVICES'])"
        launch = replace(pair(world, source), gpus=(("1", "3"), ("0",)))
        assert (await ended(runner, launch)).exit_code == 0
        spools = [instance.spool.read_text() for instance in world.folder(launch).instances(2)]
        assert spools == ["1,3\n", "0\n"]

    async def test_without_gpus_none_are_seen_whatever_the_definition_says(self, world, runner):
        source = "import os\nprint(os.environ['NVIDIA_VISIBLE_DEVICES'])"
        assert await self.said(world, runner, source, environment={"NVIDIA_VISIBLE_DEVICES": "all"}) == "void\n"


class TestData:
    async def test_what_is_shown_as_it_lies_is_there_and_cannot_be_written(self, world, runner, tmp_path):
        source = """
data = "/opt/ml/input/data/train/rows.csv"
print(open(data).read())
try:
    open(data, "w")
except OSError as error:
    print(error.errno)
"""
        bucket = tmp_path / "bucket"
        bucket.mkdir()
        (bucket / "rows.csv").write_text("1,2,3")
        launch = world.launch(source)
        folder = world.folder(launch)
        (folder.first.input_data / "train").mkdir(parents=True)
        write_views(folder, {"train": bucket})
        assert (await ended(runner, launch)).exit_code == 0
        assert world.spool(launch) == b"1,2,3\n30\n"

    @pytest.mark.parametrize("path", ["/opt/ml/checkpoints", "/elsewhere/checkpoints"])
    async def test_checkpoints_of_another_attempt_can_be_written_over_by_any_user(self, world, path):
        runner = world.make_docker_runner(user="65534:65534")
        source = f"open('{path}/deep/state', 'w').write('new')\nprint('saved')"
        launch = world.launch(source, checkpoint_uri="s3://b/c", checkpoint_path=path)
        folder = world.folder(launch)
        state = checkpoint_folder(folder, 0, PurePosixPath(path)) / "deep/state"
        state.parent.mkdir(parents=True)
        state.write_text("old")
        assert (await ended(runner, launch)).exit_code == 0, world.spool(launch)
        assert state.read_text() == "new"
        await runner.close()


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


HOG = "import os\nprint('up')\nhog = []\nwhile True:\n    hog.append(os.urandom(1 << 20))\n"
HOGGING_CHILD = f"""
import subprocess, sys
print("up")
raise SystemExit(3 if subprocess.run([sys.executable, "-c", {HOG!r}]).returncode else 0)
"""


class TestMemory:
    @pytest.mark.parametrize(("source", "exit_code"), [(HOG, 137), (HOGGING_CHILD, 3)], ids=["itself", "its child"])
    async def test_a_kill_for_memory_is_told_as_such(self, world, runner, source, exit_code):
        launch = replace(world.launch(source), need=Need(memory_bytes=64 * MIB))
        end = await ended(runner, launch)
        assert (end.cause, end.exit_code) == (EndCause.OUT_OF_MEMORY, exit_code)

    async def test_the_operators_limit_is_told(self, world):
        runner = world.make_docker_runner(memory_bytes=64 * MIB)
        end = await ended(runner, world.launch(HOG))
        assert end.cause is EndCause.OUT_OF_MEMORY
        assert "0.06 GiB" in reason(end, [""])
        await runner.close()

    async def test_a_program_that_did_well_without_its_child_did_well(self, world, runner):
        source = HOGGING_CHILD.replace("raise SystemExit(3", "raise SystemExit(0")
        launch = replace(world.launch(source), need=Need(memory_bytes=64 * MIB))
        assert ((await ended(runner, launch)).cause) is EndCause.EXITED


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


LINES = 50_000
MANY = f"""
import time
for number in range({LINES}):
    print("line", number)
    if number % 500 == 0:
        time.sleep(0.03)
"""


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
        await asyncio.to_thread(engine.stop)
        try:
            await asyncio.to_thread(engine.start, live_restore=False)
            launch = world.launch(FOREVER)
            await runner.start(launch)
            await world.up(launch)
            await asyncio.to_thread(engine.kill if killed else engine.stop)
            await asyncio.to_thread(engine.start, live_restore=False)
            end = await runner.wait(launch.attempt)
        finally:
            await asyncio.to_thread(engine.stop)
            await asyncio.to_thread(engine.start)
        assert end.cause is EndCause.LOST, end

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


async def test_the_log_is_followed_from_before_the_start_and_what_has_not_started_has_not_ended(world, tmp_path):
    engine, name, started = EngineApi(world.engine.url), f"early-{world.trainer_id}", asyncio.Event()
    spool, gone = tmp_path / "spool", []
    await engine.create(name, {"Image": world.engine.program("print('early')")})
    followed = Followed(engine, name, 0, started, gone.append)
    following = asyncio.create_task(follow(followed, spool, tmp_path / "through"))
    await asyncio.wait([following], timeout=3 * HEAD_START_S)
    await engine.start(name)
    await until(lambda: spool.read_bytes() == b"early\n")
    assert not following.done()
    started.set()
    state = await following
    assert (state.status, state.exit_code, spool.read_bytes(), gone) == ("exited", 0, b"early\n", [])
    await engine.remove(name)
    await engine.close()


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


def test_a_user_that_the_trainer_could_not_clean_up_after_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InvalidSpec, match="trainer's own user"):
        DockerRunner(Folders(tmp_path), "unix:///x", "id", DockerSettings(user="65534"))


async def test_the_data_folder_as_the_engine_sees_it(world, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.symlink_to(tmp_path / "data")
    runner = world.make_docker_runner(host_data_dir=elsewhere)
    launch = world.launch(FOREVER)
    await runner.start(launch)
    await world.up(launch)
    sources = [mount["Source"] for mount in world.inspected()["Mounts"] if mount["Type"] == "bind"]
    assert sources
    assert all(source.startswith(str(elsewhere)) for source in sources)
    await runner.close()
    await world.end_all()


async def test_many_at_once(world, runner):
    launches = [world.launch(FOREVER) for _ in range(6)]
    await asyncio.gather(*[runner.start(launch) for launch in launches])
    for launch in launches:
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 0)
    ends = [await runner.wait(launch.attempt) for launch in launches]
    assert [end.exit_code for end in ends] == [137] * 6


def test_attempts_of_one_engine_are_told_apart():
    from tunewright_trainer.runner.docker.containers import attempt_of, container_names, labels

    launch = Launch(Attempt("a-1/000002", 3), "a", Definition("x"), {})
    other = Launch(Attempt("a-1/000002", 4), "a", Definition("x"), {})
    assert container_names("t", launch) == ["tunewright-t-a-1.000002.3-algo-1"]
    assert container_names("t", other) != container_names("t", launch)
    assert attempt_of(labels("t", launch.attempt)) == launch.attempt
