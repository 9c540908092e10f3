"""Parts of the installation by name: what the shared package uses of a service without importing it.

The names stand under [project.entry-points."tunewright.parts"] in pyproject.toml.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from tunewright.core.errors import NotFound


def load(name: str) -> Any:
    """Return the part. Raises NotFound if this installation does not have it."""
    for entry in entry_points(group="tunewright.parts", name=name):
        return entry.load()
    raise NotFound("part of this installation", name)
