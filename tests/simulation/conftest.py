"""Hours of many small failures are told in each simulation; their log is for who tells one seed again."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True, scope="package")
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="package")
def _rarely_collected() -> Iterator[None]:
    """A simulation's garbage is small beside what is loaded, which would be looked through again and again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
