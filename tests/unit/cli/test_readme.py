"""The README's job file is right as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from tunewright.cli.written import from_file

README = Path(__file__).parents[3] / "README.md"


def test_the_readmes_job_file_is_right(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "train.py").touch()
    (tmp_path / "job.yaml").write_text(re.sub(r"^python: .*\n", "", text, flags=re.MULTILINE))
    spec = from_file(tmp_path / "job.yaml", "job").spec
    assert list(spec.definitions[0].space) == ["lr", "batch", "epochs"]
    assert spec.enqueued[0].configuration["batch"] == "64"
