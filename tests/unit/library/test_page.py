"""The code of docs/library.md runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "library.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: next(iter(re.findall(r"(\w+)\(", code)), "code"))
def test_the_code_runs(code, tmp_path):
    if "optuna" in code:
        pytest.importorskip("optuna", reason="optuna is not installed")
    (tmp_path / "program.py").write_text(code)
    ran = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
