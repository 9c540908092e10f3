"""The Kubernetes runner over an emulated API: kmock, and a node that runs pods as programs of this host."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.contract.runner_contract import COUNTING, FOREVER, RunnerContract, World, until
from tests.servers.cluster import Cluster, allowed_by
from tunewright.core.errors import Unavailable
from tunewright.core.instances import Need
from tunewright.core.spec import Definition, Resources
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.kubernetes.cluster import ApiError
from tunewright_trainer.runner.kubernetes.cluster import Cluster as ClusterClient
from tunewright_trainer.runner.kubernetes.runner import KubernetesRunner
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.log_follower import GAP


@pytest.fixture
async def cluster(tmp_path):
    claim = tmp_path / "claim"
    claim.mkdir()
    async with Cluster(claim, {}) as cluster:
        cluster.allowed = allowed_by(shipped_role())
        yield cluster


def shipped_role() -> dict:
    shipped = Path(__file__).parents[2] / "deploy/kubernetes/trainings-as-jobs/permissions.yaml"
    (role,) = [one for one in yaml.safe_load_all(shipped.read_text()) if one["kind"] == "Role"]
    return role


@pytest.fixture
def settings(cluster, tmp_path):
    return KubernetesSettings(
        namespace="trainings",
        volume_claim="tunewright-data",
        volume_root=tmp_path / "claim",
        images=("registry.test/*",),
        kubeconfig=cluster.kubeconfig(tmp_path / "kubeconfig"),
    )


@pytest.fixture
def world(cluster, settings, tmp_path):
    folders = Folders(tmp_path / "claim/data")

    def make_image(source: str) -> str:
        name = f"registry.test/image:{len(cluster.images)}"
        cluster.images[name] = tmp_path / f"image-{len(cluster.images)}.py"
        cluster.images[name].write_text(source)
        return name

    # A grace of 0 is a second there: SIGTERM comes first.
    at_once = 128 + signal.SIGTERM
    return World(folders, lambda: KubernetesRunner(folders, "trainer-1", settings), make_image, killed_at_once=at_once)


class TestKubernetesRunner(RunnerContract):
    @pytest.fixture
    def world(self, world):
        return world

    @pytest.fixture
    async def runner(self, world):
        runner = world.make_runner()
        yield runner
        await runner.close()

    async def test_times_are_those_of_the_program(self, world, runner):
        """As the contract's own, but a cluster tells whole seconds, cut off."""
        launch = world.launch("import time\ntime.sleep(1.1)")
        before = time.time()
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert before - 1 <= end.started_at <= end.ended_at - 1
        assert end.ended_at <= time.time()
        assert runner.started_at(launch.attempt) == end.started_at

    async def test_stop_right_after_start(self, world, runner):
        """As the contract's own, but the pod may be gone before it ran: then nothing was started."""
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert end.cause is EndCause.STOPPED
        assert end.exit_code in (143, None)


LINES = "".join(f"line {i}\n" for i in range(1000)).encode()
SAVING = """
import os, pathlib, signal, sys, time
def save(*_):
    print("told at", time.time())
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up")
time.sleep(600)
"""


@pytest.fixture
async def runner(world):
    runner = world.make_runner()
    yield runner
    await runner.close()


@pytest.fixture
def impatient(world, settings):
    """Make runners whose deadlines are soon over, or whose settings are others in some way."""
    runners = []

    def make(**changes: object) -> KubernetesRunner:
        runners.append(KubernetesRunner(world.folders, "trainer-1", replace(settings, **changes)))
        return runners[-1]

    return make


def several(world, source: str, **fields: object) -> Launch:
    return world.launch(source, resources=Resources(instance_count=2), **fields)


async def go(world, launch) -> None:
    (world.folder(launch).first.model / "go").touch()


