"""docs/reference/python.md: the public names of `tunewright`, from their signatures and docstrings."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from itertools import pairwise
from typing import Any, Final

import tunewright
from tunewright import client
from tunewright.client.claiming.trainings import ClaimedTraining
from tunewright.core import errors, spec
from tunewright.core.errors import TunewrightError
from tunewright.functions.result import Trial, Tuned
from tunewright_suggester.library.asked import Asked, Told

PAGE: Final = """\
# Python reference

{written}

Everything of `import tunewright` that is public. [library.md](../library.md) and [own-loop.md](../own-loop.md) are the
guides; a job file's members are in the [README](../../README.md#tune-your-own-script).

## Tune a function

{functions}

## Ranges

{ranges}

## Optimizer

{optimizer}

## Client and AsyncClient

`Client` and `AsyncClient` have the same verbs; those of `AsyncClient` are awaited, or iterated with `async for`.
Without an address they find the one that `TUNEWRIGHT_ENDPOINT` names, or the server of this machine.

{client}

## Claimed trainings

{claimed}

## What calls return

All are plain values, from `tunewright.client`. Times are Unix seconds.

{results}

## Specification

What `Client.create` takes, from `tunewright.core.spec`. None means not given; durations are seconds.

{specification}

## Errors

From `tunewright.core.errors`. `reason` is stable and meant for programs, `str(error)` for people. A training that
fails is no error: it is a fact about the training.

{errors}
"""


def python_page(written: str) -> str:
    returned = [getattr(client, name) for name in client.__all__]
    results = [kind for kind in returned if is_dataclass(kind)]
    specified = [kind for kind in vars(spec).values() if _is_of(spec, kind) and is_dataclass(kind)]
    return PAGE.format(
        written=written,
        functions=_joined(_call(tunewright.minimize), _call(tunewright.maximize), _value(Tuned), _value(Trial)),
        ranges=_joined(*(_class(kind) for kind in (tunewright.Float, tunewright.Int, tunewright.Choice))),
        optimizer=_joined(_class(tunewright.Optimizer), _value(Asked), _value(Told)),
        client=_joined(_verbs(tunewright.Client, tunewright.AsyncClient)),
        claimed=_joined(_value(ClaimedTraining), _value(tunewright.TrainingStopped)),
        results=_joined(*map(_value, sorted(results, key=lambda kind: kind.__name__))),
        specification=_joined(*map(_value, specified)),
        errors=_errors(),
    )


def _joined(*parts: Iterable[str]) -> str:
    return "\n\n".join(text for part in parts for text in part if text)


def _call(function: Callable[..., Any], owner: str = "", documented: Callable[..., Any] | None = None) -> Iterator[str]:
    yield f"#### {owner}.{function.__name__}" if owner else f"### {function.__name__}"
    yield f"```python\n{_definition(function)}\n```"
    yield inspect.getdoc(documented or function) or ""


def _class(kind: type, *, made: bool = True) -> Iterator[str]:
    """Tell of a class that is called: how it is made, unless it is only ever handed out, and its members."""
    yield f"### {kind.__name__}"
    if made and "__init__" in vars(kind):
        yield f"```python\n{_definition(kind.__init__, kind.__name__)}\n```"  # type: ignore[misc]  # of the class itself
    yield _own_doc(kind)
    yield from _members(kind)


def _verbs(synchronous: type, asynchronous: type) -> Iterator[str]:
    """Tell of each verb once: as the synchronous client has it, in the words of the other, which does the work."""
    yield f"### {synchronous.__name__}"
    yield f"```python\n{_definition(synchronous.__init__, synchronous.__name__)}\n```"  # type: ignore[misc]  # of the class
    yield _own_doc(asynchronous)
    for name, member in _public(synchronous):
        if inspect.isfunction(member):
            yield from _call(member, synchronous.__name__, getattr(asynchronous, name))


def _value(kind: type) -> Iterator[str]:
    """Tell of a class that is looked at: its fields, properties and methods."""
    if not is_dataclass(kind):
        yield from _class(kind, made=False)
        return
    yield f"### {kind.__name__}"
    yield _own_doc(kind)
    said = _field_docs(kind)
    rows = [
        f"| `{one.name}` | `{_cell(str(one.type))}` | {_default(one)} | {said.get(one.name, '')} |"
        for one in fields(kind)
    ]
    yield "\n".join(["| field | type | default | |", "|---|---|---|---|", *rows])
    yield from _members(kind)


def _members(kind: type) -> Iterator[str]:
    for name, member in _public(kind):
        if isinstance(member, property):
            typed = f"`{name}: {inspect.signature(member.fget).return_annotation}`" if member.fget else name
            yield f"{typed} {inspect.getdoc(member) or ''}".rstrip()
        elif inspect.isfunction(member):
            yield from _call(member, kind.__name__)


def _public(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the public members, also those of bases that are ours."""
    ours = [base for base in reversed(kind.__mro__) if base.__module__.startswith("tunewright")]
    members = {name: member for base in ours for name, member in vars(base).items()}
    return ((name, member) for name, member in members.items() if not name.startswith("_"))


def _is_of(module: object, kind: object) -> bool:
    return inspect.isclass(kind) and kind.__module__ == getattr(module, "__name__", "")


def _own_doc(kind: type) -> str:
    """Return a class's docstring; not the signature that a dataclass without one is given."""
    text = inspect.cleandoc(kind.__doc__ or "")
    return "" if text.startswith(f"{kind.__name__}(") else text


def _definition(function: Callable[..., Any], name: str = "") -> str:
    """Return `def …: ...` on one line, or a parameter a line where it would be longer than ours are."""
    signature = inspect.signature(function)
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    parts, starred = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred = starred or parameter.kind in {parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL}
        parts.append(_parameter(parameter))
    returns = "" if name or signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
    head = f"class {name}" if name else f"def {function.__name__}"
    line = f"{head}({', '.join(parts)}){returns}: ..."
    if name:
        line = f"{name}({', '.join(parts)})"
    if len(line) <= 110:
        return line
    body = textwrap.indent(",\n".join(parts), "    ")
    return f"{name}(\n{body},\n)" if name else f"{head}(\n{body},\n){returns}: ..."


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    typed = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
    default = "" if parameter.default is parameter.empty else f" = {_quoted(parameter.default)}"
    return f"{stars}{parameter.name}{typed}{default}"


def _field_docs(kind: type) -> dict[str, str]:
    """Return what stands below the fields of a dataclass, as strings that Python itself drops."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    body = getattr(tree, "body", [])
    return {
        one.target.id: _cell(" ".join(said.value.value.split()))
        for one, said in pairwise(body)
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) and isinstance(said.value.value, str)
    }


def _default(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return "empty"
    if field.default is MISSING:
        return ""
    if is_dataclass(field.default):
        return f"`{type(field.default).__name__}()`"
    return f"`{_quoted(field.default.value if isinstance(field.default, Enum) else field.default)}`"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _errors() -> str:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, TunewrightError)]
    rows = [
        f"| `{kind.__name__}` | {'' if kind is TunewrightError else f'`{kind.__base__.__name__}`'} | {kind.reason} "
        f"| {kind.grpc_code} | {_cell(' '.join(_own_doc(kind).split()))} |"
        for kind in kinds
        if kind.__base__ is not None
    ]
    return "\n".join(["| error | is a | reason | gRPC | |", "|---|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
