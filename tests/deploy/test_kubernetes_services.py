"""All services in a cluster, as kubectl builds them: what an operator relies on, seen without a cluster."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from typer.testing import CliRunner

from tests.deploy.kustomized import APPLIED, FOLDER, JOBS, built, of_kind, ours, workloads
from tests.deploy.networks import selects
from tunewright.cli.app import app
from tunewright.cli.written import from_file
from tunewright.core.access import OWNER, Scope
from tunewright.platform.access import Access
from tunewright.platform.credentials import create_or_load
from tunewright.platform.credentials import load as load_credentials
from tunewright.platform.http import application
from tunewright.platform.parts import load
from tunewright.platform.rpc.scopes import SCOPES
from tunewright.platform.settings import CallerSettings, HttpSettings, ServerSettings, described, from_environment
from tunewright_trainer.settings import DrainThen
from tunewright_trainer.trainer import LAST_CALLS_S

VERSIONS = ("1.29", kubernetes_validate.latest_version())
README = (FOLDER / "README.md").read_text()
SERVICES = {"suggester", "scheduler", "metrics", "gateway", "trainer"}
OWN_KINDS = {"ScaledObject", "PodMonitor"}
"""test_kubernetes_scaling.py holds them against their own schemas."""
OURS = ours(*APPLIED)


def settings_of(workload):
    return load(f"serve-{workload.service}").settings


def settings(workload):
    return from_environment(settings_of(workload), workload.environment(workload.container))


def each(cases):
    return pytest.mark.parametrize("workload", cases, ids=str)


def test_every_file_is_part_of_something_that_is_applied():
    """A file that nobody names would be forgotten, and would look as if it held."""
    used, waiting = set(), [FOLDER / folder for folder in APPLIED]
    while waiting:
        here = waiting.pop()
        kustomization = yaml.safe_load((here / "kustomization.yaml").read_text())
        named = [*kustomization.get("resources", ()), *kustomization.get("components", ())]
        named += [one["path"] for one in kustomization.get("patches", ())]
        paths = [(here / one).resolve() for one in named]
        waiting += [one for one in paths if one.is_dir()]
        used |= {here / "kustomization.yaml", *(one for one in paths if one.is_file())}
    assert used == set(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", APPLIED)
def test_what_is_built_is_as_the_schemas_say(folder, version):
    for manifest in built(folder):
        if manifest["kind"] not in OWN_KINDS:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("folder", ["development", "production"])
def test_every_service_is_there(folder):
    assert {one.service for one in ours(folder)} == SERVICES


@each(OURS)
def test_every_variable_that_is_set_is_one_that_the_service_reads(workload):
    known = {variable for variable, *_ in described(settings_of(workload))}
    assert set(workload.environment(workload.container)) <= known


@each(OURS)
def test_a_service_accepts_what_is_set_and_misses_nothing(workload):
    settings(workload)


@each(OURS)
def test_what_listens_has_a_certificate_and_what_calls_has_its_authority(workload):
    given = settings(workload)
    if isinstance(given, ServerSettings):
        assert given.grpc == "0.0.0.0:7070"
        assert given.tls().client_ca is not None, "callers show one too"
    if isinstance(given, HttpSettings):
        assert given.http_tls() is not None
        assert not given.http_plaintext
    if isinstance(given, CallerSettings):
        assert given.caller_tls().certificate is not None


@each(OURS)
def test_every_file_that_a_variable_names_is_mounted(workload):
    given, made = settings(workload), created()
    files = [getattr(given, one.name) for one in fields(given)]
    for file in [one for one in files if isinstance(one, Path)]:
        (volume,) = [volume for place, volume in workload.mounted(workload.container) if file.is_relative_to(place)]
        if "secret" in volume:
            assert file.name in made["secret", volume["secret"]["secretName"]]


def created() -> dict[tuple[str, str], set[str]]:
    """Return the keys of the Secrets and ConfigMaps that the README has a person make, by kind and name."""
    text = README.replace("\\\n", " ")
    made: dict[tuple[str, str], set[str]] = {}
    for kind, name, rest in re.findall(r"kubectl create (secret generic|configmap) ([\w-]+)(.*)", text):
        keys = {key or path.rpartition("/")[2] for key, path in re.findall(r"--from-file (?:([\w.-]+)=)?(\S+)", rest)}
        keys |= set(re.findall(r"--from-literal (\w+)=", rest))
        made.setdefault((kind.split()[0], name), set()).update(keys)
    return made


def needed(workload) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, name and key of what a pod does not start without, and of what it has if it is there."""
    for source in workload.container.get("envFrom", ()):
        for field, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
            if field in source:
                yield kind, source[field]["name"], None
    for one in workload.container.get("env", ()):
        if "secretKeyRef" in one.get("valueFrom", {}):
            reference = one["valueFrom"]["secretKeyRef"]
            yield "secret", reference["name"], reference["key"]
    for volume in workload.pod["volumes"]:
        if "secret" in volume:
            yield "secret", volume["secret"]["secretName"], None
        if "configMap" in volume:
            yield "configmap", volume["configMap"]["name"], None


