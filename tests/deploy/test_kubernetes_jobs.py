"""Trainings as Jobs: what is shipped, against Kubernetes' published schemas and what the trainer really asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.contract.runner_contract import FOREVER, World, until
from tests.deploy import kustomized
from tests.deploy.kustomized import FOLDER, JOBS, workloads
from tests.deploy.networks import Target, connects, reaches, selects
from tests.servers.cluster import Cluster, allowed_by
from tunewright.core.arns import NOBODYS
from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import Need
from tunewright.core.spec import Channel, Definition, Resources
from tunewright.core.states import EndCause
from tunewright.platform.settings import from_environment
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.core.capacity import Inventory
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.base import prepare_base
from tunewright_trainer.runner.kubernetes.manifests import job, peers_policy, service
from tunewright_trainer.runner.kubernetes.names import NETWORK
from tunewright_trainer.runner.kubernetes.runner import KubernetesRunner
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.making import make_runner
from tunewright_trainer.serve import TrainerServiceSettings

VERSIONS = ("1.29", kubernetes_validate.latest_version())
"""podReplacementPolicy is there, on by default, since 1.29."""
README = FOLDER / "README.md"
(TRAINER,) = workloads(JOBS)


def of_kind(kind: str) -> list[dict]:
    return kustomized.of_kind(JOBS, kind)


def variables() -> dict[str, str]:
    return TRAINER.environment(TRAINER.container)


def launch(instances: int = 1, *, isolated: bool = False, need: Need | None = None) -> Launch:
    definition = Definition(
        "registry.example/team/image:1",
        channels=(Channel("train", "s3://b/train"),),
        environment={"COST": "$(HOME) is $5"},
        entrypoint=("python", "-c", "print('$HOME')"),
        resources=Resources(instance_count=instances),
        network_isolation=isolated,
    )
    name = "A-Training-whose-name-is-as-long-as-AMT-allows-it-to-be-of-63-0"
    return Launch(Attempt("01JD8Z2Q5WZ3_job-uid/000123", 2), name, definition, {}, need or Need())


def settings(root: Path = Path("/data")) -> KubernetesSettings:
    return KubernetesSettings("trainings", "claim", root, ("*",), pod={"nodeSelector": {"pool": "gpu"}})


@pytest.fixture
def jobs(tmp_path):
    """Return what makes the Jobs of a launch, all of whose folders are there."""

    def jobs(launch: Launch) -> list[dict]:
        folder = Folders(tmp_path / "trainer").of(launch.attempt)
        for number, instance in enumerate(folder.instances(launch.instances)):
            prepare_base(launch, instance.base, number)
        return [
            job(launch, instance, folder, "trainer-1", (10001, 10001), settings(tmp_path.resolve()), NOBODYS)
            for instance in range(launch.instances)
        ]

    return jobs


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_trainer_makes_is_as_the_schemas_say(jobs, version):
    for some in (
        launch(),
        launch(2, isolated=True),
        launch(need=Need(cpus=2.5, memory_bytes=2**33, gpus=2)),
        launch(need=Need(gpus=1, gpus_shared=True)),
    ):
        made = [*jobs(some), service(some, "trainer-1", settings()), peers_policy(some, "trainer-1", settings())]
        for manifest in made:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_names_fit_into_dns(jobs):
    for some in jobs(launch(3)):
        assert len(some["metadata"]["name"]) <= 63 - len("-abcde"), "of its pod"
        assert len(some["spec"]["template"]["spec"]["subdomain"]) <= 63
    assert len({some["metadata"]["name"] for some in jobs(launch(3))}) == 3


def test_trainer_and_trainings_meet_on_the_claim_that_is_shipped():
    (claim,) = of_kind("PersistentVolumeClaim")
    root = dict(TRAINER.mounted(TRAINER.container))[variables()["TUNEWRIGHT_KUBERNETES_VOLUME_ROOT"]]
    assert root["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["metadata"]["name"] == variables()["TUNEWRIGHT_KUBERNETES_VOLUME_CLAIM"]
    assert Path(variables()["TUNEWRIGHT_DATA_DIR"]).is_relative_to(variables()["TUNEWRIGHT_KUBERNETES_VOLUME_ROOT"])


@pytest.mark.parametrize(
    ("instances", "isolated", "network"), [(1, True, "none"), (2, True, "peers"), (1, False, "open")]
)
def test_there_is_a_policy_for_every_network_that_a_training_may_have(jobs, instances, isolated, network):
    """Also of several isolated instances, for when the policy that lets them reach each other is not there."""
    made, *_ = jobs(launch(instances, isolated=isolated))
    marks = made["spec"]["template"]["metadata"]["labels"]
    assert marks[NETWORK] == network
    policies = [one["spec"] for one in of_kind("NetworkPolicy")]
    (policy,) = [one for one in policies if one["podSelector"] and selects(one["podSelector"], marks)]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert ("egress" in policy) is not isolated
    assert ("ingress" in policy) is not isolated


@pytest.fixture
def training_reaches(jobs):
    def reached(target: Target, *, isolated: bool = False) -> bool:
        (made,) = jobs(launch(isolated=isolated))
        (namespace,) = of_kind("Namespace")
        marks = made["spec"]["template"]["metadata"]["labels"]
        return reaches(of_kind("NetworkPolicy"), namespace["metadata"]["name"], marks, target)

    return reached


def services_namespace() -> str:
    """Return the namespace that scheduler and Kafka are in, as the trainer is told."""
    (name,) = {variables()[one].split(".")[1] for one in ("TUNEWRIGHT_SCHEDULER", "TUNEWRIGHT_KAFKA")}
    return name


@pytest.mark.parametrize("port", [9092, 27017, 7070, 8080, 53, 443])
def test_a_training_does_not_reach_the_services(training_reaches, port):
    for address in ("10.244.1.7", "100.64.3.9", "fd00:10:244::7"):
        pod = Target(address, port, namespace=services_namespace(), labels={"app.kubernetes.io/name": "kafka"})
        assert not training_reaches(pod)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("10.96.0.1", "the API's Service, as kubeadm numbers it"),
        ("172.20.0.1", "as EKS does"),
        ("192.168.49.2", "a node"),
        ("fd00:10:96::1", "the API's Service on IPv6"),
        ("169.254.169.254", "metadata of AWS, Azure and Google"),
        ("100.100.100.200", "metadata of Alibaba"),
        ("fd00:ec2::254", "metadata of AWS on IPv6"),
        ("fe80::a9fe:a9fe", "link-local metadata of OpenStack"),
    ],
)
@pytest.mark.parametrize("port", [80, 443, 6443])
def test_a_training_reaches_neither_the_cluster_nor_what_gives_out_credentials(training_reaches, address, what, port):
    assert not training_reaches(Target(address, port)), what


def test_a_training_does_not_reach_its_trainer(training_reaches):
    trainer = Target("10.244.1.9", 8080, namespace=TRAINER.namespace, labels=TRAINER.labels)
    assert not training_reaches(trainer)


def test_a_training_reaches_public_addresses_names_and_its_peers_unless_it_is_isolated(jobs, training_reaches):
    (namespace,) = of_kind("Namespace")
    (made,) = jobs(launch())
    marks = made["spec"]["template"]["metadata"]["labels"]
    peer = Target("10.244.1.8", 29500, namespace=namespace["metadata"]["name"], labels=marks)
    names = [Target("10.244.0.3", 53, protocol, namespace="kube-system") for protocol in ("UDP", "TCP")]
    cached = Target("169.254.20.10", 53, "UDP")
    for target in (Target("52.216.1.1"), Target("2600:1f18::1"), peer, *names, cached):
        assert training_reaches(target)
        assert not training_reaches(target, isolated=True)


def test_a_namespace_is_opened_by_the_label_that_the_readme_names(training_reaches):
    label = "tunewright.dev/reached-by-trainings"
    assert f"{label}=true" in README.read_text()
    store = Target("10.244.2.2", 9000, namespace="minio")
    assert not training_reaches(store)
    assert training_reaches(replace(store, namespace_labels={label: "true"}))


def test_the_policy_that_the_readme_shows_opens_what_it_says_and_no_more(jobs):
    told = README.read_text()
    lines = told[told.index("      apiVersion: networking.k8s.io/v1") :].split("\n\n")[0]
    (namespace,) = of_kind("Namespace")
    example = yaml.safe_load(lines)
    kubernetes_validate.validate(example, VERSIONS[0], strict=True)
    assert example["metadata"]["namespace"] == namespace["metadata"]["name"]
    (made,) = jobs(launch())
    marks = made["spec"]["template"]["metadata"]["labels"]

    def opened(target: Target) -> bool:
        return reaches([*of_kind("NetworkPolicy"), example], namespace["metadata"]["name"], marks, target)

    metrics = Target(
        "10.244.1.6", 7070, namespace=services_namespace(), labels={"app.kubernetes.io/name": "tunewright-metrics"}
    )
    assert opened(metrics)
    assert f"kubectl label namespace {namespace['metadata']['name']} tunewright.dev/client=true" in told
    policies = [*of_kind("NetworkPolicy"), example, *kustomized.of_kind("production", "NetworkPolicy")]
    training = Target("10.244.2.1", namespace=namespace["metadata"]["name"], labels=marks)
    assert not connects(policies, training, metrics)
    assert connects(policies, replace(training, namespace_labels={"tunewright.dev/client": "true"}), metrics)
    assert opened(Target("10.20.0.9", 2049))
    assert not opened(replace(metrics, port=9092))
    assert not opened(replace(metrics, labels={"app.kubernetes.io/name": "tunewright-kafka"}))


def test_a_training_is_held_as_the_strictest_published_standard_asks(jobs):
    """Pod Security Standards, `restricted`; the namespace that is shipped enforces them."""
    for pod in [made["spec"]["template"]["spec"] for made in jobs(launch(2))]:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "persistentVolumeClaim", "emptyDir"}
        (only,) = pod["containers"]
        assert only["securityContext"]["allowPrivilegeEscalation"] is False
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert "hostNetwork" not in pod


def test_a_training_has_no_token_and_sees_of_the_volume_its_own_folder_alone(jobs):
    first, second = (made["spec"]["template"]["spec"] for made in jobs(launch(2)))
    for pod in (first, second):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
    paths = [
        {one["subPath"] for one in pod["containers"][0]["volumeMounts"] if one["name"] == "data"}
        for pod in (first, second)
    ]
    root = "trainer/trainings/01JD8Z2Q5WZ3_job-uid.000123.2"
    mounted = ("input", "model", "output")
    assert paths == [{f"{root}/{base}/{name}" for name in mounted} for base in ("base", "base-2")]


def test_a_training_writes_to_its_input_no_more_than_to_its_root(jobs):
    (made,) = jobs(launch())
    (only,) = made["spec"]["template"]["spec"]["containers"]
    assert only["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {one["mountPath"] for one in only["volumeMounts"] if not one.get("readOnly")}
    assert writable == {"/opt/ml/model", "/opt/ml/output", "/tmp", "/dev/shm"}


def test_what_a_user_writes_reaches_the_program_as_it_was_written(jobs):
    """Kubernetes replaces $(NAME), and $$ by $; nothing else."""
    (made,) = jobs(launch())
    (only,) = made["spec"]["template"]["spec"]["containers"]
    assert only["command"] == ["python", "-c", "print('$$HOME')"]
    assert {"name": "COST", "value": "$$(HOME) is $$5"} in only["env"]


def test_a_training_gets_what_its_instance_has_and_no_more(jobs):
    (made,) = jobs(launch(need=Need(cpus=2.5, memory_bytes=2**33, gpus=2)))
    resources = made["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources["limits"] == {"cpu": "2500m", "memory": str(2**33), "nvidia.com/gpu": "2"}
    assert resources["requests"] == resources["limits"]


def test_a_pod_is_never_made_twice(jobs):
    (made,) = jobs(launch())
    assert made["spec"]["backoffLimit"] == 0
    assert made["spec"]["podReplacementPolicy"] == "Failed"
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Never"


async def test_the_role_allows_what_the_trainer_asks_for_and_nothing_else(tmp_path):
    image = tmp_path / "image.py"
    image.write_text(FOREVER)
    (tmp_path / "claim").mkdir()
    async with Cluster(tmp_path / "claim", {"registry.test/image": image}) as cluster:
        given = KubernetesSettings(
            namespace="trainings",
            volume_claim="tunewright-data",
            volume_root=tmp_path / "claim",
            images=("*",),
            kubeconfig=cluster.kubeconfig(tmp_path / "kubeconfig"),
        )
        folders = Folders(tmp_path / "claim/data")
        world = World(folders, lambda: KubernetesRunner(folders, "trainer-1", given), lambda _: "registry.test/image")
        runner = world.make_runner()
        await runner.ping()
        some = world.launch("", resources=Resources(instance_count=2), network_isolation=True)
        await runner.start(some)
        await world.up(some)
        await runner.stop(some.attempt, EndCause.STOPPED, 10)
        await runner.wait(some.attempt)
        await runner.remove(some.attempt)
        await runner.reap(())
        await until(lambda: not cluster.objects)
        await runner.close()
        asked = cluster.asked
    (role,) = of_kind("Role")
    assert asked == allowed_by(role)


def test_the_readme_says_what_each_verb_is_for():
    (role,) = of_kind("Role")
    told = README.read_text()
    for rule in role["rules"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                assert f"| {resource} | {verb} |" in told


def test_a_trainer_whose_data_no_pod_would_see_does_not_start():
    given = from_environment(TrainerServiceSettings, {**variables(), "TUNEWRIGHT_DATA_DIR": "/elsewhere"})
    with pytest.raises(InvalidSpec, match="not on the volume"):
        make_runner(given.of_trainer(Inventory()), given.of_runner(), "TUNEWRIGHT_RUNNER")
