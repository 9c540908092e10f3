"""`tunewright admin …` on a server: trainers, leases, parked jobs, starts, quotas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tunewright.cli.forms import Form
from tunewright.cli.output import print_table, record_of, show
from tunewright.cli.records import JOB, QUOTA, TRAINER, TRAINING, job_record, training_record
from tunewright.cli.serving import join
from tunewright.client import Client
from tunewright.client.operations import Quota, TrainerInfo
from tunewright.core.errors import InvalidSpec
from tunewright.core.states import TrainingState

EVERYONE = "*"
"""How the quota of all who have none of their own is called here."""


def trainers(data_dir: Path | None, *, form: Form) -> None:
    with Client(join(data_dir)) as client:
        found = client.operations.trainers()
    show(form, [record_of(trainer) for trainer in found], TRAINER, lambda: _draw_trainers(found))


def _draw_trainers(found: Sequence[TrainerInfo]) -> None:
    rows = (
        (
            item.trainer_id,
            item.host,
            item.pool,
            f"{len(item.holding)}/{item.slots}",
            "" if item.free is None else str(item.free),
            "" if item.capacity is None else str(item.capacity),
            " ".join(word for word, holds in (("cordoned", item.cordoned), ("draining", item.draining)) if holds),
            item.reason,
            " ".join(item.holding),
        )
        for item in found
    )
    print_table(("name", "host", "pool", "busy", "free", "of", "state", "reason", "runs"), rows)


def cordon(trainer: str, reason: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        client.operations.cordon(trainer, reason)
        found = _called(client, trainer)
    here = any(item.host for item in found)
    what = "what it runs goes on" if here else "no trainer of that name is here now, see tunewright admin trainers"
    _show_trainer(form, found, f"{trainer}: cordoned; {what}")


def uncordon(trainer: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        client.operations.uncordon(trainer)
        found = _called(client, trainer)
    what = "given work again" if found else "not cordoned, and not here now, see tunewright admin trainers"
    _show_trainer(form, found, f"{trainer}: {what}")


def _called(client: Client, trainer: str) -> list[TrainerInfo]:
    """Return the trainer as it is now; none if it is neither here nor cordoned."""
    return [item for item in client.operations.trainers() if item.trainer_id == trainer]


def _show_trainer(form: Form, found: Sequence[TrainerInfo], said: str) -> None:
    show(form, [record_of(item) for item in found], TRAINER, lambda: print(said))


def release(training: str, reason: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        released = client.operations.release(training, reason)
    said = f"{released.name}: {released.state.value}, {released.reason or released.waiting_for}"
    show(form, training_record(released), TRAINING, lambda: print(said))


def settle(training: str, state: str, value: float | None, reason: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        settled = client.operations.settle(training, TrainingState(state.upper()), value, reason)
    said = f"{settled.name}: {settled.state.shown}, objective {settled.objective_value}"
    show(form, training_record(settled), TRAINING, lambda: print(said))


def unpark(job: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        unparked = client.operations.unpark(job)
    show(form, job_record(unparked), JOB, lambda: print(f"{job}: {unparked.state.value}"))


def pause_starts(reason: str, data_dir: Path | None) -> None:
    with Client(join(data_dir)) as client:
        client.operations.pause_starts(reason)
    print("nothing more is started; what runs goes on")


def resume_starts(data_dir: Path | None) -> None:
    with Client(join(data_dir)) as client:
        client.operations.resume_starts()
    print("trainings are started again")


def quota(
    owner: str, max_jobs: int | None, max_parallel: int | None, data_dir: Path | None, form: Form, *, remove: bool
) -> None:
    """Set an owner's quota, take it back, or list all."""
    limited = max_jobs is not None or max_parallel is not None
    if not owner and (limited or remove):
        raise InvalidSpec("OWNER", "is missing", f"Name one, or '{EVERYONE}' for all who have no quota of their own")
    if owner and limited == remove:
        raise InvalidSpec("quota", f"of {owner}: say what", "Give --max-jobs, --max-parallel or both; or --remove")
    with Client(join(data_dir)) as client:
        if owner:
            client.operations.set_quota(Quota("" if owner == EVERYONE else owner, max_jobs, max_parallel))
        found = client.operations.quotas()
    rows = [(item.owner or EVERYONE, item.max_jobs, item.max_parallel) for item in found]
    show(
        form,
        [record_of(item) | {"owner": item.owner or EVERYONE} for item in found],
        QUOTA,
        lambda: print_table(("owner", "max jobs", "max parallel"), rows),
    )