@each(OURS)
def test_every_secret_and_configmap_is_built_or_the_readme_has_it_made(workload):
    made = created()
    for one in of_kind(workload.folder, "ConfigMap", "Secret"):
        made[one["kind"].lower(), one["metadata"]["name"]] = set(one["data"])
    for kind, name, key in needed(workload):
        assert (kind, name) in made
        assert key is None or key in made[kind, name]


@each([one for one in OURS if one.folder == "production"])
def test_a_certificate_of_kafka_and_a_password_are_in_the_secrets_that_the_readme_names(workload):
    for place, volume in workload.mounted(workload.container):
        if place == "/kafka":
            assert created()["secret", volume["secret"]["secretName"]] == {"ca.crt", "password"}


@each(OURS)
def test_who_is_called_is_a_service_with_that_port_and_pods_behind_it(workload):
    inside = [*built("development"), *built("production")]
    names = workload.environment(workload.container)
    for variable in {"TUNEWRIGHT_SCHEDULER", "TUNEWRIGHT_SUGGESTER", "TUNEWRIGHT_METRICS"} & set(names):
        host, _, port = names[variable].partition(":")
        name, namespace, _svc = host.split(".")
        found = [
            one
            for one in inside
            if one["kind"] == "Service" and (one["metadata"]["name"], one["metadata"]["namespace"]) == (name, namespace)
        ]
        assert found
        for one in found:
            assert one["spec"]["clusterIP"] == "None", "so that calls go to all replicas in turn"
            assert int(port) in {each["port"] for each in one["spec"]["ports"]}


@pytest.mark.parametrize("folder", APPLIED)
def test_a_service_stands_for_the_pods_of_one_workload_and_for_ports_that_they_have(folder):
    for service in of_kind(folder, "Service"):
        (behind,) = [
            one for one in workloads(folder) if selects({"matchLabels": service["spec"]["selector"]}, one.labels)
        ]
        ports = {one.get("name"): one["containerPort"] for one in behind.container["ports"]}
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            assert target in ports or target in ports.values()
    assert {one["metadata"]["name"] for one in of_kind("development", "Service")} >= {
        f"tunewright-{name}" for name in ("suggester", "scheduler", "metrics", "gateway", "kafka", "mongodb")
    }


def test_the_certificate_that_the_readme_makes_names_every_service_that_is_called():
    assert set(re.findall(r"--name (tunewright-\S+)", README)) == {
        f"{one['metadata']['name']}.{one['metadata']['namespace']}.svc" for one in of_kind("production", "Service")
    }


@each(workloads(*APPLIED))
def test_selectors_select_what_they_stand_beside(workload):
    spec = workload.manifest["spec"]
    assert selects(spec["selector"], workload.labels)
    for constraint in workload.pod.get("topologySpreadConstraints", ()):
        assert constraint["labelSelector"] == spec["selector"]
    others = [one for one in workloads(workload.folder) if one.name != workload.name]
    assert not [one for one in others if selects(spec["selector"], one.labels)]


