"""AWS's sagemaker-training toolkit in a container: an image with it runs unchanged, its code brought or its own."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.docker.world import DockerWorld
from tests.contract.runner_contract import until
from tests.servers.engine import docker_engine
from tunewright.core.spec import Definition
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.fetching import Fetching
from tunewright_trainer.folder import Folders, read_failure
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.storage.disk import Disk

pytest.importorskip("sagemaker_training", reason="the sagemaker-training toolkit comes with `make setup`")

EXAMPLE = Path(__file__).parents[2] / "examples/toolkit"
WITHOUT_CODE = """\
FROM {python}
COPY train /opt/python/bin/train
"""
WITH_CODE = (
    WITHOUT_CODE
    + """\
COPY train.py /opt/ml/code/train.py
ENV SAGEMAKER_PROGRAM=train.py
"""
)


@pytest.fixture
def world(tmp_path: Path) -> DockerWorld:
    return DockerWorld(docker_engine(), Folders(tmp_path / "data"))


@pytest.fixture
async def runner(world: DockerWorld):
    runner = world.make_runner()
    yield runner
    await runner.close()
    await world.end_all()


def launch(world: DockerWorld, dockerfile: str, *, isolated: bool = False, **hyperparameters: str) -> Launch:
    train, code = ((EXAMPLE / name).read_text() for name in ("train", "train.py"))
    python = world.engine.python("sagemaker-training")
    image = world.engine.built(dockerfile.format(python=python), **{"train": train, "train.py": code})
    made = Launch(Attempt("job/000001", 1), "job-001", Definition(image, network_isolation=isolated), hyperparameters)
    world.launches.append(made)
    return made


async def fetch(world: DockerWorld, launch: Launch, root: Path) -> None:
    world.folder(launch).root.mkdir(parents=True)
    with closing(Fetching(Buckets(root, Disk((EXAMPLE,))))) as fetching:
        await fetching.fetch(launch, world.folder(launch))


async def test_code_that_the_trainer_has_brought_is_run_in_an_isolated_container(world, runner, tmp_path):
    script_mode = {"sagemaker_program": "train.py", "sagemaker_submit_directory": json.dumps(EXAMPLE.as_uri())}
    made = launch(world, WITHOUT_CODE, isolated=True, **script_mode, steps="1", rate="0.5")
    await fetch(world, made, tmp_path)
    await runner.start(made)
    end = await runner.wait(made.attempt)
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 0), world.spool(made).decode()
    assert b"step=1 loss=0.000000;" in world.spool(made)
    assert json.loads((world.folder(made).first.model / "model.json").read_text()) == {"weight": 3.0}


async def test_an_image_runs_the_code_that_it_brings_and_is_told_of_a_stop(world, runner):
    made = launch(world, WITH_CODE, steps="100000", pause="0.01")
    await runner.start(made)
    await until(lambda: b"loss=" in world.spool(made))
    await runner.stop(made.attempt, EndCause.STOPPED, 60)
    end = await runner.wait(made.attempt)
    assert (end.cause, end.exit_code) == (EndCause.STOPPED, 0), world.spool(made).decode()
    assert (world.folder(made).first.model / "model.json").exists()


async def test_a_script_that_fails_says_why(world, runner):
    made = launch(world, WITH_CODE, steps="many")
    await runner.start(made)
    end = await runner.wait(made.attempt)
    assert (end.cause, end.exit_code) == (EndCause.EXITED, 1)
    assert read_failure(world.folder(made).first, 1024).startswith("ExecuteUserScriptError:\nExitCode 2\n")
