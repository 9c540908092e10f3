"""A job as its user wrote it: what is wrong with it is said in the words of the form that they chose.

There are three forms, a script with options, a job file of ours, and AMT's body; `check`, here and in the server, knows
only the specification. Each form's reader keeps the table from paths of the specification to members of the form.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tunewright.core import amt, jobfile
from tunewright.core.check import check_new
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place
from tunewright.core.members import renamed
from tunewright.core.names import made_job_name
from tunewright.core.program_variables import PYTHON_VARIABLE
from tunewright.core.spec import Definition, TuningJobSpec

OPTIONS: Final = {
    "script": "program",
    "params": "--param",
    "fixed": "--set",
    "metrics": "--metric",
    "prices": "--price",
    "channels": "--channel",
    "autotune": "--auto",
    "hyperband": "--max-resource",
    "hyperband.max_resource": "--max-resource",
    "hyperband.min_resource": "--min-resource",
}
"""Options that are not called like the member of the job file that they stand for."""

EXAMPLES: Final = {
    "params": "lr='log(1e-4,1e-1)'",
    "fixed": "data=iris",
    "metrics": "loss='loss: ([0-9.]+)'",
    "prices": "local=0.0001",
    "channels": "train=data/train",
    "autotune": "lr=0.01",
}
JOB_FILE_SUFFIXES: Final = {".yaml", ".yml", ".json"}


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

    @property
    def aws_form(self) -> str:
        """AMT's request body, in JSON."""
        return json.dumps(amt.told(self.spec), indent=2)

    @contextmanager
    def in_its_words(self) -> Iterator[None]:
        """Name what is refused inside by its member, and where that stands."""
        with located(self.file, self.lines):
            try:
                yield
            except InvalidSpec as error:
                raise InvalidSpec(self.spelled(renamed(error.field, self.members)), error.why, error.remedy) from None


def from_program(program: Path, given: Mapping[str, Any], pairs: Mapping[str, Sequence[str]]) -> Written:
    """Return the checked job of a script with options, or of a job file. Raises InvalidSpec."""
    name = job_name(program.stem)
    options = {key: value for key, value in given.items() if value is not None}
    options |= {key: _pairs(key, texts) for key, texts in pairs.items() if texts}
    if program.suffix in JOB_FILE_SUFFIXES:
        own_name = options.pop("name", "")
        if options:
            option = next(iter(options))
            raise InvalidSpec(option_of(option), "cannot be combined with a job file", f"Write it into {program}")
        return from_file(program, name, own_name)
    return from_options(options, program, name)


def from_options(options: Mapping[str, Any], script: Path, name: str) -> Written:
    """Return the job of a script with options: a job file's tree, but its members are options. Raises InvalidSpec."""
    place = Place(str(Path.cwd()), sys.executable, name)
    try:
        spec = jobfile.from_jobfile({**options, "script": str(script.absolute())}, place)
    except InvalidSpec as error:
        raise InvalidSpec(option_of(error.field), error.why, error.remedy) from None
    return _checked(Written(spec, jobfile.members_of(spec), option_of))


def from_file(path: Path, name: str, own_name: str = "") -> Written:
    """Return the job of a job file, ours or AMT's. Raises InvalidSpec with the file and, if it has one, the line.

    `name` is for one that has none, `own_name` goes before the file's.
    """
    tree, lines = _tree_of(path)
    with located(path.name, lines):
        spec, members = jobfile.read_job(tree, Place(str(path.parent.absolute()), sys.executable, name))
    if own_name:
        spec, members = replace(spec, name=own_name), {**members, "name": option_of("name")}
    return _checked(Written(spec, members, file=path.name, lines=lines))


def _tree_of(path: Path) -> tuple[Any, dict[str, int]]:
    from tunewright.platform.yaml_text import Misread, read_tree

    try:
        return read_tree(path.read_text())
    except OSError as error:
        raise InvalidSpec(str(path), f"cannot be read: {error.strerror}", "Give a script or a job file") from None
    except UnicodeDecodeError:
        raise InvalidSpec(str(path), "is not text", "Give a job file in YAML or JSON") from None
    except Misread as error:
        raise InvalidSpec(error.field, error.why, error.remedy, _at(path.name, error.line)) from None


def _checked(written: Written) -> Written:
    with written.in_its_words():
        spec = written.spec
        definitions = tuple(_runnable(item, f"definitions[{index}]") for index, item in enumerate(spec.definitions))
        return replace(written, spec=check_new(replace(spec, definitions=definitions)))


def _runnable(definition: Definition, path: str) -> Definition:
    """Find a script and its interpreter, wherever the server is: they stand on this machine, an image on the server's.

    Raises: InvalidSpec: one of them is not there.
    """
    python = definition.environment.get(PYTHON_VARIABLE)
    if python is None:
        return definition
    script = Path(definition.image.removeprefix("file://"))
    if not script.is_file():
        raise InvalidSpec(f"{path}.image", f"there is no file {script}", "Give a training script")
    interpreter = shutil.which(python)
    if interpreter is None:
        field = f"{path}.environment.{PYTHON_VARIABLE}"
        raise InvalidSpec(field, f"{python} is not a program", "Name a Python interpreter")
    found = {PYTHON_VARIABLE: str(Path(interpreter).absolute())}
    return replace(definition, environment={**definition.environment, **found})


@contextmanager
def located(file: str, lines: Mapping[str, int]) -> Iterator[None]:
    """Give what is refused inside its place: the line of the member, or of the nearest thing around it."""
    try:
        yield
    except InvalidSpec as error:
        raise InvalidSpec(error.field, error.why, error.remedy, _place(error.field, file, lines)) from None


def _place(member: str, file: str, lines: Mapping[str, int]) -> str:
    return _at(file, jobfile.line_of(member, lines))


def _at(file: str, line: int | None) -> str:
    return file if line is None else f"{file} line {line}"


def option_of(member: str) -> str:
    """`max_runtime` is --max-runtime, `params.lr` is --param lr."""
    if member in OPTIONS:
        return OPTIONS[member]
    head, _, rest = member.partition(".")
    head = head.partition("[")[0]
    option = OPTIONS.get(head) or f"--{head.replace('_', '-')}"
    return f"{option} {rest}".rstrip()


def job_name(stem: str) -> str:
    """Make a name from a file's, with the time of day to the second."""
    return made_job_name(stem, datetime.now(UTC))


def _pairs(member: str, texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, option = name.strip(), OPTIONS[member]
        if not equals or not name or not value.strip():
            raise InvalidSpec(option, f"{text!r} is not NAME=VALUE", f"For example {option} {EXAMPLES[member]}")
        if name in pairs:
            raise InvalidSpec(f"{option} {name}", "is given twice", "Keep one")
        pairs[name] = value
    return pairs
