"""What an operator says of a trainer: which runner, which capacity, and what is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.trainer.test_capacity import nvidia_smi

from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import described, from_environment
from tunewright_trainer.core.capacity import Inventory
from tunewright_trainer.runner import making
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.making import RunnerKind, RunnerSettings, engine_url, make_runner
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.serve import TrainerServiceSettings, _warn_of_missing
from tunewright_trainer.settings import DrainThen, TrainerSettings

__all__ = ["nvidia_smi"]

GIB = 2**30


def given(**variables: str) -> TrainerServiceSettings:
    needed = {"CREDENTIALS": "c", "KAFKA": "127.0.0.1:9092", "SCHEDULER": "127.0.0.1:7070", "DATA_DIR": "data"}
    return from_environment(
        TrainerServiceSettings, {f"TUNEWRIGHT_{name}": text for name, text in (needed | variables).items()}
    )


def in_cluster(**variables: str) -> KubernetesSettings:
    needed = {"RUNNER": "kubernetes", "IMAGES": "*", "KUBERNETES_NAMESPACE": "trainings"}
    needed |= {"KUBERNETES_VOLUME_CLAIM": "shared", "KUBERNETES_VOLUME_ROOT": "/data"}
    kubernetes = given(**(needed | variables)).of_runner().kubernetes
    assert kubernetes is not None
    return kubernetes


def test_by_default_a_trainer_offers_what_its_host_has(nvidia_smi):
    nvidia_smi("echo 'GPU 0: some GPU (UUID: GPU-a)'")
    has = given().inventory()
    assert has.cpus > 0
    assert has.memory_bytes > 0
    assert has.gpus == ("GPU-a",)
    settings = given().of_trainer(has)
    assert (settings.counted, settings.inventory) == (True, has)


def test_an_operator_says_what_a_trainer_offers(nvidia_smi):
    nvidia_smi("echo 'GPU 0: some GPU (UUID: GPU-a)'")
    assert given(CPUS="3.5", MEMORY_GIB="2", GPUS="0, 1,1").inventory() == Inventory(3.5, 2 * GIB, ("0", "1"))
    assert given(GPUS="None").inventory().gpus == ()
    assert not given(SLOTS_ONLY="on").of_trainer(Inventory()).counted


@pytest.mark.parametrize(
    ("name", "text"), [("CPUS", "0"), ("MEMORY_GIB", "-1"), ("CPUS", "nan"), ("MEMORY_GIB", "inf")]
)
def test_a_capacity_of_nothing_is_refused_by_name(name, text):
    with pytest.raises(InvalidSpec, match=rf"TUNEWRIGHT_{name}: is .*TUNEWRIGHT_SLOTS_ONLY"):
        given(**{name: text}).inventory()


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("SLOTS", "0", "1 or more"),
        ("SLOTS", "-2", "1 or more"),
        ("STOP_GRACE_S", "-5", "0 or more"),
        ("DRAIN_S", "-1", "0 or more"),
        ("HAND_BACK_S", "nan", "0 or more"),
        ("HAND_BACK_S", "inf", "0 or more"),
        ("DOCKER_MEMORY_GIB", "-1", "0 or more"),
        ("DOCKER_CPUS", "-0.5", "0 or more"),
        ("DOCKER_PIDS", "0", "1 or more"),
        ("DOCKER_TMP_GIB", "0", "a number above 0"),
    ],
)
def test_a_number_with_which_nothing_works_is_refused_by_name(name, text, remedy):
    with pytest.raises(InvalidSpec, match=rf"TUNEWRIGHT_{name}: is {text}.*Give {remedy}"):
        given(**{name: text})


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("DOCKER_USER", "bob:x", "1000:1000"),
        ("DOCKER_LOG_DRIVER", "none", "Leave it out"),
        ("DOCKER_HOST", "foo://bar", r"foo:// here. Give unix:///PATH"),
        ("DOCKER_HOST", "/var/run/docker.sock", r"Give unix:///var/run/docker\.sock"),
        ("DOCKER_HOST", "engine:2375", r"Give tcp://engine:2375"),
        ("DOCKER_HOST", "tcp://", r"names no engine"),
        ("DOCKER_HOST", "npipe:////./pipe/docker_engine", "npipe:// here"),
    ],
)
def test_what_no_engine_takes_is_refused_by_name(name, text, remedy):
    with pytest.raises(InvalidSpec, match=f"TUNEWRIGHT_{name}: .*{remedy}"):
        given(RUNNER="docker", IMAGES="*", **{name: text}).of_runner()


@pytest.mark.parametrize("runner", ["docker", "auto"])
def test_an_address_of_docker_s_own_clients_is_refused_by_its_name(tmp_path, monkeypatch, runner):
    monkeypatch.setenv("DOCKER_HOST", "ftp://engine")
    with pytest.raises(InvalidSpec, match=r"^DOCKER_HOST: "):
        make_runner(TrainerSettings(tmp_path), given(RUNNER=runner, IMAGES="*").of_runner(), "TUNEWRIGHT_RUNNER")


def test_a_root_of_programs_that_is_not_there_is_warned_of(tmp_path):
    with capture_logs() as said:
        _warn_of_missing((tmp_path, tmp_path / "none"))
    (line,) = said
    assert (line["log_level"], line["variable"]) == ("warning", "TUNEWRIGHT_IMAGE_ROOTS")
    assert line["folder"] == str(tmp_path / "none")


def test_how_it_leaves():
    settings = given(DRAIN_S="30", DRAIN_THEN="hand_back", HAND_BACK_S="20", PREEMPTION_FILE="/run/going").of_trainer(
        Inventory()
    )
    assert (settings.drain_s, settings.drain_then, settings.hand_back_s) == (30.0, DrainThen.HAND_BACK, 20.0)
    assert settings.preemption_file == Path("/run/going")


@pytest.mark.parametrize("runner", ["docker", "kubernetes", "auto"])
def test_containers_run_no_image_that_is_not_allowed_by_name(runner):
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_IMAGES: is not set"):
        given(RUNNER=runner).of_runner()


def test_what_is_set_of_docker():
    docker = given(RUNNER="docker", IMAGES="Team/*,b:V1", DOCKER_PULL="never", DOCKER_MEMORY_GIB="0.5").of_runner()
    assert docker.kind is RunnerKind.DOCKER
    assert (docker.docker.images, docker.docker.pull, docker.docker.memory_bytes) == (
        ("Team/*", "b:V1"),
        "never",
        GIB // 2,
    )


def test_what_is_set_of_kubernetes(tmp_path):
    pod = tmp_path / "pod.yaml"
    pod.write_text("nodeSelector: {gpu: h200}\n")
    variables = {
        "RUNNER": "kubernetes",
        "IMAGES": "*",
        "KUBERNETES_NAMESPACE": "trainings",
        "KUBERNETES_VOLUME_CLAIM": "shared",
        "KUBERNETES_VOLUME_ROOT": "/data",
        "KUBERNETES_POD_FILE": str(pod),
    }
    kubernetes = given(**variables).of_runner().kubernetes
    assert kubernetes is not None
    assert (kubernetes.namespace, kubernetes.volume_claim, kubernetes.images) == ("trainings", "shared", ("*",))
    assert kubernetes.pod == {"nodeSelector": {"gpu": "h200"}}
    assert kubernetes.stop_grace_s == given(**variables).of_trainer(Inventory()).stop_grace_s
    assert given(**variables).inventory() == Inventory(), "what this pod has is not what pods get"
    assert not given(**variables).of_trainer(Inventory()).counted, "the cluster counts"
    assert given(**variables, CPUS="64", MEMORY_GIB="256").of_trainer(Inventory()).counted
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_KUBERNETES_VOLUME_CLAIM: is not set"):
        given(**(variables | {"KUBERNETES_VOLUME_CLAIM": ""})).of_runner()
    pod.write_text("- a list")
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_KUBERNETES_POD_FILE"):
        given(**variables).of_runner()


def test_all_that_is_set_of_kubernetes_reaches_the_pods():
    kubernetes = in_cluster(
        STOP_GRACE_S="30",
        KUBERNETES_START_DEADLINE_S="60",
        KUBERNETES_IMAGE_DEADLINE_S="61",
        KUBERNETES_NODE_DEADLINE_S="62",
        KUBERNETES_TMP_GIB="4",
        KUBERNETES_SHM_GIB="0.5",
        KUBERNETES_READ_ONLY_ROOT="off",
        KUBERNETES_GPU_RESOURCE="amd.com/gpu",
        KUBERNETES_SHARED_GPU_RESOURCE="amd.com/gpu.half",
        KUBERNETES_CLUSTER_DOMAIN="k8s.example",
    )
    assert kubernetes == KubernetesSettings(
        namespace="trainings",
        volume_claim="shared",
        volume_root=Path("/data"),
        images=("*",),
        stop_grace_s=30.0,
        start_deadline_s=60.0,
        image_deadline_s=61.0,
        node_deadline_s=62.0,
        tmp_bytes=4 * GIB,
        shm_bytes=GIB // 2,
        read_only_root=False,
        gpu_resource="amd.com/gpu",
        shared_gpu_resource="amd.com/gpu.half",
        cluster_domain="k8s.example",
    )


def test_every_setting_of_pods_can_be_set():
    """Those of another name have it for the operator's sake."""
    named = {"images": "IMAGES", "stop_grace_s": "STOP_GRACE_S", "run_as": "KUBERNETES_USER"}
    named |= {"kubeconfig": "KUBERNETES_CONFIG", "pull_policy": "KUBERNETES_PULL", "pod": "KUBERNETES_POD_FILE"}
    named |= {"tmp_bytes": "KUBERNETES_TMP_GIB", "shm_bytes": "KUBERNETES_SHM_GIB"}
    wanted = {named.get(one.name, f"KUBERNETES_{one.name.upper()}") for one in fields(KubernetesSettings)}
    assert {f"TUNEWRIGHT_{name}" for name in wanted} <= {name for name, *_ in described(TrainerServiceSettings)}


