"""Who runs the code of which page; what is only shown, and why. `test_blocks.py` holds all pages to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUN_WHOLE: Final = (
    "../README.md",
    "access.md",
    "changing-jobs.md",
    "coming-from-optuna.md",
    "coming-from-ray-tune.md",
    "coming-from-sagemaker.md",
    "exports.md",
    "integrations/lightgbm.md",
    "integrations/mlflow.md",
    "integrations/pytorch.md",
    "integrations/scikit-learn.md",
    "jobs.md",
    "metrics.md",
    "tutorial.md",
)
"""Pages that `test_pages_run.py` runs."""

RUN_ELSEWHERE: Final[Mapping[str, str]] = {
    "events.md": "tests/wire/test_events_page.py",
    "library.md": "tests/e2e/test_library_page.py",
    "own-loop.md": "tests/e2e/test_own_loop_page.py",
    "sdk.md": "tests/e2e/test_sdk_page.py",
}
"""Pages with a test of their own."""

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "../README.md": ("pandas",),
    "coming-from-optuna.md": ("optuna",),
    "coming-from-sagemaker.md": ("boto3",),
    "exports.md": ("optuna", "pandas"),
    "integrations/lightgbm.md": ("lightgbm", "sklearn"),
    "integrations/mlflow.md": ("mlflow", "sqlalchemy"),
    "integrations/pytorch.md": ("torch",),
    "integrations/scikit-learn.md": ("sklearn",),
}
"""Modules without which a page is skipped."""

SHOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "../README.md": {
        "from tunewright import Float, Int, minimize": "train is the reader's; the tutorial runs the like",
    },
    "containers.md": {
        "#!/usr/bin/env python3": "the program of an image; tests/e2e/test_containers.py runs such ones",
    },
    "observability.md": {
        "import os": "a line of the reader's program; tests/e2e/test_observed.py finds the variable in a training",
    },
    "sagemaker.md": {
        "import boto3": "AWS's own accounts; tests/aws_clients runs both clients with ours",
    },
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
