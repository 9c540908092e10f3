"""Packages that are installed only on demand."""

from __future__ import annotations

from importlib.util import find_spec

from tunewright.core.errors import InvalidSpec


def require(package: str, extra: str, field: str) -> None:
    """Raise InvalidSpec for `field`, naming the command that installs it, if a package is missing."""
    if not _installed(package):
        why = f"needs {package}, which is not installed"
        raise InvalidSpec(field, why, f"Run: pip install 'tunewright[{extra}]'")


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even the package that it is a part of
        return False