class TestTheApiIsAway:
    async def test_at_the_start(self, cluster, world, runner):
        cluster.down = True
        launch = world.launch("print('done')")
        await runner.start(launch)
        await asyncio.sleep(0.3)
        cluster.down = False
        assert (await runner.wait(launch.attempt)).exit_code == 0

    async def test_while_it_runs(self, cluster, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        cluster.down = True
        await go(world, launch)
        await until(lambda: cluster.containers[cluster.of("pods")[0]["metadata"]["name"]].ended)
        cluster.down = False
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.EXITED, 7)
        assert world.spool(launch) == LINES

    async def test_when_a_stop_comes(self, cluster, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        cluster.down = True
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        await asyncio.sleep(0.2)
        cluster.down = False
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 143)

    @pytest.mark.parametrize("forget", [False, True], ids=["cut off", "and too old to go on"])
    async def test_streams_that_break_off(self, cluster, world, runner, forget):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        for _ in range(3):
            await asyncio.sleep(0.1)
            cluster.cut_streams(forget=forget)
        await until(lambda: b"line 499\n" in world.spool(launch))
        cluster.cut_streams(forget=forget)
        await go(world, launch)
        assert (await runner.wait(launch.attempt)).exit_code == 7
        assert world.spool(launch) == LINES


class TestStop:
    async def test_is_obeyed_within_a_second_and_what_it_says_is_read(self, world, runner):
        launch = world.launch(SAVING)
        await runner.start(launch)
        await world.up(launch)
        asked_at = time.time()
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        told_at = float(world.spool(launch).split()[-1])
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 0)
        assert told_at - asked_at < 1

    async def test_is_not_given_twice_by_a_trainer_that_starts_again(self, world, runner):
        launch = world.launch(
            "import signal, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: print('told'))\n"
            "print('up')\ntime.sleep(1)\ntime.sleep(600)"
        )
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 2)
        await until(lambda: b"told" in world.spool(launch))
        await runner.close()
        later = world.make_runner()
        await later.start(launch)
        end = await later.wait(launch.attempt)
        await later.close()
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 137)
        assert world.spool(launch) == b"up\ntold\n"

    async def test_may_last_longer_than_what_others_would_give(self, world, impatient):
        runner = impatient(stop_grace_s=1)
        launch = world.launch(SAVING.replace("sys.exit(0)", "time.sleep(2.5)\n    sys.exit(0)"))
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        await runner.close()
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, 0)

    async def test_of_a_pod_that_no_node_takes(self, cluster, world, runner):
        cluster.has_node = False
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await until(lambda: cluster.of("pods"))
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.STOPPED, None)
        await until(lambda: not cluster.of("pods"))


class TestHowItEnds:
    async def test_out_of_memory(self, world, runner):
        launch = world.launch("print('oom')\nraise SystemExit(137)")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.OUT_OF_MEMORY, 137)

    @pytest.mark.parametrize(
        ("reason", "cause"),
        [
            ("EvictionByEvictionAPI", EndCause.PREEMPTED),
            ("PreemptionByScheduler", EndCause.PREEMPTED),
            ("DeletionByTaintManager", EndCause.PREEMPTED),
        ],
    )
    async def test_taken_away(self, cluster, world, runner, reason, cause):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        cluster.disrupt(cluster.of("pods")[0], reason)
        assert (await runner.wait(launch.attempt)).cause is cause

    async def test_a_node_that_is_not_heard_of(self, cluster, world, impatient):
        runner = impatient(node_deadline_s=0.2)
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        cluster.node_answers = False
        cluster.disrupt(cluster.of("pods")[0], "DeletionByTaintManager", grace_s=1)
        end = await runner.wait(launch.attempt)
        await runner.close()
        assert end.cause is EndCause.LOST
        assert "its node does not answer" in end.why

    async def test_deleted_by_somebody_while_the_trainer_was_away(self, cluster, world, runner):
        launch = world.launch(FOREVER)
        await runner.start(launch)
        await world.up(launch)
        await runner.close()
        for kind, name in list(cluster.objects):
            del cluster.objects[kind, name]
        later = world.make_runner()
        await later.start(launch)
        end = await later.wait(launch.attempt)
        await later.close()
        assert end.cause is EndCause.LOST
        assert "was deleted" in end.why

    async def test_output_that_its_node_has_thrown_away_is_told(self, cluster, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await runner.close()
        await go(world, launch)
        container = cluster.containers[cluster.of("pods")[0]["metadata"]["name"]]
        await until(lambda: container.ended)
        container.entries = None
        later = world.make_runner()
        await later.start(launch)
        assert (await later.wait(launch.attempt)).exit_code == 7
        await later.close()
        assert world.spool(launch) == b"".join(LINES.splitlines(keepends=True)[:500]) + GAP

    async def test_a_log_that_cannot_be_read_at_once_is_read_later(self, cluster, world, runner):
        cluster.log_fails = 3
        launch = world.launch("print('done')")
        await runner.start(launch)
        await runner.wait(launch.attempt)
        assert world.spool(launch) == b"done\n"

    async def test_a_fault_of_ours_ends_its_pods_and_is_told_as_lost(self, cluster, world, runner):
        launch = world.launch(FOREVER)
        (world.folder(launch).root / "through").mkdir(parents=True)  # no file: its log cannot be copied
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code) == (EndCause.LOST, None)
        assert "IsADirectoryError" in end.why
        assert all(container.ended for container in cluster.containers.values())


