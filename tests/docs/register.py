"""Who runs the code of which page; what is only shown, and why. `test_blocks.py` holds all pages to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUN_WHOLE: Final = (
    "tutorial.md",
    "coming-from-optuna.md",
    "coming-from-ray-tune.md",
    "coming-from-sagemaker.md",
)
"""Pages that `test_pages_run.py` runs."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "coming-from-optuna.md": ("optuna",),
    "coming-from-sagemaker.md": ("boto3",),
}
"""Modules without which a page is skipped."""

SHOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "tutorial.md": {
        "pip install tunewright": "the tests run what is here",
        "tunewright top": "it stays until q is pressed; tests/e2e/test_top.py runs it",
        "tunewright local": "the test has started it",
    },
    "coming-from-ray-tune.md": {
        "from ray import tune": "Ray is not among the test dependencies; only our side runs",
    },
    "coming-from-sagemaker.md": {
        "tunewright local       # in a terminal of its own": "the test has started it",
    },
}
"""By page and first line: blocks that nothing runs."""
