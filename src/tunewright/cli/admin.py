"""`tunewright admin` and what its `--help` teaches."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tunewright.cli import completing, data_care
from tunewright.cli.dead_letters import dead_letters
from tunewright.cli.forms import Form
from tunewright.cli.options import DataDir, Job, OutputOption
from tunewright.cli.tokens import tokens

admin = typer.Typer(
    help="For operators: what an installation stands on, and what a person decides in its place.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
admin.add_typer(dead_letters, name="dead-letters")
admin.add_typer(tokens, name="tokens")


@admin.command("check")
def admin_check(
    create: Annotated[bool, typer.Option("--create", help="Make the topics and indexes that are missing.")] = False,
    output: OutputOption = Form.TABLE,
) -> None:
    """Look at topics, indexes, reachability and clocks before the services start; exit code 1 if something is wrong.

    Reads the variables that the services read: TUNEWRIGHT_KAFKA, TUNEWRIGHT_MONGODB, TUNEWRIGHT_CREDENTIALS, and
    TUNEWRIGHT_SCHEDULER and TUNEWRIGHT_SUGGESTER where they are set.
    """
    from tunewright.cli import operating

    raise typer.Exit(operating.check(output, create=create))


for _verb in (data_care.backup, data_care.restore, data_care.restored, data_care.purge):
    admin.command(_verb.__name__)(_verb)


@admin.command("credentials")
def admin_credentials(
    file: Annotated[Path, typer.Argument(help="The file to make; one that is there is kept.", show_default=False)],
) -> None:
    """Make the keys and the token that the services and clients of an installation share."""
    from tunewright.cli import operating

    operating.make_credentials(file)


@admin.command("certs")
def admin_certs(
    folder: Annotated[Path, typer.Argument(help="Where they are, or are to be.", show_default=False)],
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host by which servers are called, beside the services' names and localhost; repeatable."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How long they are to last.")] = 365,
) -> None:
    """Make an authority, and certificates for servers and callers that it signs; print the variables to set.

    Again: keep the authority, and renew what is about to expire. Keys are readable by you alone.
    """
    from tunewright.cli import certifying

    certifying.certs(folder, name or (), days)


@admin.command("acls")
def admin_acls(
    service: Annotated[
        str, typer.Argument(help="scheduler, metrics, trainer, other-systems or operator.", show_default=False)
    ],
    prefix: Annotated[str, typer.Option(help="TUNEWRIGHT_KAFKA_PREFIX, on a cluster that is shared.")] = "",
) -> None:
    """Print what a service's user may do on Kafka: a line of options for kafka-acls.sh each.

    tunewright admin acls scheduler | xargs -L1 kafka-acls.sh --bootstrap-server HOST:PORT --command-config FILE
    """
    from tunewright.cli import permitting

    permitting.acls(service, prefix)


Trainer = Annotated[
    str,
    typer.Argument(
        help="Name of a trainer, as `tunewright admin trainers` has it.", autocompletion=completing.trainer_names
    ),
]
Training = Annotated[str, typer.Argument(help="Name of a training job.", autocompletion=completing.names)]
Reason = Annotated[str, typer.Option(help="Shown to who asks why.")]


class EndState(StrEnum):
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


@admin.command("trainers")
def admin_trainers(output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """List the trainers: where they are, what they run, who is cordoned or draining."""
    from tunewright.cli import administering

    administering.trainers(data_dir, form=output)


@admin.command("cordon")
def admin_cordon(
    trainer: Trainer, reason: Reason = "", output: OutputOption = Form.TABLE, data_dir: DataDir = None
) -> None:
    """Give a trainer nothing more, also after its restart; what it runs goes on."""
    from tunewright.cli import administering

    administering.cordon(trainer, reason, data_dir, output)


@admin.command("uncordon")
def admin_uncordon(trainer: Trainer, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Give a cordoned trainer work again."""
    from tunewright.cli import administering

    administering.uncordon(trainer, data_dir, output)


@admin.command("release")
def admin_release(
    training: Training, reason: Reason = "", output: OutputOption = Form.TABLE, data_dir: DataDir = None
) -> None:
    """Take a training from its trainer, to be run again; no loss is counted.

    Its process may run on until that trainer's next heartbeat. Cordon the trainer first, or it may get it again.
    """
    from tunewright.cli import administering

    administering.release(training, reason, data_dir, output)


@admin.command("settle")
def admin_settle(
    training: Training,
    state: Annotated[EndState, typer.Option(help="How it has ended.", show_default=False)],
    value: Annotated[float | None, typer.Option(help="Its objective; else what metrics has read.")] = None,
    reason: Reason = "",
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """End a training with what you know of it; what still runs of it is stopped.

    tunewright admin settle TRAINING --state completed --value 0.93 --reason "read from its log"
    """
    from tunewright.cli import administering

    administering.settle(training, state.value, value, reason, data_dir, output)


@admin.command("unpark")
def admin_unpark(job: Job, output: OutputOption = Form.TABLE, data_dir: DataDir = None) -> None:
    """Let a job go on that was parked after a fault of ours; what has ended meanwhile has been counted."""
    from tunewright.cli import administering

    administering.unpark(job, data_dir, output)


@admin.command("pause-starts")
def admin_pause_starts(reason: Reason = "", data_dir: DataDir = None) -> None:
    """Start nothing more, of any job, until `resume-starts`; what runs goes on."""
    from tunewright.cli import administering

    administering.pause_starts(reason, data_dir)


@admin.command("resume-starts")
def admin_resume_starts(data_dir: DataDir = None) -> None:
    """Start trainings again."""
    from tunewright.cli import administering

    administering.resume_starts(data_dir)


@admin.command("quota")
def admin_quota(
    owner: Annotated[
        str, typer.Argument(help="Whose; '*' for all who have none of their own. Without it: list all.")
    ] = "",
    max_jobs: Annotated[int | None, typer.Option(help="Jobs that have not ended; more are refused.")] = None,
    max_parallel: Annotated[int | None, typer.Option(help="Trainings at once, of all jobs; more wait.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the quota back.")] = False,
    output: OutputOption = Form.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Limit what an owner may use at a time, and list what is set.

    tunewright admin quota alice --max-jobs 5 --max-parallel 8
    """
    from tunewright.cli import administering

    administering.quota(owner, max_jobs, max_parallel, data_dir, output, remove=remove)
