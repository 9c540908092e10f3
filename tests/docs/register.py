"""Who runs the code of which page; what is only shown, and why. `test_blocks.py` holds all pages to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUN_WHOLE: Final = (
    "tutorial.md",
)
"""Pages that `test_pages_run.py` runs."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
}
"""Modules without which a page is skipped."""

SHOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "tutorial.md": {
        "pip install tunewright": "the tests run what is here",
        "tunewright top": "it stays until q is pressed; tests/e2e/test_top.py runs it",
        "tunewright local": "the test has started it",
    },
}
"""By page and first line: blocks that nothing runs."""
