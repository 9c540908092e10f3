"""Which program a definition means on this host, or why it will not be run.

    file:///folder      <folder>/train train            in the folder
    file:///script.py   <python> script.py --name value … in the script's folder
    file:///program     <program> train                 in the program's folder

ContainerEntrypoint replaces the program: its first word is a path inside the image's folder, or one under an allowed
root. ContainerArguments replace the arguments. In the definition's environment TUNEWRIGHT_PYTHON names another
interpreter and TUNEWRIGHT_WORKDIR another working directory. Allowed roots say what may be run by mistake; they are no
wall against somebody who may create jobs, who runs programs as this user anyway.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tunewright.core.arns import Account
from tunewright.core.check_running import check_hosted
from tunewright.core.errors import InvalidSpec
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.program import arguments, environment

UNRESOLVED: Final = {"SM_STUDIO_LOCAL_MODE": "true"}
"""Has the sagemaker-training toolkit not wait, for a quarter of an hour, until the name algo-1 can be resolved."""


@dataclass(frozen=True, slots=True)
class Program:
    argv: Sequence[str]
    working_directory: Path
    environment: Mapping[str, str]


def resolve(launch: Launch, base: Path, roots: Sequence[Path], kept: Mapping[str, str], account: Account) -> Program:
    """Return what to run. `roots` are without symlinks, `kept` is the inherited environment.

    Raises: InvalidSpec: it is not there, not executable, not under an allowed root, or asks for what containers have.
    """
    definition = launch.definition
    check_hosted(definition, "definition")
    image = _allowed(_local_path(definition.image), roots, "image")
    home = image if image.is_dir() else image.parent
    settings = UNRESOLVED | environment(launch, base, kept, account)
    if launch.gpus:
        settings["CUDA_VISIBLE_DEVICES"] = ",".join(launch.gpus[0])
    argv = _argv(launch, image, home, roots)
    working_directory = Path(definition.environment.get("TUNEWRIGHT_WORKDIR", home))
    if not working_directory.is_dir():
        raise InvalidSpec("environment.TUNEWRIGHT_WORKDIR", f"{working_directory} is not a folder", "Name one that is")
    return Program(argv, working_directory, settings)


def _argv(launch: Launch, image: Path, home: Path, roots: Sequence[Path]) -> list[str]:
    definition = launch.definition
    if definition.entrypoint:
        first, *rest = definition.entrypoint
        return [_executable(_allowed(home / first, roots, "entrypoint"), "entrypoint"), *rest, *definition.arguments]
    if image.suffix == ".py":
        words = definition.arguments or arguments(launch.hyperparameters)
        return [_interpreter(definition.environment), str(image), *words]
    program = _allowed(image / "train", roots, "image") if image.is_dir() else image
    return [_executable(program, "image"), *(definition.arguments or ["train"])]


def _local_path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path:
        remedy = "Name a folder or a script as file:///…, or use a trainer with containers"
        raise InvalidSpec("image", f"the process runner cannot run {uri!r}", remedy)
    return Path(unquote(parts.path))


def _allowed(path: Path, roots: Sequence[Path], field: str) -> Path:
    """Return the path with symlinks resolved."""
    real = path.resolve()
    if not any(real.is_relative_to(root) for root in roots):
        allowed = ", ".join(map(str, roots)) or "none"
        raise InvalidSpec(field, f"{real} is under no allowed root ({allowed})", "Start the trainer with --image-root")
    if not real.exists():
        raise InvalidSpec(field, f"{real} does not exist", "Check the path on the trainer's host")
    return real


def _executable(path: Path, field: str) -> str:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise InvalidSpec(field, f"{path} is not an executable file", f"chmod +x {path}")
    return str(path)


def _interpreter(variables: Mapping[str, str]) -> str:
    python = variables.get("TUNEWRIGHT_PYTHON", sys.executable)
    found = shutil.which(python)
    if found is None:
        field = "environment.TUNEWRIGHT_PYTHON"
        raise InvalidSpec(field, f"{python} is not an executable file", "Name a Python interpreter of this host")
    return found
