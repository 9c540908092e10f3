"""SecondaryStatusTransitions: the phases of a training with their times, as far as they are known."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from tunewright.core.phases import INTERRUPTED, STARTING, TRAINING
from tunewright.core.phases import MESSAGES as PHASE_MESSAGES
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.describing.statuses import FINAL, WORKING, secondary_status
from tunewright_gateway.describing.summaries import last_change
from tunewright_gateway.describing.times import epoch

Tree = dict[str, Any]

MESSAGES: Final = {
    **PHASE_MESSAGES,
    "DownloadingTrainingImage": "Downloading the training image",
    INTERRUPTED: "Training job interrupted",
    "Completed": "Training job completed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job runtime exceeded MaxWaitTimeInSeconds provided",
    "Failed": "Training job failed",
}


def transitions(training: pb.TrainingJob) -> list[Tree]:
    """Return the phases in order; the one that lasts has no end.

    Those that the trainers have told, or what follows from the times of the training's process where they have not.
    """
    found = _told(training) or _known(training)
    now = secondary_status(training)
    if training.status in FINAL:
        ended = epoch(training.ended_at if training.HasField("ended_at") else training.created_at)
        found.append(_phase(now, ended))
        found[-1]["EndTime"] = max(ended, found[-2]["StartTime"])
    elif now != found[-1]["Status"]:
        found.append(_phase(now, last_change(training)))
    for before, after in pairwise(found):  # the clocks of trainers and schedulers may differ
        after["StartTime"] = max(before["StartTime"], after["StartTime"])
        before["EndTime"] = after["StartTime"]
    return found


def _told(training: pb.TrainingJob) -> list[Tree]:
    """Return what trainers have told. A training begins with its creation, not with its first grant."""
    found = [
        _phase(phase.status, epoch(phase.started_at), phase.message)
        for phase in training.transitions
        if phase.status in WORKING
    ]
    if not found:
        return []
    created = epoch(training.created_at)
    if found[0]["Status"] == STARTING:
        found[0]["StartTime"] = created
        return found
    return [_phase(STARTING, created), *found]


def _known(training: pb.TrainingJob) -> list[Tree]:
    """Return what is known without being told; when an upload begins, nobody says."""
    found = [_phase(STARTING, epoch(training.created_at))]
    if training.HasField("started_at"):
        found.append(_phase(TRAINING, epoch(training.started_at)))
    return found


def _phase(status: str, start: float, message: str = "") -> Tree:
    return {"Status": status, "StartTime": start, "StatusMessage": message or MESSAGES.get(status, status)}
