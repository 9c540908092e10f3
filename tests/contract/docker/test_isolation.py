"""What a program in a container cannot do, what it gets of the machine, and the folders that it sees."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from tests.contract.docker.world import DockerWorld, ended, pair
from tests.contract.runner_contract import FOREVER
from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import Need
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import reason
from tunewright_trainer.folder import Folders
from tunewright_trainer.mounts import checkpoint_folder, write_views
from tunewright_trainer.runner.docker.runner import DockerRunner
from tunewright_trainer.runner.docker.settings import DockerSettings

MIB = 2**20


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
        names = ["NVIDIA_VISIBLE_DEVICES", "SM_NUM_GPUS", "SM_CURRENT_HOST"]
        source = f"import os\nprint(*[os.environ[name] for name in {names}])"
        launch = replace(pair(world, source), gpus=(("1", "3"), ("0",)))
        assert (await ended(runner, launch)).exit_code == 0
        spools = [instance.spool.read_text() for instance in world.folder(launch).instances(2)]
        assert spools == ["1,3 2 algo-1\n", "0 1 algo-2\n"]

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


async def test_an_engine_that_does_not_see_the_data_folder_is_a_setting_of_the_operators(world, tmp_path):
    runner = world.make_docker_runner(host_data_dir=tmp_path / "elsewhere")
    launch = world.launch("pass")
    end = await ended(runner, launch)
    assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
    assert end.why.startswith("TUNEWRIGHT_DOCKER_DATA_DIR: ")
    assert "DOCKER_HOST" in end.why
    assert str(tmp_path / "elsewhere") in end.why
    await runner.close()
    await world.end_all()
