"""A job as its user wrote it: what is wrong with it is said in the words of the form that they chose.

There are three forms, a script with options, a job file of ours, and AMT's body; `check`, here and in the server, knows
only the specification. Each form's reader keeps the table from paths of the specification to members of the form.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tunewright.core import amt, jobfile
from tunewright.core.check import check
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place
from tunewright.core.members import renamed
from tunewright.core.spec import Definition, TuningJobSpec

OPTIONS: Final = {"script": "program", "params": "--param", "fixed": "--set", "metrics": "--metric"}
"""Options that are not called like the member of the job file that they stand for."""


@dataclass(frozen=True, slots=True)
class Written:
    """A checked specification, and how its user knows its fields."""

    spec: TuningJobSpec
    members: Mapping[str, str]
    """From paths of the specification, if they differ."""
    spelled: Callable[[str], str] = str
    """How a member is written: as it is, or as an option."""
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Of the file's members."""

    @contextmanager
    def in_its_words(self) -> Iterator[None]:
        """Name what is refused inside by its member, and where that stands."""
        with located(self.file, self.lines):
            try:
                yield
            except InvalidSpec as error:
                raise InvalidSpec(self.spelled(renamed(error.field, self.members)), error.why, error.remedy) from None


def from_options(options: Mapping[str, Any], script: Path, name: str) -> Written:
    """Return the job of a script with options: a job file's tree, but its members are options. Raises InvalidSpec."""
    place = Place(str(Path.cwd()), sys.executable, name)
    try:
        spec = jobfile.from_jobfile({**options, "script": str(script.absolute())}, place)
    except InvalidSpec as error:
        raise InvalidSpec(option_of(error.field), error.why, error.remedy) from None
    return _checked(Written(spec, jobfile.members_of(spec), option_of))


def from_file(path: Path, name: str) -> Written:
    """Return the job of a job file, ours or AMT's. Raises InvalidSpec with the file and, if it has one, the line."""
    from tunewright.cli.yaml_file import read_tree

    tree, lines = read_tree(path)
    with located(path.name, lines):
        if amt.looks_like_amt(tree):
            spec = amt.from_amt(tree)
            members = amt.members_of(spec)
        else:
            spec = jobfile.from_jobfile(tree, Place(str(path.parent.absolute()), sys.executable, name))
            members = jobfile.members_of(spec)
    return _checked(Written(spec, members, file=path.name, lines=lines))


def _checked(written: Written) -> Written:
    with written.in_its_words():
        for index, definition in enumerate(written.spec.definitions):
            _check_script(definition, f"definitions[{index}].image")
        return replace(written, spec=check(written.spec))


def _check_script(definition: Definition, path: str) -> None:
    """A script stands on this machine, wherever the server is; an image is the server's to look for."""
    script = Path(definition.image.removeprefix("file://"))
    if jobfile.PYTHON_VARIABLE in definition.environment and not script.is_file():
        raise InvalidSpec(path, f"there is no file {script}", "Give a training script")


@contextmanager
def located(file: str, lines: Mapping[str, int]) -> Iterator[None]:
    """Give what is refused inside its place: the line of the member, or of the nearest thing around it."""
    try:
        yield
    except InvalidSpec as error:
        raise InvalidSpec(error.field, error.why, error.remedy, _place(error.field, file, lines)) from None


def _place(member: str, file: str, lines: Mapping[str, int]) -> str:
    while member and member not in lines:
        member = member[: max(member.rfind("."), member.rfind("["), 0)]
    return f"{file} line {lines[member]}" if member else file


def option_of(member: str) -> str:
    """`max_runtime` is --max-runtime, `params.lr` is --param lr."""
    head, _, rest = member.partition(".")
    option = OPTIONS.get(head) or f"--{head.replace('_', '-')}"
    return f"{option} {rest}".rstrip()
