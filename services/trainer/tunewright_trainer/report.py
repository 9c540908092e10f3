"""What the scheduler is told of how an attempt has ended."""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.core.locations import Location
from tunewright.platform.codec import instant_to_timestamp
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer import artifact
from tunewright_trainer.core.attempt import FAILURE_CHARS, End, Launch, reason
from tunewright_trainer.folder import AttemptFolder, read_failure
from tunewright_trainer.messages import end_cause


def exit_report(
    grant: pb.Grant,
    launch: Launch | None,
    end: End,
    folder: AttemptFolder,
    target: Location,
    phases: Sequence[pb.Phase],
) -> pb.ExitedRequest:
    """Return the report of an end. `target` is where the model will be published, if one was packed.

    `launch` is None if there could be none.
    """
    instances, memory_bytes = (launch.instances, launch.need.memory_bytes) if launch is not None else (0, 0)
    failures = [read_failure(instance, FAILURE_CHARS) for instance in folder.instances(instances)]
    has_model = (folder.artifacts / artifact.MODEL).exists()
    return pb.ExitedRequest(
        attempt=grant.attempt,
        cause=end_cause(end),
        exit_code=end.exit_code,
        reason=reason(end, failures, memory_bytes),
        started_at=instant_to_timestamp(end.started_at),
        ended_at=instant_to_timestamp(end.ended_at),
        artifact_uri=(target / artifact.MODEL).uri if has_model else "",
        phases=phases,
    )


def lost_report(grant: pb.Grant, why: str, phases: Sequence[pb.Phase]) -> pb.ExitedRequest:
    """Return the report of an attempt that was given up through a fault of ours."""
    return pb.ExitedRequest(attempt=grant.attempt, cause="END_CAUSE_LOST", reason=why, phases=phases)
