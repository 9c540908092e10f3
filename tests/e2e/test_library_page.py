"""The code of docs/library.md runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.served import Served

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.splitlines()[0])
def test_the_code_runs(code: str, tmp_path: Path) -> None:
    if "optuna" in code:
        pytest.importorskip("optuna", reason="optuna is not installed")
    (tmp_path / "program.py").write_text(code)
    served = Served(tmp_path)
    served.start()
    environment = {**os.environ, "TUNEWRIGHT_DATA_DIR": str(served.data_dir)}
    command = [sys.executable, "program.py"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    served.end()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
