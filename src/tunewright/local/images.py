"""Which programs the embedded server may run: only those below folders that its operator has named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tunewright.core.errors import InvalidSpec


def image_check(roots: tuple[Path, ...]) -> Callable[[str, str], None]:
    """Return a check of (field, image) that raises InvalidSpec for what no trainer here would run."""
    allowed = [root.resolve() for root in roots]

    def check(field: str, image: str) -> None:
        parts = urlsplit(image)
        if parts.scheme != "file":
            raise InvalidSpec(
                field, f"{image!r} is not a program on this machine", "Give file:///folder or file:///script.py"
            )
        try:
            path = Path(url2pathname(parts.path)).resolve()
            found = path.exists()
        except (ValueError, RuntimeError, OSError) as error:
            why = f"{image!r} is no path: {error}"
            raise InvalidSpec(field, why, "Give the path of a script, or of a folder") from None
        if not found:
            raise InvalidSpec(
                field, f"there is no {path}", "Give the path of a script, or of a folder with a program `train`"
            )
        if not any(path.is_relative_to(root) for root in allowed):
            roots_text = ", ".join(map(str, allowed)) or "none"
            why = f"{path} is below no image root of this server ({roots_text})"
            raise InvalidSpec(field, why, f"Start it with: tunewright local --image-root {path.parent}")

    return check
