"""Variables in which a definition says how a program that is no container is started."""

from __future__ import annotations

from typing import Final

PYTHON_VARIABLE: Final = "TUNEWRIGHT_PYTHON"
"""Environment of a script: which interpreter runs it."""
WORKDIR_VARIABLE: Final = "TUNEWRIGHT_WORKDIR"
"""Environment of a script: where it runs."""
