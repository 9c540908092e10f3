"""The images and the compose file: what an operator relies on, seen without an engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.deploy.installation import compose_command
from tunewright.cli.operating import Checked
from tunewright.core.errors import InvalidSpec
from tunewright.platform.certificates import ALWAYS_NAMED
from tunewright.platform.parts import load
from tunewright.platform.settings import (
    CallerSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    ServerSettings,
    described,
    from_environment,
)
from tunewright_trainer.settings import DrainThen
from tunewright_trainer.trainer import LAST_CALLS_S

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SERVICES = ("suggester", "scheduler", "trainer", "metrics", "gateway")
CALLED = {"suggester", "scheduler", "metrics", "gateway"}
"""By other services or by clients; the certificate names them."""


def composed():
    return yaml.safe_load(COMPOSE.read_text())


def service(name):
    return composed()["services"][name]


def settings_of(name):
    return Checked if name == "setup" else load(f"serve-{name}").settings


def dockerfile(name):
    return (ROOT / "services" / name / "Dockerfile").read_text()


def instructions(name):
    """Yield the words of each instruction of the last stage: its name, and the rest as one text."""
    text = dockerfile(name).replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    for line in lines[last:]:
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def instruction(name, word):
    """Return the last instruction of a kind."""
    return [rest for kind, rest in instructions(name) if kind == word][-1]


def variables(name):
    """Return what a container of the service sees of ours; compose's ${NAME:-default} stand as their defaults."""
    given = {key: str(value) for key, value in service(name)["environment"].items()}
    if name in SERVICES:
        pairs = [pair.partition("=") for kind, rest in instructions(name) if kind == "ENV" for pair in rest.split()]
        given = {key: value for key, _, value in pairs if key.startswith("TUNEWRIGHT_")} | given
    return {key: re.sub(r"\$\{\w+:-(.*)}", r"\1", value) for key, value in given.items()}


@pytest.mark.parametrize("name", [*SERVICES, "setup"])
def test_every_variable_that_is_set_is_one_that_the_service_reads(name):
    known = {variable for variable, *_ in described(settings_of(name))}
    assert set(variables(name)) <= known


@pytest.mark.parametrize("name", [*SERVICES, "setup"])
def test_a_service_accepts_what_is_set_and_misses_nothing(name):
    from_environment(settings_of(name), variables(name))


@pytest.mark.parametrize("name", SERVICES)
def test_what_listens_beyond_loopback_has_a_certificate_and_what_calls_has_its_authority(name):
    given = from_environment(settings_of(name), variables(name))
    if isinstance(given, ServerSettings):
        assert given.grpc.startswith("0.0.0.0:")
        assert given.tls() is not None
        assert given.tls().client_ca is not None
    if isinstance(given, CallerSettings):
        assert given.caller_tls().certificate is not None
    if isinstance(given, HttpSettings):
        assert given.http.startswith("0.0.0.0:")
        assert given.http_tls() is not None
        assert not given.http_plaintext


def test_the_certificate_names_every_service_that_is_called_and_this_machine():
    (script,) = service("setup")["command"]
    assert "tunewright admin certs " in script
    assert CALLED | {"localhost", "127.0.0.1"} <= set(ALWAYS_NAMED)


@pytest.mark.parametrize("name", SERVICES)
def test_who_is_called_is_a_service_on_a_shared_network_that_serves_this_port(name):
    for variable, value in variables(name).items():
        if variable in {"TUNEWRIGHT_SCHEDULER", "TUNEWRIGHT_SUGGESTER", "TUNEWRIGHT_METRICS"}:
            host, _, port = value.partition(":")
            assert host in CALLED
            assert set(service(host)["networks"]) & set(service(name)["networks"])
            assert variables(host)["TUNEWRIGHT_GRPC"].endswith(f":{port}")