class TestWhatCannotStart:
    async def test_an_image_that_nobody_has(self, cluster, world, impatient):
        runner = impatient(image_deadline_s=0.2)
        launch = world.launch("pass")
        missing = replace(launch, definition=Definition("registry.test/missing"))
        await runner.start(missing)
        end = await runner.wait(missing.attempt)
        await until(lambda: not cluster.of("jobs"))
        assert runner.started_at(missing.attempt) is None
        await runner.close()
        assert (end.cause, end.exit_code) == (EndCause.START_FAILED, None)
        assert "ImagePullBackOff" in end.why

    async def test_an_image_that_is_not_allowed(self, cluster, world, runner):
        launch = world.launch("pass")
        other = replace(launch, definition=Definition("elsewhere.test/image"))
        await runner.start(other)
        end = await runner.wait(other.attempt)
        assert end.cause is EndCause.START_FAILED
        assert "elsewhere.test/image" in end.why
        assert not cluster.of("jobs")

    async def test_no_node_takes_it(self, cluster, world, impatient):
        runner = impatient(start_deadline_s=0.5)
        cluster.has_node = False
        launch = world.launch("pass")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        await runner.close()
        assert end.cause is EndCause.START_FAILED
        assert "Unschedulable: 0/0 nodes" in end.why

    async def test_it_waits_for_a_node(self, cluster, world, runner):
        cluster.has_node = False
        launch = world.launch("print('done')")
        await runner.start(launch)
        await until(lambda: cluster.of("pods"))
        assert runner.started_at(launch.attempt) is None
        await until(lambda: "waits for a node: Unschedulable: 0/0 nodes" in runner.waits_for(launch.attempt))
        cluster.has_node = True
        assert (await runner.wait(launch.attempt)).exit_code == 0
        assert runner.waits_for(launch.attempt) == ""

    async def test_it_waits_for_its_image(self, cluster, world, runner):
        launch = world.launch(FOREVER)
        image = cluster.images.pop(launch.definition.image)
        await runner.start(launch)
        await until(lambda: "ImagePullBackOff: Back-off pulling image" in runner.waits_for(launch.attempt))
        cluster.images[launch.definition.image] = image
        await world.up(launch)
        assert runner.waits_for(launch.attempt) == ""

    async def test_what_one_of_several_waits_for_is_told_with_its_name(self, cluster, world, runner):
        cluster.has_node = False
        launch = several(world, "pass")
        await runner.start(launch)
        await until(lambda: runner.waits_for(launch.attempt).startswith("algo-1 waits for a node"))
        cluster.has_node = True
        await runner.wait(launch.attempt)

    async def test_no_pod_is_made(self, cluster, world, impatient):
        runner = impatient(start_deadline_s=0.3)
        cluster.makes_pods = False
        launch = world.launch("pass")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        await runner.close()
        assert end.cause is EndCause.START_FAILED
        assert "kubectl describe job" in end.why

    async def test_the_trainer_may_do_nothing_at_all(self, cluster, world, runner):
        for method in ("GET", "POST", "DELETE"):
            for kind in ("jobs", "pods", "services", "networkpolicies"):
                cluster.denied[method, kind] = 403
        launch = world.launch("pass")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert end.cause is EndCause.START_FAILED
        assert "jobs is forbidden" in end.why
        with pytest.raises(Unavailable, match="jobs is forbidden"):
            await runner.ping()

    async def test_the_trainer_may_not(self, cluster, world, runner):
        cluster.denied["POST", "jobs"] = 403
        launch = several(world, "pass")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert end.cause is EndCause.START_FAILED
        assert "jobs is forbidden" in end.why
        assert not cluster.objects, "nothing is left of it"

    async def test_a_data_folder_that_pods_do_not_see(self, world, impatient, tmp_path):
        runner = impatient(volume_root=tmp_path / "elsewhere")
        launch = world.launch("pass")
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        await runner.close()
        assert end.cause is EndCause.START_FAILED
        assert "not on the volume" in end.why


