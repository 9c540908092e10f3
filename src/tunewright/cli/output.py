"""What verbs print: one mechanism for people and for programs, the data alone on standard output.

A verb hands over records, plain trees whose names are the fields of the SDK's results, the columns of their flat form,
and what draws them for people. JSON is the records, CSV their columns. A column is a path into the record, as
`best.objective_value`; `configuration.*` is a column for each name that any record has there.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

from tunewright.cli.forms import Form
from tunewright.cli.wording import printable, rounded
from tunewright.core.space import Value, text_of

Record = Mapping[str, Any]
EVERY: Final = ".*"


def record_of(value: Any) -> Any:
    """Return a result of the SDK as a plain tree; what JSON has no word for, such as NaN, is null."""
    match value:
        case Enum():
            return getattr(value, "shown", value.value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): record_of(item) for name, item in value.items()}
        case tuple() if hasattr(value, "_asdict"):  # a named one
            return record_of(value._asdict())
        case list() | tuple():
            return [record_of(item) for item in value]
        case _ if is_dataclass(value):
            return {field.name: record_of(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def show(
    form: Form, records: Sequence[Record] | Record, columns: Sequence[str], draw: Callable[[], None] | None = None
) -> None:
    """Print records, or a single one, in the form that was asked for; `draw` prints them for people.

    Without `draw` the columns are the table, too.
    """
    rows: Sequence[Record] = [records] if isinstance(records, Mapping) else records
    match form:
        case Form.JSON:
            print(json.dumps(records, indent=2))
        case Form.CSV:
            _write_csv(expanded(columns, rows), rows)
        case Form.TABLE if draw is not None:
            draw()
        case Form.TABLE:
            names = expanded(columns, rows)
            print_table(names, (tuple(_at(row, name) for name in names) for row in rows))


def show_each(form: Form, records: Iterable[Record], columns: Sequence[str], line: Callable[[Record], str]) -> int:
    """Print records as they come, in JSON an object a line, and return how many there were.

    `line` says one for people; columns are all named.
    """
    if form is Form.CSV:
        return _write_csv(columns, _flushing(records))
    count = 0
    for record in records:
        print(json.dumps(record) if form is Form.JSON else line(record), flush=True)
        count += 1
    return count


def expanded(columns: Sequence[str], records: Sequence[Record]) -> tuple[str, ...]:
    """Return the columns with a name for each that stands below `.*` in any of the records."""
    found: list[str] = []
    for column in columns:
        if not column.endswith(EVERY):
            found.append(column)
            continue
        above = column.removesuffix(EVERY)
        names = dict.fromkeys(name for record in records for name in _at(record, above) or {})
        found += [f"{above}.{name}" for name in names]
    return tuple(found)


def _at(record: Record, path: str) -> Any:
    """Return what stands at a path; None where the path leads nowhere."""
    if path in record:  # as a hyperparameter may be called that has a dot in its name
        return record[path]
    above, dot, rest = path.partition(".")
    within = record.get(above)
    return _at(within, rest) if dot and isinstance(within, Mapping) else None


def _write_csv(columns: Sequence[str], records: Iterable[Record]) -> int:
    from tunewright.exports import csv_file

    rows = ({name: _cell(_at(record, name)) for name in columns} for record in records)
    return csv_file.write(sys.stdout, columns, rows)


def _cell(value: Any) -> Any:
    """Return what a cell holds: of what is not one value, its JSON."""
    return json.dumps(value) if isinstance(value, list | Mapping) else value


def _flushing(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        sys.stdout.flush()  # it has been written: whoever reads need not wait for the next


def print_table(columns: tuple[str, ...], rows: Iterable[tuple[Value | None, ...]], *, header: bool = True) -> None:
    """Print whole values with tabs between them for programs, rounded ones in columns for people."""
    if not sys.stdout.isatty():
        for row in [*([columns] if header else []), *rows]:
            print("\t".join(map(cell_text, row)))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=header, box=None)
    for name in columns:
        table.add_column(name, no_wrap=name == "name")  # names are there to be copied
    for row in rows:
        table.add_row(*(Text(printable(_text(value, rounded))) for value in row))
    Console(highlight=False).print(table)


def cell_text(value: Value | None) -> str:
    """Return a whole value as one cell of a line with tabs."""
    return printable(_text(value, text_of).replace("\n", " "))


def _text(value: Value | None, write: Callable[[Value], str]) -> str:
    return "" if value is None else write(value)
