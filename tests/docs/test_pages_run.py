"""Pages that are run as they stand, from top to bottom, beside a server that a reader would have started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import as_script
from tests.docs.register import NEEDS, RUN_WHOLE, SHOWN
from tests.e2e.served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all pages, whose jobs have names of their own."""
    served = Served(tmp_path_factory.mktemp("readers"))
    served.start()
    yield served
    served.end()


@pytest.mark.parametrize("page", RUN_WHOLE)
def test_the_page_runs_from_its_top_to_its_bottom(page: str, served: Served, tmp_path: Path) -> None:
    for module in NEEDS.get(page, ()):
        pytest.importorskip(module, reason=f"{module} is not installed")
    folder = served.folder / Path(page).stem
    folder.mkdir()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TUNEWRIGHT_DATA_DIR": str(served.data_dir),
    }
    command = ["bash", "-c", as_script(page, set(SHOWN.get(page, {})), tmp_path)]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert ran.stdout