async def answer(path: str) -> int:
    """Return the status of what every service serves, all being well."""
    said = []

    async def send(message):
        said.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    headers = [(b"host", b"10.244.1.7:8080")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await application({}, ("*",))(scope, receive, send)
    return said[0]["status"]


@each(OURS)
async def test_probes_ask_what_is_served(workload):
    ports = {one["containerPort"] for one in workload.container["ports"]}
    asked = {}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked[probe] = workload.container[probe]["httpGet"]
        assert await answer(asked[probe]["path"]) == 200
        served = settings(workload)
        assert asked[probe]["port"] in ports
        assert served.http == f"0.0.0.0:{asked[probe]['port']}"
        encrypted = isinstance(served, HttpSettings) and served.http_tls() is not None
        assert asked[probe].get("scheme", "HTTP") == ("HTTPS" if encrypted else "HTTP")
    assert asked["readinessProbe"]["path"] == "/readyz"
    assert asked["livenessProbe"]["path"] == asked["startupProbe"]["path"] == "/healthz"


@each(workloads(*APPLIED))
def test_every_pod_is_held_as_the_strictest_published_standard_asks(workload):
    pod, held = workload.pod, workload.pod["securityContext"]
    assert held["runAsNonRoot"] is True
    assert held["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert pod["enableServiceLinks"] is False
    assert {kind for volume in pod.get("volumes", ()) for kind in volume} <= {
        *("name", "persistentVolumeClaim", "emptyDir", "secret", "configMap"),
    }
    assert workload.container["securityContext"]["allowPrivilegeEscalation"] is False
    assert workload.container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    namespaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in of_kind(workload.folder, "Namespace")}
    assert namespaces[workload.namespace]["pod-security.kubernetes.io/enforce"] == "restricted"


@each(OURS)
def test_ours_are_the_images_own_user_and_write_to_volumes_alone(workload):
    assert (workload.pod["securityContext"]["runAsUser"], workload.pod["securityContext"]["fsGroup"]) == (10001, 10001)
    assert workload.container["securityContext"]["readOnlyRootFilesystem"] is True
    for volume in workload.pod["volumes"]:
        assert "secret" not in volume or volume["secret"]["defaultMode"] == 0o440, (
            "readable by the pod's group, and by nobody else"
        )


@each(OURS)
def test_only_the_trainer_that_makes_jobs_has_a_token(workload):
    assert workload.pod["automountServiceAccountToken"] is (workload.folder == JOBS)


@pytest.mark.parametrize("folder", ["development", "production"])
def test_the_services_may_do_nothing_in_the_cluster(folder):
    assert not of_kind(folder, "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


@each([one for one in OURS if one.service == "trainer"])
def test_a_trainer_has_neither_the_certificates_key_nor_the_installations_credentials(workload):
    secrets = {one["secret"]["secretName"] for one in workload.pod["volumes"] if "secret" in one}
    assert secrets == {"tunewright-trainer", "tunewright-kafka-trainer"}


def test_the_token_that_the_readme_makes_for_trainers_may_call_what_they_call_and_nothing_else(tmp_path):
    """Of the owner whose trainers run everybody's trainings, in files as servers and trainers read them."""
    (line,) = re.findall(
        r"^ +tunewright (admin tokens add trainers .*) >credentials-of-trainers$", README, re.MULTILINE
    )
    file = tmp_path / "access"
    done = CliRunner().invoke(app, [str(file) if word == file.name else word for word in line.split()])
    (tmp_path / "trainers").touch(0o600)
    (tmp_path / "trainers").write_text(done.stdout)
    installation = create_or_load(tmp_path / "credentials", grpc="", http="")
    token = load_credentials(tmp_path / "trainers").tunewright_token
    who = Access(installation, file=file).authenticate(token)
    assert (who.owner, who.scopes) == (OWNER, {Scope.TRAIN})
    assert {scope for path, scope in SCOPES.items() if "/tunewright.v1.WorkerService/" in path} == {Scope.TRAIN}


@each(workloads(*APPLIED))
def test_an_image_that_was_loaded_into_the_nodes_is_not_asked_of_a_registry(workload):
    """Kubernetes does so by itself where a tag is given that is not `latest`."""
    assert "initContainers" not in workload.pod, "a service waits by itself for what it stands on"
    _, _, tag = workload.container["image"].rpartition("/")[2].partition(":")
    assert workload.container.get("imagePullPolicy") == "IfNotPresent" or tag not in {"", "latest"}


@each(ours("development", "production"))
def test_a_drained_node_takes_one_replica_at_a_time_and_also_the_last(workload):
    (budget,) = [
        one
        for one in of_kind(workload.folder, "PodDisruptionBudget")
        if selects(one["spec"]["selector"], workload.labels)
    ]
    assert budget["spec"]["maxUnavailable"] == 1
    assert "minAvailable" not in budget["spec"]
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@each([one for one in ours("development", "production") if one.service == "trainer"])
def test_a_trainer_that_is_taken_away_has_time_to_hand_back(workload):
    given = settings(workload)
    assert given.drain_then is DrainThen.HAND_BACK
    assert given.drain_s + LAST_CALLS_S + given.hand_back_s < workload.pod["terminationGracePeriodSeconds"]
    spec = workload.manifest["spec"]
    assert spec["podManagementPolicy"] == "Parallel"
    assert set(spec["persistentVolumeClaimRetentionPolicy"].values()) == {"Retain"}
    (template,) = spec["volumeClaimTemplates"]
    assert dict(workload.mounted(workload.container))[str(given.data_dir)] == template


@each(OURS)
def test_everything_has_requests_and_a_limit_of_memory(workload):
    resources = workload.container["resources"]
    assert {"cpu", "memory"} <= set(resources["requests"])
    assert "memory" in resources["limits"]


@each([one for one in OURS if one.service != "trainer"])
def test_servers_read_the_access_file(workload):
    assert settings(workload).access == Path("/access/access")


def test_production_names_a_place_and_a_version_for_every_image():
    for workload in ours("production"):
        image = workload.container["image"]
        assert re.fullmatch(rf"registry\.example/tunewright/{workload.service}:\d+\.\d+\.\d+", image)


def test_a_pool_with_gpus_stands_beside_the_other():
    cpu, gpu = sorted((one for one in ours("production") if one.service == "trainer"), key=lambda one: len(one.name))
    pools = [settings(one).pool for one in (cpu, gpu)]
    assert pools == ["default", "gpu"]
    assert not selects(cpu.manifest["spec"]["selector"], gpu.labels)
    gpus = [one.container["resources"]["limits"].get("nvidia.com/gpu") for one in (cpu, gpu)]
    assert gpus == [None, "1"]
    assert settings(cpu).gpus == "none"
    assert settings(gpu).gpus == "", "what nvidia-smi lists"
    assert settings(gpu).slots == 1


def test_the_program_and_the_job_that_the_readme_makes_go_together(tmp_path):
    (program,) = re.findall(r"^ +(printf .*?>train\.py)$", README, re.DOTALL | re.MULTILINE)
    subprocess.run(["bash", "-c", program], cwd=tmp_path, check=True)
    job = textwrap.dedent(re.search(r"\n\n((?: +\S.*\n)+)\n   and\n", README)[1])
    (tmp_path / "job.yaml").write_text(job)
    (definition,) = from_file(tmp_path / "job.yaml", "job").spec.definitions
    assert definition.image == "file:///programs/train.py"
    (name,) = yaml.safe_load(job)["params"]
    printed = subprocess.check_output([sys.executable, "train.py", f"--{name}", "5"], cwd=tmp_path, text=True)
    assert printed.startswith(f"{yaml.safe_load(job)['minimize']}=9")