@pytest.mark.parametrize("number", ["0", "-1", "inf", "nan"])
@pytest.mark.parametrize("name", ["IMAGE_DEADLINE_S", "NODE_DEADLINE_S", "START_DEADLINE_S", "TMP_GIB", "SHM_GIB"])
def test_a_time_or_size_of_pods_that_cannot_be_is_refused(name, number):
    with pytest.raises(InvalidSpec, match=f"TUNEWRIGHT_KUBERNETES_{name}: is {number}"):
        in_cluster(**{f"KUBERNETES_{name}": number})


@pytest.mark.parametrize(("kind", "package"), [("docker", "aiodocker"), ("kubernetes", "kubernetes_asyncio")])
def test_a_missing_extra_names_the_command_that_installs_it(tmp_path, monkeypatch, kind, package):
    monkeypatch.setattr("tunewright.platform.extras.find_spec", lambda _name: None)
    with pytest.raises(InvalidSpec, match=rf"needs {package}.*pip install 'tunewright\[{kind}\]'"):
        make_runner(TrainerSettings(tmp_path), RunnerSettings(RunnerKind(kind)), "TUNEWRIGHT_RUNNER")


def test_auto_without_an_engines_client_runs_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "find_spec", lambda _name: None)
    runner = make_runner(TrainerSettings(tmp_path), RunnerSettings(RunnerKind.AUTO), "--runner")
    assert isinstance(runner, ProcessRunner)


