"""Images beside scripts on one machine: the embedded server with a real Docker engine, killed in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.served import Served, job
from tests.servers.engine import Engine, docker_engine
from tests.wire.fleet import until
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Limits, Resources
from tunewright.core.states import JobState, TrainingState

LINES = 40
IMAGE = f"""
import json, os, time
tuned = json.load(open("/opt/ml/input/config/hyperparameters.json"))
for number in range({LINES}):
    print("line", number, flush=True)
    time.sleep(0.1)
open("/opt/ml/model/weights", "w").write(tuned["x"])
print("score=" + tuned["x"], flush=True)
"""


@pytest.fixture
def engine(monkeypatch) -> Engine:
    engine = docker_engine()
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    return engine


@pytest.fixture
def served(tmp_path: Path, engine: Engine):
    assert engine.going
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


def printing(served: Served) -> list[Path]:
    """Return the spools of images that have begun to print."""
    return [spool for spool in served.data_dir.glob("trainer/trainings/*/spool") if b"line" in spool.read_bytes()]


def few(name: str) -> dict[str, object]:
    return {"name": name, "limits": Limits(max_parallel=2, max_trainings=2)}


def test_an_image_and_a_script_run_side_by_side_through_kill_9_of_the_server(served: Served, engine: Engine):
    jobs = [job(engine.program(IMAGE), **few("image")), job(served.program("echo score=0.5"), **few("script"))]
    with served.client() as client:
        for spec in jobs:
            client.create(spec)
    until(lambda: len(printing(served)) == 2, "both containers print")
    served.end(signal.SIGKILL)
    served.start()
    with served.client() as client:
        for spec in jobs:
            done = client.wait(spec.name)
            assert (done.state, done.objectives.succeeded) == (JobState.COMPLETED, 2)
        trainings = list(client.trainings("image"))
        outputs = [[line.text for line in client.output(training.name)] for training in trainings]
    assert [lines[:-1] for lines in outputs] == [[f"line {number}" for number in range(LINES)]] * 2
    assert [training.attempt for training in trainings] == [1, 1], "what was running has been found again"
    for training in trainings:
        assert (served.data_dir / f"trainer/artifacts/{training.name}/output/model.tar.gz").exists()
    assert not engine.get("/containers/json?all=1"), "nothing is left behind"


def test_a_size_beyond_this_machine_is_no_reason_not_to_run(served: Served, engine: Engine):
    spec = job(engine.program("print('score=1')"), **few("large"))
    large = replace(spec.definitions[0], resources=Resources("ml.p4d.24xlarge"))
    with served.client() as client:
        client.create(replace(spec, definitions=(large,)))
        assert client.wait("large").state is JobState.COMPLETED


def test_an_image_that_is_not_there_is_told_by_its_training(served: Served):
    with served.client() as client:
        client.create(job("test/nowhere:1", **few("missing")))
        client.wait("missing")
        training = next(iter(client.trainings("missing")))
    assert training.state is TrainingState.FAILED
    assert "test/nowhere:1" in training.reason


def test_a_server_of_programs_alone_names_the_option_that_images_need(tmp_path: Path):
    served = Served(tmp_path)
    served.start("--runner", "process")
    try:
        with served.client() as client, pytest.raises(InvalidSpec, match="--runner docker"):
            client.create(job("busybox:1"))
    finally:
        served.end()


def test_without_an_engine_an_image_is_refused_at_once_and_a_script_runs(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    served = Served(tmp_path)
    served.start()
    try:
        with served.client() as client:
            with pytest.raises(InvalidSpec, match=r"definitions\[0\]\.image: 'busybox:1' .*no\.sock.*Start Docker"):
                client.create(job("busybox:1", **few("image")))
            client.create(job(served.program("echo score=0.5"), **few("script")))
            assert client.wait("script").state is JobState.COMPLETED
    finally:
        served.end()


JOB = """\
image: busybox:1
maximize: score
params: {x: 0.0..1.0}
trials: 1
"""


class Failing(BaseHTTPRequestHandler):
    """An engine that says who it is and breaks off whatever it is asked to do."""

    def do_GET(self) -> None:
        body = b'{"ApiVersion": "1.41"}' if self.path.endswith("/version") else b"[]"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def failing_engine() -> Iterator[str]:
    """Yield where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_tune_says_in_time_that_a_training_waits_for_its_engine(tmp_path: Path, monkeypatch):
    (tmp_path / "job.yaml").write_text(JOB)
    served = Served(tmp_path)
    with failing_engine() as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        served.start()
        command = [sys.executable, "-m", "tunewright", "tune", "job.yaml", "--data-dir", str(served.data_dir)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=tmp_path, text=True, **streams) as tuning:
            assert tuning.stderr is not None
            said = next(line for line in tuning.stderr if "to be started" in line)
            assert f"the container engine at {url} does not answer" in said
            tuning.terminate()
        served.end()
