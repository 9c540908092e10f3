"""`tunewright explain` and `replay`: where configurations came from, recomputed from what was known then."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tunewright.cli import FAILED
from tunewright.cli.blocks import bar
from tunewright.cli.forms import Form
from tunewright.cli.looking import training_of
from tunewright.cli.output import Record, print_table, record_of, show, show_each
from tunewright.cli.records import EXPLANATION, REPLAYED
from tunewright.cli.serving import join
from tunewright.cli.wording import printable, rounded
from tunewright.client import Client
from tunewright.client.explaining import Explanation, Replayed
from tunewright.core.space import text_of

NUMBERS_SHOWN: Final = 8


def explain(name: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        told = client.explain(training_of(client, name))
    show(form, record_of(told), EXPLANATION, lambda: draw(told))


def draw(told: Explanation) -> None:
    training, thought = told.training, told.training.provenance
    expected = "" if thought.mean is None else rounded(thought.mean)
    rows = [
        ("training", f"{training.name} (number {training.number})"),
        ("why", printable(told.text)),
        ("source", thought.source),
        ("but", printable(thought.reason)),
        ("expected", expected + ("" if thought.deviation is None else f" ± {thought.deviation:.2g}")),
        ("acquisition", "" if thought.acquisition is None else f"{thought.acquisition:.4g}"),
        ("objective", "" if training.objective_value is None else repr(training.objective_value)),
        ("noise", f"± {told.noise:.2g}" if told.noise else ""),
        ("known then", f"{told.observations} trainings" if told.ask_number is not None else ""),
        ("running then", _numbers(told.pending)),
        ("bracket", f"{training.bracket}, judged at {_numbers(training.rungs)} values" if training.rungs else ""),
        *((f"  {name}", text_of(value)) for name, value in training.configuration.items()),
    ]
    print_table(("", ""), [row for row in rows if row[1]], header=False)
    if told.neighbours:
        print("\nnearest trainings that had ended, by the model's lengthscales")
        near = [(str(item.number), item.distance, item.value) for item in told.neighbours]
        print_table(("number", "distance", "objective"), near)
    if told.lengthscales:
        print("\nhow far the model sees along each hyperparameter; what it sees far along matters little")
        scales = sorted(told.lengthscales.items(), key=lambda item: item[1])
        print_table(("name", "lengthscale", ""), [(name, scale, bar(1 / (1 + scale))) for name, scale in scales])


def _numbers(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - NUMBERS_SHOWN} more" if len(numbers) > NUMBERS_SHOWN else ""
    return ", ".join(map(str, numbers[:NUMBERS_SHOWN])) + more


def replay(job: str, data_dir: Path | None, form: Form) -> int:
    """Ask again for all that a job was given; return the exit code: 1 if anything is other than it was."""
    seen: list[Replayed] = []
    with Client(join(data_dir)) as client:
        records = _records(client, job, seen)
        if form is Form.TABLE:
            started = client.describe(job).trainings
            for _ in records:
                _tell_progress(seen)
            print(verdict(seen, started.ended + started.in_progress))
        else:
            show_each(form, records, REPLAYED, str)
    return FAILED if any(item.difference for item in seen) else 0


def _records(client: Client, job: str, seen: list[Replayed]) -> Iterator[Record]:
    for item in client.replay(job):
        seen.append(item)
        yield record_of(item)


def _tell_progress(seen: Sequence[Replayed]) -> None:
    if sys.stderr.isatty():
        print(f"\r{_counted(seen)} recomputed", end="\n" if seen[-1].difference else "", file=sys.stderr, flush=True)


def _counted(seen: Sequence[Replayed]) -> int:
    return sum(len(item.trainings) for item in seen)


def verdict(seen: Sequence[Replayed], trainings: int) -> str:
    """Say in the end whether all is the same, what is other first, and what no strategy has suggested."""
    count = _counted(seen)
    others = [item for item in seen if item.difference]
    beside = trainings - count
    besides = f"; {beside} more were enqueued, repeated, or drawn without the suggester" if beside > 0 else ""
    if not others:
        return f"{count} suggestions of {len(seen)} asks are the same{besides}"
    return f"Not the same: {len(others)} of {len(seen)} asks. First, in ask {others[0].ask_number}: " + printable(
        others[0].difference
    )
