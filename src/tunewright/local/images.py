"""Which programs and images the embedded server may run: programs only below folders that its operator has named."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tunewright.core.check_running import PROGRAM, check_hosted
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.core.spec import Definition
from tunewright_trainer.runner.making import CLIENT_OF_ENGINE, RunnerKind, check_engine

ENGINE_WITHIN_S: Final = 3.0
"""Who creates a job waits meanwhile; an engine that is there answers in milliseconds."""


def image_check(roots: tuple[Path, ...], runner: RunnerKind = RunnerKind.PROCESS) -> Callable[[str, Definition], None]:
    """Return a check of (path, definition) that raises InvalidSpec for an image that no trainer here would run.

    It asks no engine: see require_engine. Whether that has an image, it tells when a training starts.
    """
    allowed = [root.resolve() for root in roots]

    def check(path: str, definition: Definition) -> None:
        field = f"{path}.image"
        if not definition.image.startswith(PROGRAM):
            _require_containers(field, definition.image, runner)
            return
        if runner is RunnerKind.DOCKER:
            remedy = "Give the name of an image, or start it with: tunewright local --runner auto"
            raise InvalidSpec(field, f"{definition.image!r} is a program, and this server runs containers", remedy)
        _require_below(field, definition, allowed)
        check_hosted(definition, path)

    return check


async def require_engine(path: str, definition: Definition, docker_host: str = "") -> None:
    """Raises InvalidSpec: its image needs a container engine, and none answers at `docker_host`, or by default."""
    if definition.image.startswith(PROGRAM):
        return
    try:
        await check_engine(docker_host, ENGINE_WITHIN_S)
    except Unavailable as away:
        why = f"{definition.image!r} is run in a container, and {away}"
        remedy = (
            "Start Docker, or start this server again with the DOCKER_HOST of an engine; programs of this machine, "
            "file:///script.py, need none with --runner auto"
        )
        raise InvalidSpec(f"{path}.image", why, remedy) from away


def _require_containers(field: str, image: str, runner: RunnerKind) -> None:
    """Raises InvalidSpec: no image can be run."""
    program = "Give file:///folder or file:///script.py"
    if runner is RunnerKind.PROCESS:
        remedy = f"{program}, or start it with: tunewright local --runner docker"
        raise InvalidSpec(field, f"{image!r} is not a program on this machine, and this server runs no others", remedy)
    if find_spec(CLIENT_OF_ENGINE) is None:
        remedy = f"{program}, or run: pip install 'tunewright[docker]'"
        raise InvalidSpec(field, f"{image!r} is not a program on this machine, and containers cannot be run", remedy)


def _require_below(field: str, definition: Definition, allowed: list[Path]) -> None:
    """Raises InvalidSpec: it is not there, or below none of the allowed folders."""
    image = definition.image
    try:
        path = Path(url2pathname(urlsplit(image).path)).resolve()
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
    if not definition.entrypoint:
        _require_program(field, path)


def _require_program(field: str, path: Path) -> None:
    """Raises InvalidSpec: it is neither a script of Python nor a program, nor a folder with one."""
    program = path / "train" if path.is_dir() else path
    if not program.is_file():
        raise InvalidSpec(field, f"there is no {program}", "Put the program there, or name a script")
    if path.suffix != ".py" and not os.access(program, os.X_OK):
        raise InvalidSpec(field, f"{program} is not an executable file", f"chmod +x {program}")
