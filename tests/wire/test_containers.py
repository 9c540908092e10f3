"""A trainer of containers in a distributed installation: its jobs, its stops, its engine, its line to a scheduler."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from tests.servers.engine import Engine, docker_engine
from tests.servers.line import line_to
from tests.wire.containers import containers, of_containers, one_by_one, training_of
from tests.wire.fleet import LEASE, STOP_GRACE_S, Fleet, Member, until
from tunewright.core.states import EndCause, JobState

POOL: Final = "containers"
CUT_OFF: Final = "cut-off"
NOBODY: Final = "65534:65534"
SLOW_S: Final = 10.0
"""What this machine may add to a time, with other tests beside these; `make bench-trainer` measures it alone."""

WRITES: Final = """
import json, os
tuned = json.load(open("/opt/ml/input/config/hyperparameters.json"))
for place in ("model", "output/data", "output", "checkpoints"):
    with open(f"/opt/ml/{place}/written", "w") as file:
        file.write(tuned["x"])
print("user", os.getuid(), os.getgid())
print("score=" + tuned["x"])
"""
DEAF: Final = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("told", time.time(), flush=True))
print("up", flush=True)
while True:
    time.sleep(1)
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return docker_engine()


@pytest.fixture(scope="module")
def trainer(fleet: Fleet, engine: Engine) -> Iterator[Member]:
    """One whose programs run as nobody, of whom the image does not know."""
    fleet.start_again()
    with fleet.trainer_beside(POOL, POOL, **of_containers(engine, TUNEWRIGHT_DOCKER_USER=NOBODY)) as trainer:
        yield trainer


def test_a_job_runs_as_the_user_that_was_asked_for_and_all_that_it_writes_is_kept(
    fleet: Fleet, engine: Engine, trainer: Member
):
    kept, secret = fleet.folder / "kept", {"API_KEY": "known-to-the-program-alone"}
    program = engine.program(WRITES)
    spec = one_by_one(program, "as-nobody", POOL, trainings=2, checkpoint_uri=kept.as_uri(), environment=secret)
    with fleet.client() as client:
        client.create(spec)
        done = client.wait(spec.name)
        trainings = list(client.trainings(spec.name))
        outputs = [[line.text for line in client.output(training.name)] for training in trainings]
    assert (done.state, done.objectives.succeeded) == (JobState.COMPLETED, 2), [item.reason for item in trainings]
    for training, lines in zip(trainings, outputs, strict=True):
        x = lines[-1].removeprefix("score=")
        assert (lines[0], float(x)) == ("user 65534 65534", training.objective_value)
        model = Path(unquote(urlsplit(training.artifact_uri).path))
        until(model.exists, "the model is published")
        assert [packed(archive) for archive in (model, model.with_name("output.tar.gz"))] == [{"written": x}] * 2
        assert (kept / training.name / "written").read_text() == x
    until(lambda: containers(fleet, POOL, engine) == [], "nothing is left on the engine")
    logged = trainer.log.read_text()
    assert "session open" in logged
    assert not [one for one in (secret["API_KEY"], fleet.credentials.tunewright_token) if one in logged]


@pytest.mark.usefixtures("trainer")
def test_a_stop_reaches_the_container_soon_and_ends_the_deaf_after_the_grace(fleet: Fleet, engine: Engine):
    spec = one_by_one(engine.program(DEAF), "deaf", POOL)
    with fleet.client() as client:
        client.create(spec)
        name = training_of(client, spec.name).name
        assert next(client.output(name, follow=True)).text == "up"
        asked = time.time()
        client.stop(spec.name)
        done = client.wait(spec.name)
        (stopped,) = client.trainings(spec.name)
        (told,) = [line.text.split()[1] for line in client.output(name) if line.text.startswith("told")]
    assert done.state is JobState.STOPPED
    assert (stopped.end_cause, stopped.exit_code) == (EndCause.STOPPED, 137)
    assert float(told) - asked <= SLOW_S
    assert stopped.ended_at is not None
    assert STOP_GRACE_S <= stopped.ended_at - asked <= STOP_GRACE_S + 2 * SLOW_S


def test_it_is_not_ready_by_its_runner_while_the_engine_is_away(trainer: Member, engine: Engine):
    assert trainer.ready() == {"ready": True, "failing": []}
    engine.kill()
    try:
        assert trainer.ready() == {"ready": False, "failing": ["runner"]}
    finally:
        engine.start()
    until(lambda: trainer.ready()["ready"] is True, "it is ready again")


def test_one_that_is_cut_off_ends_its_containers_once_its_lease_is_gone(fleet: Fleet, engine: Engine):
    """The program does not heed SIGTERM: only the end of its container ends it."""
    fleet.start_again()
    spec = one_by_one(engine.program(DEAF), CUT_OFF, CUT_OFF)
    lease_s, grace_s = (float(LEASE[f"TUNEWRIGHT_{name}_S"]) for name in ("LEASE", "LEASE_GRACE"))
    with line_to(fleet.of("scheduler")[0].grpc) as line, fleet.client() as client:
        variables = of_containers(engine, TUNEWRIGHT_SCHEDULER=line.address)
        with fleet.trainer_beside(CUT_OFF, CUT_OFF, **variables):
            client.create(spec)
            name = training_of(client, spec.name).name
            assert next(client.output(name, follow=True)).text == "up"
            line.cut()
            gone_s = until(lambda: containers(fleet, CUT_OFF, engine) == [], "its container is gone")
            line.mend()
            client.stop(spec.name)
            assert client.wait(spec.name).state is JobState.STOPPED
    assert lease_s / 2 <= gone_s <= lease_s + grace_s, "not for a short silence, and before another may begin it"


def packed(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read().decode() for member in tar if member.isfile()}