def test_trainings_reach_neither_the_database_nor_the_key_of_the_certificate():
    trainer = service("trainer")
    assert not set(trainer["networks"]) & set(service("mongodb")["networks"])
    assert not [volume for volume in trainer["volumes"] if volume.startswith(("tls:", "authority:"))]


def test_every_certificate_that_is_named_is_put_where_it_is_named():
    (script,) = service("setup")["command"]
    put = {(Path(name).name, words[-1]) for words in map(str.split, script.splitlines()) for name in words[2:-1]}
    for name in SERVICES:
        for variable, value in variables(name).items():
            if value.endswith(".pem"):
                assert (Path(value).name, str(Path(value).parent)) in put, variable


def test_the_authoritys_key_is_seen_by_nobody_but_who_signs_with_it():
    mounting = [name for name, entry in composed()["services"].items() if "authority:" in str(entry.get("volumes"))]
    assert mounting == ["setup"]


def test_only_the_services_share_the_networks_of_kafka_and_mongodb():
    ours = {*SERVICES, "setup", "kafka", "mongodb", "trainer-docker", "trainer-gpu"}
    for name in ("kafka", "mongodb"):
        assert all(composed()["networks"][network]["internal"] for network in service(name)["networks"])
        members = {
            other
            for other in composed()["services"]
            if set(service(other)["networks"]) & set(service(name)["networks"])
        }
        assert members <= ours


def published():
    for name in composed()["services"]:
        for port in service(name).get("ports", ()):
            yield name, *re.fullmatch(r"127\.0\.0\.1:(\d+)(?:-(\d+))?:(\d+)", port).groups()


def test_every_host_port_is_on_loopback_and_no_other_services():
    taken = [port for _, first, last, _ in published() for port in range(int(first), int(last or first) + 1)]
    assert {name for name, *_ in published()} == {"scheduler", "metrics", "gateway", "prometheus", "grafana"}
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize("name", ["scheduler", "metrics", "gateway"])
def test_the_ports_of_a_service_leave_room_for_more_replicas(name):
    for _, first, last, inside in [found for found in published() if found[0] == name]:
        assert int(last) - int(first) >= 3
        assert inside in instruction(name, "EXPOSE").split()


def test_every_service_can_be_scaled():
    assert not [name for name in composed()["services"] if "container_name" in service(name)]


def test_each_trainer_has_a_data_folder_of_its_own():
    data = variables("trainer")["TUNEWRIGHT_DATA_DIR"]
    assert [volume for volume in service("trainer")["volumes"] if volume.split(":")[-1] == data] == [data]


def test_a_stopped_trainer_may_drain_before_it_is_killed():
    given = from_environment(settings_of("trainer"), variables("trainer"))
    patience_s = int(service("trainer")["stop_grace_period"].removesuffix("s"))
    assert given.drain_s > 0
    assert given.drain_then is DrainThen.HAND_BACK
    assert given.drain_s + LAST_CALLS_S + given.hand_back_s < patience_s


def docker_trainer(**changes):
    """Return the settings of the trainer that uses the machine's engine, as compose gives them."""
    environment = service("trainer-docker")["environment"] | changes
    given = {key: re.sub(r"\$\{\w+:?-(.*)}", r"\1", str(value)) for key, value in environment.items()}
    return from_environment(settings_of("trainer"), given)


def test_a_trainer_gets_the_engine_only_if_it_is_asked_for_and_told_which_images_may_run():
    assert service("trainer-docker")["profiles"] == ["docker"]
    with_socket = {name for name, entry in composed()["services"].items() if "docker.sock" in str(entry.get("volumes"))}
    assert with_socket == {"trainer-docker"}
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_IMAGES"):
        docker_trainer().of_runner()
    assert docker_trainer(TUNEWRIGHT_IMAGES="team/*").of_runner().docker.images == ("team/*",)


