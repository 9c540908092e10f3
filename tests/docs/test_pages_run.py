"""Pages that are run as they stand, from top to bottom, beside a server that a reader would have started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import as_script
from tests.docs.register import NEEDS, RUN_WHOLE, SHOWN
from tests.e2e.served import Served

TRAIN = """
import sys
print(f"epoch=1 loss={sys.argv[sys.argv.index('--lr') + 1]}")
"""
MY_JOB = (
    "--name",
    "my-job",
    "--param",
    "lr=log(1e-3,1e-1)",
    "--param",
    "n=1..3",
    "--minimize",
    "loss",
    "--trials",
    "4",
)
DIGITS = """
name: digits
image: claim://
maximize: val_acc
params: {lr: "log(1e-3, 1e-1)"}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all pages, with the jobs that they speak of: `my-job`, which has ended, `digits`, which runs."""
    served = Served(tmp_path_factory.mktemp("readers"))
    served.start()
    (served.folder / "train.py").write_text(TRAIN)
    (served.folder / "digits.yaml").write_text(DIGITS)
    environment = {**os.environ, "TUNEWRIGHT_DATA_DIR": str(served.data_dir)}
    try:
        for arguments in (("train.py", *MY_JOB), ("digits.yaml", "--detach")):
            command = [sys.executable, "-m", "tunewright", "tune", *arguments]
            subprocess.run(command, cwd=served.folder, env=environment, check=True, capture_output=True)
        yield served
    finally:
        served.end()


@pytest.mark.parametrize("page", RUN_WHOLE)
def test_the_page_runs_from_its_top_to_its_bottom(page: str, served: Served, tmp_path: Path) -> None:
    for module in NEEDS.get(page, ()):
        pytest.importorskip(module, reason=f"{module} is not installed")
    folder = served.folder / Path(page).stem
    folder.mkdir()
    shutil.copy(served.folder / "train.py", folder)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TUNEWRIGHT_DATA_DIR": str(served.data_dir),
    }
    command = ["bash", "-c", as_script(page, set(SHOWN.get(page, {})), tmp_path)]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
