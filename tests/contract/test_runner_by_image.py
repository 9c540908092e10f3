"""The runner that picks one by the image keeps the promise whichever it picks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.runner_contract import RunnerContract, World
from tests.contract.test_host_runner import Images
from tests.simulation.host import Host, HostRunner
from tunewright.core.errors import Unavailable
from tunewright.core.spec import Definition
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.by_image import ByImage
from tunewright_trainer.runner.process import ProcessRunner


def no_image(_launch: Launch) -> None:
    """There are no images on this machine."""


class TestPrograms(RunnerContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        folders, roots = Folders(tmp_path / "data"), tmp_path / "images"
        roots.mkdir()

        def make_image(source: str) -> str:
            script = roots / f"program{len(list(roots.iterdir()))}.py"
            script.write_text(source)
            return script.as_uri()

        def make_runner() -> ByImage:
            return ByImage(ProcessRunner(folders, [roots]), HostRunner(Host(folders, no_image)))

        return World(folders, make_runner, make_image)


class TestContainers(RunnerContract):
    @pytest.fixture
    async def world(self, tmp_path: Path) -> World:
        images = Images()
        machine = Host(Folders(tmp_path / "data"), images.program_of)
        return World(
            machine.folders, lambda: ByImage(ProcessRunner(machine.folders, []), HostRunner(machine)), images.make
        )


class Away(HostRunner):
    async def ping(self) -> None:
        raise Unavailable("the engine", "gone")


async def test_an_engine_is_missed_only_while_a_container_is_held(tmp_path):
    folders = Folders(tmp_path)
    runner = ByImage(ProcessRunner(folders, []), Away(Host(folders, no_image)))
    for number, image in enumerate(["file:///no/such/program", "busybox:1"], 1):
        await runner.ping()
        await runner.start(Launch(Attempt(f"job/{number}", 1), "job", Definition(image), {}))
    with pytest.raises(Unavailable):
        await runner.ping()
    await runner.remove(Attempt("job/2", 1))
    await runner.ping()


async def test_each_image_comes_to_the_runner_that_can_run_it(tmp_path):
    folders = Folders(tmp_path)
    runner = ByImage(ProcessRunner(folders, []), HostRunner(Host(folders, no_image)))
    ends = []
    for number, image in enumerate(["file:///no/such/program", "busybox:1"], 1):
        launch = Launch(Attempt(f"job/{number}", 1), "job", Definition(image), {})
        await runner.start(launch)
        ends.append(await runner.wait(launch.attempt))
    assert [end.cause for end in ends] == [EndCause.START_FAILED] * 2
    assert "no allowed root" in ends[0].why
    assert ends[1].why == "there is no busybox:1"
    await runner.close()
