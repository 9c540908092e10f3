"""Which images a trainer runs: those that its operator has named."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from tunewright.core.errors import InvalidSpec

ANY = "*"


def allow_image(image: str, patterns: Sequence[str]) -> None:
    """Raise InvalidSpec unless an image's name matches a pattern, with the wildcards * ? [...]; * matches / too."""
    if image.startswith("file:"):
        remedy = "Name a container image, or use a trainer with the process runner"
        raise InvalidSpec("image", f"{image!r} is a program, and this trainer runs containers", remedy)
    if not any(fnmatchcase(image, pattern) for pattern in patterns):
        allowed = ", ".join(patterns) or "none"
        why = f"{image!r} is not among the images that this trainer may run ({allowed})"
        raise InvalidSpec("image", why, f"Have its operator add it to the allowed images; {ANY} allows all")
