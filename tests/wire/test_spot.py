"""Hosts that are taken back: a training is handed back, and goes on at another host from its checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.engine import docker_engine
from tests.wire.containers import GOES_ON, STEPS, WENT_ON, of_containers, one_by_one, training_of
from tests.wire.fleet import Fleet, until
from tunewright.core.states import JobState


def program(fleet: Fleet) -> str:
    script = fleet.folder / "goes_on.py"
    script.write_text(GOES_ON)
    return script.as_uri()


@pytest.mark.parametrize("runner", ["process", "docker"])
def test_it_goes_on_from_its_checkpoint_where_another_host_takes_it(fleet: Fleet, tmp_path: Path, runner: str):
    fleet.start_again()
    engine = docker_engine() if runner == "docker" else None
    variables = {} if engine is None else of_containers(engine)
    image = program(fleet) if engine is None else engine.program(GOES_ON)
    pool, notice = f"spot-{runner}", tmp_path / "host-goes"
    spec = one_by_one(image, pool, pool, checkpoint_uri=(fleet.folder / pool).as_uri(), spot=True)
    first = fleet.trainer_beside(f"{pool}-1", pool, TUNEWRIGHT_PREEMPTION_FILE=str(notice), **variables)
    second = fleet.trainer_beside(f"{pool}-2", pool, **variables)
    with fleet.client() as client, first as taken_back:
        client.create(spec)
        name = training_of(client, pool).name
        until(lambda: f"step {STEPS}" in [line.text for line in client.output(name)], "it has saved its last step")
        at_first = training_of(client, pool).holder
        notice.touch()
        with second:
            until(lambda: client.describe(pool).state.final, "it has gone on and come to its end")
            until(lambda: not taken_back.running, "the trainer of the host that goes has ended")
            done, training = client.describe(pool), training_of(client, pool)
            lines = [line.text for line in client.output(name)]
    assert taken_back.end() == 0, "nothing was left there"
    assert (done.state, training.attempt, training.losses) == (JobState.COMPLETED, 2, 0)
    assert training.holder != at_first
    assert lines == WENT_ON
