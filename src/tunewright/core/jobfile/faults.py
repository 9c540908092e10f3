"""All that is wrong with a job file, not only the first thing."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from tunewright.core import amt
from tunewright.core.check import check_new, faults_of_new
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile.definition import Place
from tunewright.core.jobfile.members import members_of
from tunewright.core.jobfile.reading import from_jobfile
from tunewright.core.members import renamed
from tunewright.core.spec import TuningJobSpec

MOST_FAULTS: Final = 20
STAND_INS: Final[Mapping[str, str]] = {"script": "/train.py", "maximize": "objective"}
"""What is put in for a member that must be there, to find what else is wrong."""
BELONGS_TO: Final[Mapping[str, str]] = {"warm_start": "transfer"}
"""What makes no sense without another member."""


class Told(NamedTuple):
    """A specification as it was written, in one of the two forms, and what that form calls its fields."""

    spec: TuningJobSpec
    members: Mapping[str, str]


class Found(NamedTuple):
    """What a job file says: a checked specification, or what is wrong, by the file's members."""

    told: Told | None
    faults: tuple[InvalidSpec, ...] = ()
    readable: TuningJobSpec | None = None
    """With faults: the rest, without what cannot be read."""


def read_job(tree: Any, place: Place) -> Told:
    """Read a job file, ours or AMT's body. Raises InvalidSpec with the path of the member."""
    return _read(tree, place, is_amt=amt.looks_like_amt(tree))


def _read(tree: Any, place: Place, *, is_amt: bool) -> Told:
    if is_amt:
        spec = amt.from_amt(tree)
        return Told(spec, amt.members_of(spec))
    spec = from_jobfile(tree, place)
    return Told(spec, members_of(spec))


def examine(tree: Any, place: Place) -> Found:
    """Read and check a job file to the end, whatever is wrong with it.

    What cannot be read is taken out and the rest is read. Only what is readable as a whole is checked, by every rule:
    of a job with a part missing, rules would find wrong what only follows from that.
    """
    rest = copy.deepcopy(tree)
    if faults := tuple(_unreadable(rest, place)):
        return Found(None, faults, _rest(tree, rest, place))
    told = read_job(tree, place)
    if faults := faults_of_new(told.spec):
        return Found(None, tuple(in_words_of(told, fault) for fault in faults[:MOST_FAULTS]), told.spec)
    return Found(Told(check_new(told.spec), told.members))


def in_words_of(told: Told, fault: InvalidSpec) -> InvalidSpec:
    """Return what is wrong with a field of the specification as said of the file's member."""
    return InvalidSpec(renamed(fault.field, told.members), fault.why, fault.remedy)


def line_of(member: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of a member, or of the nearest thing around it; None: it stands nowhere."""
    while member and member not in lines:
        member = _around(member)
    return lines[member] if member else None


def _around(member: str) -> str:
    return member[: max(member.rfind("."), member.rfind("["), 0)]


def _unreadable(rest: Any, place: Place) -> Iterator[InvalidSpec]:
    """Yield what cannot be read, and take it out."""
    is_amt = amt.looks_like_amt(rest)
    seen, taken = set[str](), set[str]()
    while len(seen) < MOST_FAULTS:
        try:
            _read(rest, place, is_amt=is_amt)
        except InvalidSpec as fault:
            member = fault.field
            if any(member.startswith((f"{path}.", f"{path}[")) for path in taken):
                return  # it is missed where something was taken out
            if member not in seen:
                seen.add(member)
                yield fault
                if (path := _taken_out(rest, member)) is not None:
                    taken.add(path)
                    continue
            if not _put_in(rest, member):
                return
        else:
            return


def _rest(tree: Any, rest: Any, place: Place) -> TuningJobSpec | None:
    """Read what is left of a job file; what was put in for what is missing is not told as if it had been given."""
    try:
        spec = _read(rest, place, is_amt=amt.looks_like_amt(tree)).spec
    except InvalidSpec:
        return None
    put_in = {name for name in STAND_INS if name in rest and rest[name] != tree.get(name)}
    if "script" in put_in:
        spec = replace(spec, definitions=(replace(spec.definitions[0], image=""),))
    if "maximize" in put_in:
        spec = replace(spec, objective=replace(spec.objective, metric_name=""))
    return spec


def _taken_out(tree: Any, member: str) -> str | None:
    """Take out what was refused, or the nearest thing around it; return its path, None if it stands nowhere."""
    places = dict(_places(tree, ""))
    while member and member not in places:
        member = _around(member)
    if not member:
        return None
    container, key = places[member]
    del container[key]
    if member in BELONGS_TO:
        tree.pop(BELONGS_TO[member], None)
    return member


def _put_in(tree: Any, member: str) -> bool:
    """Put something in for what must be there; False: nobody knows what."""
    stand_in = STAND_INS.get(member)
    if stand_in is None or not isinstance(tree, dict) or tree.get(member) == stand_in:
        return False
    tree[member] = stand_in
    return True


def _places(tree: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the path of each mapping's members, with the mapping and the key; elements of lists have no place.

    Taken out of its list, an element would give its number to the next one.
    """
    match tree:
        case dict():
            for key, value in tree.items():
                here = f"{path}.{key}" if path else str(key)
                yield here, (tree, key)
                yield from _places(value, here)
        case list():
            for index, value in enumerate(tree):
                yield from _places(value, f"{path}[{index}]")
