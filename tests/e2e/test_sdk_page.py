"""What docs/sdk.md shows is run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.served import Served

PAGE = (Path(__file__).parents[2] / "docs/sdk.md").read_text()
(JOB,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TRAIN = "import sys\nprint('val_acc', '=', 1 - abs(float(sys.argv[2]) - 0.01), sep='')\n"


@pytest.mark.parametrize("code", BLOCKS, ids=["synchronous", "asynchronous"])
def test_the_code_runs(code: str, tmp_path: Path) -> None:
    (tmp_path / "digits.yaml").write_text(JOB)
    (tmp_path / "train.py").write_text(TRAIN)
    served = Served(tmp_path)
    served.start()
    environment = {**os.environ, "TUNEWRIGHT_DATA_DIR": str(served.data_dir)}

    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ran("-m", "tunewright", "tune", "digits.yaml", "--detach").returncode == 0
    program = ran("-c", code)
    served.end()
    assert program.returncode == 0, program.stderr
    assert "COMPLETED" in program.stdout or program.stdout.startswith("6\n")
