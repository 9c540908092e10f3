"""Our images built and our compose file started, on a real engine: what an operator does, and what is there then."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.deploy.installation import PAGES, SERVERS, Installation
from tests.docs.pages import DOCS
from tests.servers.engine import docker_engine

pytestmark = [
    pytest.mark.timeout(900),
    # It takes five minutes and both cores, which all other tests together have to do with.
    pytest.mark.skipif(
        "TUNEWRIGHT_TEST_COMPOSE" not in os.environ,
        reason="set TUNEWRIGHT_TEST_COMPOSE=1 to build the images and start the compose file",
    ),
]

OF_EXTRAS: Final = {
    "suggester": set(),
    "scheduler": {"aiokafka", "motor"},
    "metrics": {"aiokafka", "motor"},
    "gateway": set(),
    "trainer": {"aiokafka", "boto3", "aiodocker", "kubernetes-asyncio"},
}
"""The distributions that only an extra brings, by which it is known."""
LISTED: Final = "import importlib.metadata as m; print(*(one.name for one in m.distributions()))"
GATED: Final = """\
import argparse, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
x = parser.parse_args().x
while not pathlib.Path("/programs/go").exists():
    time.sleep(0.05)
print(f"loss={x}", flush=True)
"""
JOB: Final = """\
image: file:///programs/train.py
minimize: loss
params: {x: 0.0..1.0}
strategy: random
trials: 4
parallel: 2
name: composed
"""
DESCRIBE: Final = """\
import boto3
sagemaker = boto3.client("sagemaker", region_name="us-east-1")
job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="composed")
print(job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]["Completed"])
"""
INDEX: Final = """\
import os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
print(urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL_SAGEMAKER"], context=context).read().decode())
"""
OF_THE_GPU_TRAINER: Final = quote(json.dumps({"label": ["com.docker.compose.service=trainer-gpu"]}))
PATIENCE_S: Final = 300.0


class Operator:
    """Runs commands in a shell that has been told where the services are."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        compose = shlex.quote(shlex.join(installation.command))
        self._told = installation.shell(f"make --silent exports COMPOSE={compose} KEPT={installation.folder}/kept")

    def tunewright(self, words: str, variables: str = "") -> str:
        return self._installation.shell(
            f"{self._told}\ncd {self._installation.folder}\n{variables} {sys.executable} -m tunewright {words}"
        )

    def python(self, program: str) -> str:
        return self._installation.shell(f"{self._told}\n{sys.executable} -c {shlex.quote(program)}")

    def asked(self, words: str, variables: str = "") -> Any:
        """Return what a command says for programs; nothing while it is refused."""
        return json.loads(self.tunewright(f"{words} --output json || echo []", variables))


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """All images are built; nothing runs yet."""
    made = Installation(docker_engine(), tmp_path_factory.mktemp("operator"))
    made.compose("build")
    yield made
    made.compose("down", "--volumes", "--timeout", "1")


@pytest.fixture(scope="module")
def running(installation) -> Installation:
    (installation.programs / "train.py").write_text(GATED)
    (installation.folder / "job.yaml").write_text(JOB)
    installation.compose("--profile", "core", "up", "--detach", "--scale", "trainer=2")
    return installation


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


@pytest.mark.parametrize("name", OF_EXTRAS)
def test_an_image_has_what_its_service_needs_and_nothing_of_the_others(installation, name):
    listed = installation.of_image(f"tunewright/{name}", "python", "-c", LISTED)
    found = {one.lower().replace("_", "-") for one in listed.split()}
    assert found & set.union(*OF_EXTRAS.values()) == OF_EXTRAS[name]
    assert "tunewright" in found


@pytest.fixture(scope="module")
def stopped_meanwhile(running) -> None:
    """A job has run, and one of its trainers was stopped in the midst of it; now it is there again."""
    operator = Operator(running)
    with ThreadPoolExecutor(2) as beside:
        tuned = beside.submit(operator.tunewright, "tune job.yaml")
        until(
            lambda: [one["state"] for one in operator.asked("trainings composed")] == ["InProgress"] * 2,
            "both trainers run a training",
        )
        leaving = running.containers("trainer")[0]
        stopped = beside.submit(running.shell, f"docker stop --time 380 {leaving}")
        until(lambda: [one for one in operator.asked("admin trainers") if one["draining"]], "it says that it leaves")
        (running.programs / "go").touch()
        stopped.result()
        tuned.result()
    running.engine.request("POST", f"/containers/{leaving}/start")


@pytest.mark.usefixtures("stopped_meanwhile")
def test_a_trainer_that_is_stopped_ends_what_it_runs_and_a_job_runs_on(running):
    trainings = Operator(running).asked("trainings composed")
    assert [(one["state"], one["attempt"]) for one in trainings] == [("Completed", 1)] * 4


@pytest.mark.usefixtures("stopped_meanwhile")
def test_aws_clients_and_a_browser_are_served_by_the_gateway(running):
    operator = Operator(running)
    assert operator.python(DESCRIBE).split() == ["Completed", "4"]
    assert operator.python(INDEX).strip() == (PAGES / "index.html").read_text().strip()


@pytest.mark.parametrize("name", SERVERS)
def test_a_container_gets_healthy_and_has_no_privileges(running, name):
    containers = running.containers(name)
    assert containers
    for container in containers:
        until(lambda one=container: health(running, one) == "healthy", f"{name} is healthy")
        seen = running.inspect(container)
        if name not in {"kafka", "mongodb"}:
            assert seen["Config"]["User"] == "tunewright"
            assert seen["HostConfig"]["CapDrop"] == ["ALL"]
        assert seen["HostConfig"]["LogConfig"]["Config"]["max-size"] == "10m"


@pytest.mark.usefixtures("stopped_meanwhile")
def test_volumes_keep_a_job_when_all_containers_are_replaced(running):
    before = Operator(running).asked("describe composed")
    running.compose("down", "--timeout", "5")
    running.compose("up", "--detach")
    operator = Operator(running)
    assert operator.asked("describe composed")["best"] == before["best"]
    assert operator.python(DESCRIBE).split() == ["Completed", "4"]


@pytest.mark.usefixtures("stopped_meanwhile")
def test_who_gets_a_token_as_the_page_says_sees_jobs_of_its_own_alone(running):
    text = (DOCS / "access.md").read_text().replace("\\\n", "")
    (line,) = re.findall(r"^docker compose (run .* admin tokens add .*)$", text, re.MULTILINE)
    token = running.compose(*shlex.split(line)).strip()
    operator = Operator(running)
    assert [one["name"] for one in operator.asked("jobs")] == ["composed"]
    assert operator.asked("jobs", f"TUNEWRIGHT_TOKEN={token}") == []


@pytest.mark.usefixtures("stopped_meanwhile")
def test_a_restored_database_is_told_so_as_the_page_says(running):
    (line,) = re.findall(r"^docker compose (run .* admin restored)$", (DOCS / "data-care.md").read_text(), re.MULTILINE)
    running.compose("stop", "scheduler", "metrics")
    assert "start the services" in running.compose(*shlex.split(line))
    running.compose("start", "scheduler", "metrics")
    until(lambda: Operator(running).asked("describe composed"), "the job is there again")


def test_the_gpu_trainer_asks_the_engine_for_gpus(running):
    running.compose("--profile", "gpu", "up", "--no-start", "--no-deps", "trainer-gpu")
    (made,) = running.engine.get(f"/containers/json?all=1&filters={OF_THE_GPU_TRAINER}")
    (asked,) = running.inspect(made["Id"])["HostConfig"]["DeviceRequests"]
    running.engine.request("DELETE", f"/containers/{made['Id']}?v=1")
    assert (asked["Driver"], asked["Count"]) == ("nvidia", -1)
    assert "gpu" in asked["Capabilities"][0]


def health(installation: Installation, container: str) -> str:
    """Return how a container is; it must have run ever since it was started."""
    seen = installation.inspect(container)
    assert (seen["State"]["Running"], seen["RestartCount"]) == (True, 0), seen["State"]
    return seen["State"]["Health"]["Status"]
