"""What docs/own-loop.md shows is run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tunewright.core.states import JobState, TrainingState

PAGE = (Path(__file__).parents[2] / "docs/own-loop.md").read_text()
(JOB,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SYNCHRONOUS, ASYNCHRONOUS, STOPPED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


class Page:
    """A folder with the page's job file, and a server."""

    def __init__(self, served: Served) -> None:
        self.served = served
        (served.folder / "loop.yaml").write_text(JOB)
        self.environment = {**os.environ, "TUNEWRIGHT_DATA_DIR": str(served.data_dir)}

    def tune(self) -> None:
        command = [sys.executable, "-m", "tunewright", "tune", "loop.yaml", "--detach"]
        subprocess.run(command, cwd=self.served.folder, env=self.environment, check=True, capture_output=True)

    def start(self, program: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", program], env=self.environment, stdout=subprocess.PIPE, text=True
        )


@pytest.fixture
def page(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    yield Page(served)
    served.end()


@pytest.mark.parametrize("program", [SYNCHRONOUS, ASYNCHRONOUS], ids=["synchronous", "asynchronous"])
def test_the_loops_of_two_processes_run_the_job(page: Page, program: str) -> None:
    page.tune()
    loops = [page.start(program) for _ in range(2)]
    assert [(loop.communicate()[0], loop.returncode) for loop in loops] == [("", 0), ("", 0)]
    with page.served.client() as client:
        done, trainings = client.describe("loop"), list(client.trainings("loop"))
    assert (done.state, done.objectives.succeeded) == (JobState.COMPLETED, 6)
    if program is SYNCHRONOUS:
        assert {item.steps for item in trainings} == {3}


def test_what_is_to_be_saved_can_be_saved_when_a_stop_comes(page: Page) -> None:
    page.tune()
    loop = page.start(STOPPED)
    asked: set[str] = set()
    with page.served.client() as client:
        for watched in client.watch("loop"):
            for training in watched.trainings:
                if training.state is TrainingState.RUNNING and training.name not in asked:
                    client.stop_training(training.name)
                    asked.add(training.name)
            if watched.job.trainings.stopped:
                break
        client.stop("loop")
        assert client.wait("loop").state is JobState.STOPPED
        stopped = [item for item in client.trainings("loop") if item.objective_value is not None]
    assert {item.state for item in stopped} == {TrainingState.STOPPED}
    output, _ = loop.communicate()
    assert loop.returncode == 0
    assert stopped[0].name in output