def test_the_engine_is_where_one_says_it_is(monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert engine_url("") == "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine:2376")
    assert engine_url("") == "tcp://engine:2376"
    assert engine_url("unix:///own") == "unix:///own"


def test_no_file_may_be_named_unless_an_operator_says_so(tmp_path):
    secrets = {"CREDENTIALS": f"{tmp_path}/keys", "DATA_DIR": f"{tmp_path}/data"}
    assert given(**secrets).of_trainer(Inventory()).disk().why_not(tmp_path / "train.csv")
    disk = given(**secrets, DATA_ROOTS=f"{tmp_path}:/models").of_trainer(Inventory()).disk()
    named = {
        path: disk.why_not(path) is None for path in (tmp_path / "train.csv", tmp_path / "keys", Path("/models/x"))
    }
    assert list(named.values()) == [True, False, True]


@pytest.mark.parametrize("root", ["/proc", "/run/", "{0}/data", "{0}/data/trainings"])
def test_the_folders_that_may_be_named_are_none_of_the_trainers_own(tmp_path, root):
    settings = given(DATA_DIR=f"{tmp_path}/data", DATA_ROOTS=root.format(tmp_path))
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_DATA_ROOTS: .* own\. Name folders of data alone"):
        settings.of_trainer(Inventory())
