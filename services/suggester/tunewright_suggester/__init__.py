"""The suggester: which configurations next, and why; a service over a pure core, and a library.

`Optimizer` and what belongs to it are loaded when they are first used, so that importing the service costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunewright.core.errors import SpaceExhausted
    from tunewright_suggester.library.asked import Asked, Told
    from tunewright_suggester.library.optimizer import Optimizer
    from tunewright_suggester.library.ranges import Choice, Float, Int

__all__ = ["Asked", "Choice", "Float", "Int", "Optimizer", "SpaceExhausted", "Told"]

_HOMES = {
    "Asked": "tunewright_suggester.library.asked",
    "Choice": "tunewright_suggester.library.ranges",
    "Float": "tunewright_suggester.library.ranges",
    "Int": "tunewright_suggester.library.ranges",
    "Optimizer": "tunewright_suggester.library.optimizer",
    "SpaceExhausted": "tunewright.core.errors",
    "Told": "tunewright_suggester.library.asked",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