def test_the_engine_sees_the_data_of_trainings_under_the_trainers_own_path():
    folder = "${TRAINER_DATA:-/var/lib/tunewright}"
    assert service("trainer-docker")["environment"]["TUNEWRIGHT_DATA_DIR"] == folder
    assert f"{folder}:{folder}" in service("trainer-docker")["volumes"]
    assert docker_trainer().docker_data_dir == docker_trainer().data_dir, "so folders elsewhere are copied, not shown"


def test_the_trainer_with_the_engine_reaches_what_others_reach():
    assert service("trainer-docker")["networks"] == service("trainer")["networks"]
    assert set(service("trainer-docker")["environment"]) <= {name for name, *_ in described(settings_of("trainer"))}
    assert service("trainer-docker")["cap_drop"] == ["ALL"]
    assert not service("trainer-docker").get("privileged")


def test_trainers_run_programs_from_the_mounted_folder_and_from_nowhere_else():
    roots = variables("trainer")["TUNEWRIGHT_IMAGE_ROOTS"].split(":")
    assert roots == ["/programs"]
    assert [volume for volume in service("trainer")["volumes"] if volume.endswith(":/programs:ro")]


@pytest.mark.parametrize("name", ["trainer", "trainer-docker"])
def test_of_a_trainers_disk_jobs_name_programs_and_models_and_nothing_else(name):
    instructed = [pair for kind, rest in instructions("trainer") if kind == "ENV" for pair in rest.split()]
    assert "TUNEWRIGHT_DATA_ROOTS=/programs:/models" in instructed
    assert "TUNEWRIGHT_DATA_ROOTS" not in service(name)["environment"]
    assert "models:/models" in service(name)["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_asked_whether_it_is_ready(name):
    assert instruction(name, "HEALTHCHECK").endswith('CMD ["python", "/opt/tunewright/ready.py"]')
    assert instruction(name, "WORKDIR") != "/opt/tunewright"
    assert variables(name)["TUNEWRIGHT_HTTP"] == "0.0.0.0:8080"
    assert "healthcheck" not in service(name)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_ready_is_who_answers_so(status, code):
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"kafka")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.handle_request, daemon=True).start()
        done = subprocess.run(
            [sys.executable, ROOT / "deploy/image/ready.py"],
            env={"TUNEWRIGHT_HTTP": f"0.0.0.0:{server.server_port}"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout, asked) == (code, "kafka", ["/readyz"])


@pytest.mark.parametrize("name", ["kafka", "mongodb"])
def test_what_they_stand_on_has_a_health_check_and_keeps_its_data(name):
    assert service(name)["healthcheck"]["test"]
    volumes = [volume.partition(":")[0] for volume in service(name)["volumes"]]
    assert volumes
    assert set(volumes) <= set(composed()["volumes"])


def test_the_start_is_ordered_by_health():
    for name in ("setup", *SERVICES, "trainer-gpu", "trainer-docker", "grafana"):
        for other, how in service(name)["depends_on"].items():
            wanted = "service_completed_successfully" if other == "setup" else "service_healthy"
            assert how == {"condition": wanted}, (name, other)
    assert set(service("setup")["depends_on"]) == {"kafka", "mongodb"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_has_the_extras_that_its_service_needs_and_no_others(name):
    settings = settings_of(name)
    needed = (
        {extra for kind, extra in ((KafkaSettings, "kafka"), (MongoSettings, "mongodb")) if issubclass(settings, kind)}
        | {"trainer": {"s3", "docker", "kubernetes"}}.get(name, set())
        | {"otel"}
    )
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert needed <= set(known)
    runs = [rest for kind, rest in instructions(name) if kind == "RUN"]
    assert {
        extra
        for rest in runs
        if (found := re.fullmatch(r"python install\.py (.+)", rest))
        for extra in found[1].split()
    } == needed
    (extras,) = re.findall(r"tunewright(?:\[([\w,]+)\])?'?$", runs[-1])
    assert {extra for extra in extras.split(",") if extra} == needed


def test_what_all_images_have_is_written_alike_so_that_it_is_made_once():
    common = {
        re.search(r"^# Down to .*?(?=^# From here on)", dockerfile(name), re.MULTILINE | re.DOTALL)[0]
        for name in SERVICES
    }
    assert len(common) == 1
    wheels = {
        re.search(r"^FROM \S+ AS wheel\n.*?(?=^# Down to)", dockerfile(name), re.MULTILINE | re.DOTALL)[0]
        for name in SERVICES
    }
    assert len(wheels) == 2, "the gateway's has the dashboard in it"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_begins_where_it_does_with_and_without_compose(name):
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile(name), re.MULTILINE))
    given = {key: re.fullmatch(rf"\$\{{{key}:-(.+)}}", value)[1] for key, value in build_arguments(name).items()}
    assert given == defaults
    assert "BASE" in defaults


