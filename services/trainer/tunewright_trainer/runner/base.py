"""What a program finds below /opt/ml from its start on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.program import configuration_files

FOLDERS: Final = ("", "input", "input/config", "model", "output", "output/data")
"""AMT's, those that hold others first; the others come with what is put into them: channels, checkpoints, code."""


def prepare_base(launch: Launch, base: Path, instance: int = 0, interface: str = "lo") -> None:
    """Make an instance's folders and configuration files. May come again."""
    for name in FOLDERS:
        (base / name).mkdir(parents=True, exist_ok=True)
    for name, content in configuration_files(launch, instance, interface).items():
        (base / "input/config" / name).write_text(json.dumps(content))
