"""Why something waits: every cause that `tunewright doctor` and Describe can name, in the order of what matters most.

The table of docs/doctor.md is what `python -m tunewright.core.causes` prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    name: str
    """Stable; for programs."""
    text: str
    """A sentence with {places} for names and numbers."""
    remedy: str
    """What to do, with the same places."""
    fault: bool = True
    """Somebody should look after it; else it was asked for, or passes by itself."""


CAUSES: Final = {
    cause.name: cause
    for cause in (
        # -- The installation
        Cause(
            "NO_SERVER",
            "No server of yours is known: {why}.",
            "Start one with `tunewright local` (or `tunewright tune`), or name one by TUNEWRIGHT_ENDPOINT and "
            "TUNEWRIGHT_CREDENTIALS.",
        ),
        Cause(
            "SCHEDULER_UNREACHABLE",
            "Nothing answers at {endpoint}: {why}. Trainings that run go on by themselves.",
            "Start it: {start}. Its log says why it ended.",
        ),
        Cause(
            "STORE_UNREACHABLE",
            "The scheduler at {endpoint} answers, but its store does not: {why}. Nothing is decided until it does; "
            "trainings that run go on.",
            "Look after the database and its disk: `tunewright admin check` says what is wrong with one that is apart. "
            "All goes on by itself.",
        ),
        Cause(
            "STARTS_PAUSED",
            "An operator has paused all starts: {why}. What runs goes on.",
            "`tunewright admin resume-starts`",
            fault=False,
        ),
        Cause(
            "BROKER_UNREACHABLE",
            "Events wait to be published for {seconds} s: the broker does not take them. Trainings go on; their output "
            "waits on the trainers' disks.",
            "Look after Kafka: `tunewright admin check`. All goes on by itself.",
        ),
        Cause(
            "COLLECTOR_UNREACHABLE",
            "No collector of metrics is heard{heard}. Trainings run and end, but nothing reads what they print; "
            "nothing is lost or run again.",
            "Start metrics (`tunewright serve metrics`), or look at its log and at Kafka. All goes on by itself.",
        ),
        # -- The job as a whole
        Cause(
            "JOB_PARKED",
            "Tuning job {job} is parked after a fault of ours: {why}.",
            "See the scheduler's log for the fault; then `tunewright admin unpark {job}`, or `tunewright stop {job}`.",
        ),
        Cause(
            "JOB_PAUSED",
            "Tuning job {job} is paused by its user; nothing more is started.",
            "`tunewright resume {job}`",
            fault=False,
        ),
        Cause(
            "NEAR_FAILURE",
            "{failed} trainings of {job} have failed and none has succeeded; with {allowed} the job fails. The first "
            "failure: {why}",
            "Look at what failed: `tunewright trainings {job}`, `tunewright logs TRAINING`.",
        ),
        Cause(
            "COST_REACHED",
            "{job} has spent {spent} of at most {limit}: nothing more is started, and {trainings} in flight are "
            "waited for.",
            "Nothing to do: the job ends with them, or goes on if they leave something. To go on, amend its max_cost.",
            fault=False,
        ),
        Cause(
            "JOB_CLOSING",
            "{job} is {state} ({why}) and waits for {trainings} to end: {names}.",
            "Nothing to do; one that does not end can be settled: `tunewright admin settle TRAINING --state stopped`.",
            fault=False,
        ),
        # -- The suggester
        Cause(
            "GRID_WAITS",
            "The suggester has not answered {job} for {seconds} s ({why}), and a grid's next points are known to it "
            "alone. Next try in {next} s.",
            "Start the suggester (`tunewright serve suggester`), or see its log. All goes on by itself.",
        ),
        Cause(
            "FALLBACKS_USED_UP",
            "The suggester has not answered {job} for {seconds} s ({why}); {count} random configurations have stood in "
            "for it, and no more may. Next try in {next} s.",
            "Start the suggester (`tunewright serve suggester`), or see its log. All goes on by itself.",
        ),
        Cause(
            "SUGGESTER_UNREACHABLE",
            "The suggester has not answered {job} for {seconds} s ({why}); random configurations are tried in the "
            "meantime.",
            "Start the suggester (`tunewright serve suggester`), or see its log. All goes on by itself.",
        ),
        Cause(
            "SUGGESTER_SLOW",
            "The suggester has been thinking about ask {number} of {job} for {seconds} s; other answers come within "
            "a few.",
            "Wait; or give it more processors, or a lower effort in the job's specification.",
        ),
        # -- Trainings that nobody runs yet
        Cause(
            "NO_TRAINER",
            "{trainings} of {job} must wait: pool {pool!r} has no trainer.",
            "Start one there: TUNEWRIGHT_POOL={pool} `tunewright serve trainer`; or give the job another pool.",
        ),
        Cause(
            "NO_CLAIMER",
            "{trainings} of {job} must wait: no program claims them, and their image says that one of yours will.",
            "Run it: for training in Client().claim({job!r}); docs/own-loop.md.",
        ),
        Cause(
            "TRAINERS_CORDONED",
            "{trainings} of {job} must wait: all trainers of pool {pool!r} are cordoned or draining: {trainers}.",
            "`tunewright admin uncordon TRAINER`, or start another trainer of that pool.",
        ),
        Cause(
            "TRAINERS_DRAINING",
            "{trainings} of {job} must wait: all trainers of pool {pool!r} are draining: {trainers}.",
            "Start another trainer of that pool; those that drain end when their trainings have.",
        ),
        Cause(
            "TRAINERS_SILENT",
            "{trainings} of {job} must wait: no trainer of pool {pool!r} is heard: {trainers}.",
            "Look after those machines and their network, or start another trainer of that pool.",
        ),
        Cause(
            "TOO_LARGE",
            "{trainings} of {job} must wait: no trainer of pool {pool!r} can hold {instances}; the largest has "
            "{largest}.",
            "Start a larger trainer there, ask for a smaller instance type, or give the type another size "
            "(TUNEWRIGHT_INSTANCE_TYPES).",
        ),
        Cause(
            "QUOTA_REACHED",
            "{trainings} of {job} must wait: {owner} may run {limit} at a time, and runs {running}.",
            "Wait for one to end, or raise it: `tunewright admin quota {owner} --max-parallel N`.",
            fault=False,
        ),
        Cause(
            "OTHER_JOBS_FIRST",
            "{trainings} of {job} must wait: all slots of pool {pool!r} ({slots}) are taken, and trainings of {jobs} "
            "come first.",
            "Wait; or amend the job's priority, or start more trainers of that pool.",
            fault=False,
        ),
        Cause(
            "TRAINERS_BUSY",
            "{trainings} of {job} must wait: all slots of pool {pool!r} ({slots}) are taken by {jobs}.",
            "Wait for one to end, or start more trainers of that pool.",
            fault=False,
        ),
        Cause(
            "POOL_TOO_SMALL",
            "{trainings} of {job} must wait: all slots of pool {pool!r} ({slots}) run trainings of this job, which may "
            "run {parallel} at once.",
            "Nothing to do but to wait; more trainers of that pool would make it faster.",
            fault=False,
        ),
        Cause(
            "ROOM_AWAITED",
            "{trainings} of {job} must wait for room in pool {pool!r}: {instances} is more than what is free on any "
            "trainer now, at most {free}.",
            "Wait for others to end: after half a minute a trainer that could hold it is kept free for it. Or start "
            "more trainers of that pool.",
            fault=False,
        ),
        Cause(
            "NOT_CLAIMED",
            "{trainings} of {job} must wait: {trainers} of pool {pool!r} has free slots, but has not asked for work "
            "for {seconds} s.",
            "See that trainer's log. Restarting it harms nothing.",
        ),
        Cause(
            "TRAINING_LOST",
            "{training} was lost with its trainer ({losses} of {most} times) and waits to be run again.",
            "See why the trainers were lost: their logs, memory, network. Cordon a bad one: `tunewright admin cordon "
            "TRAINER`.",
        ),
        # -- Trainings that run
        Cause(
            "LEASE_UNHEARD",
            "{training} is held by trainer {trainer}, which has not been heard for {seconds} s; it is run again "
            "elsewhere when its lease and grace are over, in {left} s.",
            "Look after that machine and its network. If it is gone for good: `tunewright admin release {training}`.",
        ),
        Cause(
            "RUNNER_UNREACHABLE",
            "What runs {training} on trainer {trainer} has not answered for {seconds} s: {why}. Until it does, nothing "
            "that {training} prints is read and its end is not seen.",
            "Start it on that host, or see its log. All goes on by itself, and nothing is lost of what a container "
            "printed; do not stop the job for this.",
        ),
        Cause(
            "START_WAITS",
            "{training} has waited on trainer {trainer} for {seconds} s to be started. {why}.",
            "If a container engine does not answer, start it on that host. An image that is being pulled comes by "
            "itself; next time it is there.",
            fault=False,
        ),
        Cause(
            "TRAINING_STOPPING",
            "{training} was told to stop {seconds} s ago ({why}); it has {left} s until it is killed.",
            "Nothing to do. A program that ends at SIGTERM stops sooner.",
            fault=False,
        ),
        Cause(
            "METRIC_NEVER_MATCHED",
            "Metric {metric!r} has matched none of {lines} lines of {training}; its regex: {regex}{nearest}",
            "Stop the job and mend the regex; try it first: `tunewright check JOBFILE --log FILE`, with what "
            "`tunewright logs {training}` prints.",
        ),
        # -- Trainings that have ended and are not counted yet
        Cause(
            "RESEND_AWAITED",
            "Metrics misses output of {training} from line {line} on, and has asked its trainer for it {seconds} s "
            "ago.",
            "If it stays: see the logs of trainer {trainer} and of metrics.",
        ),
        Cause(
            "COLLECTOR_BEHIND",
            "{training} has ended {seconds} s ago, and metrics is behind: it has read up to {behind} s ago.",
            "Wait, or start more of metrics (`tunewright serve metrics`). Nothing is lost.",
        ),
        Cause(
            "SUMMARY_OVERDUE",
            "{training} has ended {seconds} s ago, and metrics has not said what came of it; in {left} s it ends "
            "without an objective.",
            "See whether its trainer can reach Kafka: its log. Or settle it: `tunewright admin settle {training} "
            "--state completed --value NUMBER`.",
        ),
        # -- The installation, where no job waits for it
        Cause(
            "TRAINER_CORDONED",
            "Trainer {trainer} is cordoned: {why}. It is given nothing more.",
            "`tunewright admin uncordon {trainer}`",
            fault=False,
        ),
        Cause(
            "TRAINER_SILENT",
            "Trainer {trainer} on {host} has not been heard for {seconds} s; it holds {trainings}.",
            "Look after that machine and its network; in {left} s its trainings run again elsewhere.",
        ),
    )
}
"""By name; of two findings the one whose cause stands first here is told first."""

RANK: Final = {name: rank for rank, name in enumerate(CAUSES)}


def table() -> str:
    """Return the table of causes, in Markdown."""
    head = ["| cause | fault | what it says | what to do |", "|---|---|---|---|"]
    rows = [
        f"| {cause.name} | {'yes' if cause.fault else ''} | {_cell(cause.text)} | {_cell(cause.remedy)} |"
        for cause in CAUSES.values()
    ]
    return "\n".join([*head, *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("!r", "").replace("|", "\\|")


if __name__ == "__main__":
    import sys

    sys.stdout.write(table())