def build_arguments(name):
    return service(name)["build"]["args"]


def test_every_image_that_is_not_ours_is_of_one_version():
    for name in composed()["services"]:
        image = service(name)["image"]
        assert image.startswith("tunewright/") or re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", image), image


def test_profiles_add_to_what_runs_without_one():
    profiles = {name: service(name).get("profiles", ["core"]) for name in composed()["services"]}
    assert profiles == {name: ["core"] for name in (*SERVICES, "setup", "kafka", "mongodb")} | {
        "trainer-gpu": ["gpu"], "trainer-docker": ["docker"], "prometheus": ["full"], "grafana": ["full"],
    }  # fmt: skip


def test_the_gpu_trainer_is_a_trainer_with_all_of_the_machines_gpus():
    gpu, plain = service("trainer-gpu"), service("trainer")
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["count"]) == ("nvidia", "all")
    assert "gpu" in device["capabilities"]
    changed = {"profiles", "deploy", "environment"}
    assert {key: gpu[key] for key in gpu if key not in changed} == {
        key: plain[key] for key in plain if key != "environment"
    }
    assert set(gpu["environment"]) - set(plain["environment"]) == {"TUNEWRIGHT_GPUS"}
    assert gpu["environment"]["TUNEWRIGHT_GPUS"] == "${TRAINER_GPUS:-}", "unset: what nvidia-smi lists"


def test_logs_and_restarts_are_bounded_and_the_same_for_all():
    for name in composed()["services"]:
        assert service(name)["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
        assert service(name).get("restart", "unless-stopped") == ("no" if name == "setup" else "unless-stopped"), name


def test_grafanas_password_is_drawn_once_and_is_readable_by_it_alone(tmp_path):
    (script,) = service("grafana")["command"]
    script = script.replace("$$", "$").replace("/var/lib/grafana", str(tmp_path)).replace("/run.sh", "true")
    drawn = []
    for _ in range(2):
        subprocess.run([*service("grafana")["entrypoint"], script], check=True)
        drawn.append((tmp_path / "password").read_text())
    assert drawn[0] == drawn[1]
    assert len(drawn[0].strip()) >= 20
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600
    assert "PASSWORD" not in str(service("grafana").get("environment"))


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_runs_its_service_as_a_user_without_privileges(name):
    assert instruction(name, "USER") == "tunewright"
    assert instruction(name, "ENTRYPOINT") == f'["tunewright", "serve", "{name}"]'
    assert service(name)["build"]["dockerfile"] == f"services/{name}/Dockerfile"


def test_what_the_images_copy_is_in_the_build_context():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in SERVICES:
        lines = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(name), re.MULTILINE)
        for path in [path for line in lines for path in line.split()]:
            assert any(Path(path).is_relative_to(one) for one in kept), path
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("profiles", ["", "core", "gpu", "docker", "full", "gpu,docker,full"])
def test_compose_itself_accepts_the_file(profiles):
    command = compose_command()
    if command is None:
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    done = subprocess.run(
        [*command, "--file", str(COMPOSE), "config", "--quiet"],
        env=os.environ | {"COMPOSE_PROFILES": profiles}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
