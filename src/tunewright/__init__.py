"""Tunewright: self-hosted automatic model tuning.

    from tunewright import Client                         # a running server's tuning jobs
    from tunewright import minimize, maximize             # a Python function as the training, on this machine
    from tunewright import Optimizer, Float, Int, Choice  # the strategies alone, no server needed

Everything is loaded when it is first used, so that `import tunewright` costs nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AsyncClient",
    "Choice",
    "Client",
    "Float",
    "Int",
    "Optimizer",
    "TrainingStopped",
    "maximize",
    "minimize",
]


def __getattr__(name: str) -> Any:
    if name in {"Client", "AsyncClient", "TrainingStopped"}:
        from tunewright import client

        return getattr(client, name)
    if name in {"minimize", "maximize"}:
        from tunewright.functions import tuning

        return getattr(tuning, name)
    if name in __all__:
        from tunewright.platform.parts import load

        return load(name.lower())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
