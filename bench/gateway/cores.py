"""Which processes run on which core: the server has one to itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_servers_core() -> Iterator[None]:
    """Processes started within run on one core."""
    with _on(_cores()[:1]):
        yield


@contextmanager
def on_clients_cores() -> Iterator[None]:
    """Processes started within run on all cores but the server's; on a machine of one core, beside it."""
    with _on(_cores()[1:] or _cores()):
        yield


def _cores() -> list[int]:
    """Return the cores that this process may use; none where the system does not say (macOS)."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def _on(cores: list[int]) -> Iterator[None]:
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
