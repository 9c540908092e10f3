"""A training's output as lines, for who has the whole of it as a text."""

from __future__ import annotations

import re
from typing import Final

LINE_END: Final = re.compile(r"\r\n|\n|\r")


def lines_of(text: str) -> list[str]:
    """Return a log's lines as a trainer cuts them: a progress bar's every step is one."""
    lines = LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]
