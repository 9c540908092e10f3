"""Write the pages that follow from the code: python -m docs.generate; with --check, say which of them are stale.

docs/states.md is drawn from the tables that the services move by, docs/faults.md from what the tests say they prove,
docs/sagemaker-members.md from the table of what becomes of each member of AWS's requests; docs/reference/ from
docstrings and from the comments of proto/.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from docs.grpc_reference import grpc_page
from docs.python_reference import python_page
from tests.proofs import CLAIMS, Proof, proofs

from tunewright.core.amt.treatment import TRAINING, TUNING_JOB
from tunewright.core.amt.treatments import Kind, Treatment
from tunewright.core.states import FINAL_JOB_STATES, FINAL_TRAINING_STATES, JOB_MOVES, JOB_STATE_SHOWN, TRAINING_MOVES
from tunewright_gateway.core.model.extensions import EXTENSIONS
from tunewright_scheduler.core.session import LEASE_MOVES, LeaseState

DOCS: Final = Path(__file__).parent
WRITTEN: Final = "<!-- Written by docs/generate.py; change the code instead. -->"

STATES: Final = """\
# States

{written}

The moves that there are. One that is not drawn is refused and changes nothing; the services move by the same tables
(`src/tunewright/core/states.py`, `services/scheduler/tunewright_scheduler/core/session.py`).

## Tuning job

{job}

| inside | shown, as AMT has it |
|---|---|
{shown}

BLOCKED is a fault of ours while the job was handled; unparked, it returns to where it was. What closes (COMPLETING,
STOPPING, FAILING) starts nothing more, and ends once its last training has.

## Training job

{training}

A lost lease is no state: the training is READY again, under the next attempt, or FAILED at the third loss.

## Lease

A trainer's session is one lease for all that it runs.

{lease}

It is renewed by heartbeats. Once it has run out, and the grace after it, any scheduler fences it, takes back what it
held, and forgets it. Its trainer may open it anew at any point, under a new epoch; what the old one held is void then,
but for what the trainer names. The trainer counts the same lease from the *sending* of its heartbeats and gives up
first: what it runs has ended within half of the grace, before another may run it.
"""

FAULTS: Final = """\
# Faults

{written}

What may happen, where it is made to happen in tests, what must hold all the same, and which tests hold it. Each row is
a promise of ours (`tests/proofs.py`); one without a test fails the build.

| fault | at | holds | proven by |
|---|---|---|---|
{rows}
"""

MEMBERS: Final = """\
# Members of SageMaker's requests

{written}

What becomes of each member of AWS's two create requests (`src/tunewright/core/amt/treatments.py`); a test holds the
table against botocore's model, so none is missing.

- **honoured**: it does here what it does there. Where values are listed, any other is refused.
- **stored**: it changes nothing here, and Describe tells it again.
- **refused**: a request that gives it is refused, with this reason. `null`, `false`, an empty text, list or structure
  asks for nothing and is stored.

A member that the model does not know is refused by its name: to ignore what somebody has written would be a lie. AWS
itself ignores it, so a client that is newer than the botocore here may meet this; upgrade botocore then.

Beyond AWS's model are taken: {extensions}.

What AWS refuses and this does not, since nobody relies on being refused:

- Fewer combinations of ranges than `MaxNumberOfTrainingJobs`: the job completes once it has tried each.
- A range whose ends are equal.
- More than 750 trainings of a Bayesian, Hyperband or Random job: 10,000 are allowed. A grid may have 750 points.
- Trainings and tuning jobs that may run longer than 28 and 30 days.
- More than 48 environment variables over all definitions together: each may have 48.

## CreateHyperParameterTuningJob

Each of `TrainingJobDefinitions` is treated as `TrainingJobDefinition` is, but for rows of its own.

{tuning}

## CreateTrainingJob

{training}
"""


def states_page() -> str:
    shown = "\n".join(f"| {state} | {JOB_STATE_SHOWN[state]} |" for state in JOB_MOVES)
    return STATES.format(
        written=WRITTEN,
        job=_diagram(JOB_MOVES, ["RUNNING"], FINAL_JOB_STATES),
        shown=shown,
        training=_diagram(TRAINING_MOVES, ["READY"], FINAL_TRAINING_STATES),
        lease=_diagram(LEASE_MOVES, ["OPEN"], {LeaseState.FORGOTTEN}),
    )


def faults_page(found: Iterable[Proof]) -> str:
    by_claim: dict[tuple[str, str, str], list[str]] = {}
    for proof in found:
        by_claim.setdefault(proof.claim, []).append(f"[{proof.name}](../{proof.path})")
    rows = [f"| {' | '.join(claim)} | {', '.join(sorted(by_claim.get(claim, ['**nothing**'])))} |" for claim in CLAIMS]
    return FAULTS.format(written=WRITTEN, rows="\n".join(rows))


def members_page() -> str:
    own = {path: treatment for path, treatment in TUNING_JOB.items() if not _is_repeated(path, treatment)}
    extensions = "; ".join(f"{member}: {what}" for member, what in EXTENSIONS.items())
    return MEMBERS.format(
        written=WRITTEN, extensions=extensions, tuning=_treatments(own), training=_treatments(TRAINING)
    )


def _is_repeated(path: str, treatment: Treatment) -> bool:
    head, _, rest = path.partition(".")
    return head == "TrainingJobDefinitions" and TUNING_JOB.get(f"TrainingJobDefinition.{rest}") == treatment


def _treatments(rows: Mapping[str, Treatment]) -> str:
    lines = [
        f"| `{path}` | {treatment.kind}{_values(treatment)} | {treatment.note} |" for path, treatment in rows.items()
    ]
    return "\n".join(["| member | | |", "|---|---|---|", *lines])


def _values(treatment: Treatment) -> str:
    if treatment.kind is not Kind.HONOURED or not treatment.only:
        return ""
    return ": " + ", ".join(f"`{value}`" for value in treatment.only)


def pages() -> dict[Path, str]:
    return {
        DOCS / "states.md": states_page(),
        DOCS / "faults.md": faults_page(proofs()),
        DOCS / "sagemaker-members.md": members_page(),
        DOCS / "reference" / "python.md": python_page(WRITTEN),
        DOCS / "reference" / "grpc.md": grpc_page(WRITTEN),
    }


def _diagram(moves: Mapping[str, Collection[str]], first: Iterable[str], last: Collection[str]) -> str:
    lines = [f"    [*] --> {state}" for state in first]
    lines += [f"    {state} --> {to}" for state in moves for to in moves if to in moves[state]]
    lines += [f"    {state} --> [*]" for state in moves if state in last]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def main(arguments: list[str]) -> None:
    """Write the pages, or exit with the names of those that are stale."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments and stale:
        sys.exit(f"stale: {', '.join(path.name for path in stale)}. Run python -m docs.generate")
    for path, text in pages().items():
        path.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