class TestTheImagesOwnFiles:
    """Images made for SageMaker may bring their code in /opt/ml/code."""

    READING = "import os, pathlib\nbase = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
    READING += "print((base / 'code/train.py').read_text())"

    @pytest.fixture
    def image(self, cluster, world, tmp_path):
        launch = world.launch(self.READING)
        code = tmp_path / "opt-ml/code"
        code.mkdir(parents=True)
        (code / "train.py").write_text("the image's")
        cluster.opt_ml[launch.definition.image] = code.parent
        return launch

    async def test_are_seen(self, world, runner, image):
        await runner.start(image)
        assert (await runner.wait(image.attempt)).exit_code == 0
        assert world.spool(image) == b"the image's\n"

    async def test_are_hidden_by_what_the_trainer_brings(self, world, runner, image):
        own = world.folder(image).first.code
        own.mkdir(parents=True)
        (own / "train.py").write_text("the user's")
        await runner.start(image)
        assert (await runner.wait(image.attempt)).exit_code == 0
        assert world.spool(image) == b"the user's\n"


class TestWhatTheTrainerMayDo:
    @pytest.fixture
    async def client(self, settings):
        client = ClusterClient(settings)
        yield client
        await client.close()

    async def test_nothing_but_what_is_shipped(self, client):
        """All other tests here run with that: what they do is allowed."""
        for refused in (
            client.get("services", "kubernetes"),
            client.get("pods", "somebody"),
            client.find("networkpolicies", ""),
            client.create("pods", {"metadata": {"name": "mine"}}),
        ):
            with pytest.raises(ApiError, match="no rule allows"):
                await refused


