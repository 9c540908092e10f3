"""`tunewright narrow`: a new job of better ranges, shown before it is created."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from tunewright.cli.forms import Form
from tunewright.cli.output import print_table, show
from tunewright.cli.serving import join
from tunewright.client import Client, TuningJob
from tunewright.client.narrowing import Narrowing
from tunewright.core.errors import AlreadyExists, InvalidSpec
from tunewright.core.narrowing import names, only_value
from tunewright.core.space import Range, text_of

NAMES_TRIED: Final = 20
NOT_CREATED: Final = 1
COLUMNS: Final = ("definition_name", "name", "range", "new_range", "reason")


def narrow(
    job: str, data_dir: Path | None, name: str, trials: int | None, form: Form, *, dry_run: bool, yes: bool
) -> int:
    """Show what would be other, ask, create; return the exit code."""
    if not (dry_run or yes or sys.stdin.isatty()):
        raise InvalidSpec("--yes", "is not given, and nobody can be asked here", "Give --yes, or --dry-run to look")
    with Client(join(data_dir)) as client:
        found = client.describe(job)
        narrowing = client.narrow(job, name=name, max_trainings=trials)
        _show(found, narrowing, form)
        if dry_run:
            return 0
        if not (yes or _wanted(found)):
            print("Nothing was created.", file=sys.stderr)
            return NOT_CREATED
        created = _created(client, found.name, narrowing, name)
    limit = created.spec.limits.max_trainings
    counted = "trainings without limit" if limit is None else f"{limit} trainings"
    hint = f"{created.name}: created, {counted}; see: tunewright describe {created.name}"
    print(hint, file=sys.stdout if form is Form.TABLE else sys.stderr)
    return 0


def _show(job: TuningJob, narrowing: Narrowing, form: Form) -> None:
    changes = {(item.definition_name, item.parameter.name): item for item in narrowing.changes}
    several = len(job.spec.definitions) > 1
    rows, records = [], []
    for definition in job.spec.definitions:
        for parameter in definition.parameters:
            change = changes.get((definition.name if several else "", parameter.name))
            after = "" if change is None else _text(change.parameter.range)
            reason = "good trainings lie all over it" if change is None else change.reason
            where = [definition.name] if several else []
            rows.append((*where, parameter.name, str(parameter.range), after or "as it is", reason))
            told = (definition.name, parameter.name, str(parameter.range), after or str(parameter.range), reason)
            records.append(dict(zip(COLUMNS, told, strict=True)))
    head = (*(["definition"] if several else []), "hyperparameter", "range", "new range", "why")
    show(form, records, COLUMNS, lambda: print_table(head, rows))
    if narrowing.spec.warm_start is None:
        print("The new job cannot be warm-started, and begins with the best configuration.", file=sys.stderr)


def _text(range_: Range) -> str:
    value = only_value(range_)
    return str(range_) if value is None else f"fixed: {text_of(value)}"


def _wanted(job: TuningJob) -> bool:
    print(
        f"Create a job of these ranges that knows the results of {job.name}? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    try:
        return input().strip().lower().startswith("y")
    except (KeyboardInterrupt, EOFError):
        print()
        return False


def _created(client: Client, parent: str, narrowing: Narrowing, name: str) -> TuningJob:
    """Create the job, under the first free name if none is given. Raises AlreadyExists."""
    taken = AlreadyExists("tuning job", parent)
    for candidate in [name] if name else islice(names(parent), NAMES_TRIED):
        try:
            return client.create(replace(narrowing.spec, name=candidate))
        except AlreadyExists as error:
            taken = error
    raise taken
