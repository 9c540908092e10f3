"""One record: a request and its answer in protobuf JSON; how it is made, read, asked again and compared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import MessageToDict, ParseDict

from tests.unit.suggester.messages import request_from
from tunewright.core.draws import uniform
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import Ask
from tunewright_suggester.core.suggest import suggest
from tunewright_suggester.wire import read_ask, write_answer

FOLDER: Final = Path(__file__).parent
ANNOUNCED: Final = FOLDER / "announced.txt"
"""The item of the changelog that told of the present answers."""
CHANGELOG: Final = FOLDER.parents[3] / "CHANGELOG.md"
SEEDS: Final = range(3, 15)
TREMORS: Final = 3
TREMOR: Final = 1e-12
"""Relative change of the objectives, that of another build's rounding, that an answer must outlast."""
TOLERANCE: Final = 1e-6
TINY: Final = 1e-9

Record = dict[str, Any]


def items_of(changelog: str) -> Iterator[str]:
    """Yield the items of a changelog, each on one line."""
    for item in re.findall(r"^- (.*(?:\n  .*)*)", changelog, re.MULTILINE):
        yield " ".join(item.split())


def unreleased(changelog: str) -> str:
    """Return the part of a changelog that is not released yet."""
    return changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]


def recorded(ask: Ask) -> Record | None:
    """Return a record of the ask under the first seed whose answer outlasts tremors; None: there is none."""
    for seed in SEEDS:
        request = request_from(replace(ask, seed=seed))
        answer = answered(request)
        if all(differences(answer, answered(shaken(request, tremor))) == [] for tremor in range(TREMORS)):
            return {"request": _written(request), "answer": answer}
    return None


def answered(request: pb.SuggestRequest) -> Record:
    return _written(write_answer(suggest(read_ask(request))))


def asked_again(record: Record) -> Record:
    return answered(ParseDict(record["request"], pb.SuggestRequest()))


def shaken(request: pb.SuggestRequest, tremor: int) -> pb.SuggestRequest:
    """Return the request with every objective, the parents' and the curves' too, off by TREMOR; ties stay ties."""
    moved = pb.SuggestRequest.FromString(request.SerializeToString())
    for definition in moved.definitions:
        for seen in (definition.observations, *(one.observations for one in definition.parents)):
            for numbers in (seen.values, seen.curves):
                for place, value in enumerate(numbers):
                    numbers[place] = value * (1.0 + TREMOR * (2.0 * uniform(tremor, 0, repr(value)) - 1.0))
    return moved


def differences(expected: Any, found: Any, path: str = "answer") -> list[str]:
    """Return where two answers differ by more than floating-point kinds may."""
    match expected, found:
        case dict(), dict():
            names = sorted({*expected, *found})
            return [one for name in names for one in differences(expected.get(name), found.get(name), f"{path}.{name}")]
        case list(), list() if len(expected) == len(found):
            pairs = enumerate(zip(expected, found, strict=True))
            return [one for place, (left, right) in pairs for one in differences(left, right, f"{path}[{place}]")]
        case float(), float():
            tiny = TINY if ".configuration." in path else TOLERANCE
            near = math.isclose(expected, found, rel_tol=TOLERANCE, abs_tol=tiny)
            return [] if near else [f"{path}: {found!r} instead of {expected!r}"]
        case _:
            return [] if expected == found else [f"{path}: {found!r} instead of {expected!r}"]


def write(name: str, record: Record) -> None:
    parts = (f"{json.dumps(part)}: {json.dumps(record[part], separators=(',', ':'))}" for part in ("request", "answer"))
    (FOLDER / f"{name}.json").write_text("{" + ",\n".join(parts) + "}\n")


def read(path: Path) -> Record:
    record: Record = json.loads(path.read_text())
    return record


def _written(message: Any) -> Record:
    written: Record = MessageToDict(message, preserving_proto_field_name=True)
    return written