class TestSeveralInstances:
    async def test_both_run_and_both_are_read(self, world, runner):
        source = "import json, os, pathlib\nbase = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        source += "print(json.loads((base / 'input/config/resourceconfig.json').read_text())['current_host'])"
        launch = several(world, source)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code, end.spool_bytes) == (EndCause.EXITED, 0, (7, 7))
        spools = [world.folder(launch).instance(i).spool.read_bytes() for i in (0, 1)]
        assert spools == [b"algo-1\n", b"algo-2\n"]

    async def test_they_find_each_other_by_name(self, cluster, world, runner):
        launch = several(world, "pass")
        await runner.start(launch)
        await runner.wait(launch.attempt)
        (service,) = cluster.of("services")
        for pod in cluster.of("pods"):
            spec = pod["spec"]
            assert spec["subdomain"] == service["metadata"]["name"]
            domain = f"{service['metadata']['name']}.trainings.svc.cluster.local"
            assert spec["dnsConfig"] == {"searches": [domain]}
            assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        assert sorted(pod["spec"]["hostname"] for pod in cluster.of("pods")) == ["algo-1", "algo-2"]

    async def test_when_one_fails_the_other_is_ended(self, cluster, world, runner):
        source = "import os, time\nprint('up')\n"
        source += "time.sleep(600) if os.environ['SM_CURRENT_HOST'] == 'algo-1' else os._exit(9)"
        launch = several(world, source)
        await runner.start(launch)
        end = await runner.wait(launch.attempt)
        assert (end.cause, end.exit_code, end.failed) == (EndCause.EXITED, 9, 1)
        assert all(container.ended for container in cluster.containers.values())

    async def test_a_stop_is_for_all(self, cluster, world, runner):
        launch = several(world, FOREVER)
        await runner.start(launch)
        await world.up(launch)
        await runner.stop(launch.attempt, EndCause.STOPPED, 60)
        assert (await runner.wait(launch.attempt)).cause is EndCause.STOPPED
        assert all(container.ended for container in cluster.containers.values())

    async def test_isolated_ones_reach_each_other_alone(self, cluster, world, runner):
        launch = several(world, "pass", network_isolation=True)
        await runner.start(launch)
        await runner.wait(launch.attempt)
        (policy,) = cluster.of("networkpolicies")
        pods = policy["spec"]["podSelector"]["matchLabels"]
        assert all(pods.items() <= pod["metadata"]["labels"].items() for pod in cluster.of("pods"))


class TestGpus:
    """NVIDIA's runtime gives a container the GPUs that a variable names, whatever the cluster has counted."""

    @pytest.mark.parametrize(("gpus", "told"), [(0, ("0", "void")), (2, ("2", None))])
    async def test_those_of_the_cluster_alone_are_seen(self, cluster, world, runner, gpus, told):
        launch = replace(
            world.launch("pass", environment={"NVIDIA_VISIBLE_DEVICES": "all"}),
            need=Need(gpus=gpus),
        )
        await runner.start(launch)
        await runner.wait(launch.attempt)
        (pod,) = cluster.of("pods")
        variables = {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}
        assert (variables["SM_NUM_GPUS"], variables.get("NVIDIA_VISIBLE_DEVICES")) == told


class TestWhatIsLeft:
    async def test_a_trainer_that_died_before_it_noted_its_jobs_finds_them(self, cluster, world, runner):
        launch = world.launch(COUNTING)
        await runner.start(launch)
        await until(lambda: b"line 499\n" in world.spool(launch))
        await runner.close()
        (world.folder(launch).root / "submitted").unlink()
        later = world.make_runner()
        await later.start(launch)
        await go(world, launch)
        assert (await later.wait(launch.attempt)).exit_code == 7
        await later.close()
        assert len(cluster.containers) == 1

    async def test_pods_are_let_go_once_their_end_is_known(self, cluster, world, runner):
        launch = world.launch("pass")
        await runner.start(launch)
        await runner.wait(launch.attempt)
        await until(lambda: cluster.of("pods")[0]["metadata"]["finalizers"] == [])
        assert cluster.of("jobs"), "it stays for people to look at"

    async def test_nothing_after_it_was_removed(self, cluster, world, runner):
        launch = several(world, "pass", network_isolation=True)
        await runner.start(launch)
        await runner.wait(launch.attempt)
        await runner.remove(launch.attempt)
        await until(lambda: not cluster.objects)

    async def test_what_nobody_knows_is_ended_and_removed(self, cluster, world, runner):
        kept, stray = world.launch(FOREVER), world.launch(FOREVER)
        for launch in (kept, stray):
            await runner.start(launch)
            await world.up(launch)
        await runner.close()
        later = world.make_runner()
        await later.reap({kept.attempt})
        await until(lambda: len(cluster.of("jobs")) == 1)
        assert cluster.of("jobs")[0]["metadata"]["name"].startswith(kept.training_name)
        await later.close()
