"""What a pod's status says of the training in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tunewright.core.states import EndCause
from tunewright_trainer.runner.kubernetes.manifests import CONTAINER

Object = Mapping[str, Any]

NEVER_RAN: Final = frozenset({"StartError", "ContainerCannotRun", "CreateContainerError", "CreateContainerConfigError"})
"""Reasons of a container that has ended, or waits, without that a word of its program was run."""
HOPELESS: Final = frozenset({"InvalidImageName", "ErrImageNeverPull"})
IMAGE_TROUBLE: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "CreateContainerError"}
    | {"CreateContainerConfigError", "RunContainerError", "SignatureValidationFailed"}
)
"""Reasons of a container that waits for what may yet come: a registry that answers, a secret that is made."""
POD_GC: Final = "DeletionByPodGC"
NODE_GONE: Final = frozenset({"DeletionByTaintManager", POD_GC})
"""Reasons of the condition DisruptionTarget by which nobody may have ended the program: its node is not heard of. That
of a taint is also of a node that is and has ended it."""
STATUS_UNKNOWN: Final = "ContainerStatusUnknown"
"""Reason of a container that its node has lost sight of."""
NOT_ADMITTED: Final = frozenset({"UnexpectedAdmissionError", "NodeAffinity"})
"""A pod's own reasons, and those that begin with `OutOf`: its node did not have what the scheduler took it to have. It
happens when a node begins anew, before its GPUs are known there."""
TAKEN_AWAY: Final = frozenset({"Preempting", "Shutdown", "NodeShutdown", "Terminated"})
"""A pod's own reasons, where the node has ended it without that condition."""


BY_SIGNAL: Final = frozenset({137, 143})


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as a training. Times are Unix seconds."""

    name: str
    started_at: float | None = None
    """When the container was started; it has a log since."""
    ended_at: float | None = None
    """When nothing of it ran any more; None: it runs, or is yet to."""
    exit_code: int | None = None
    fate: EndCause = EndCause.EXITED
    """Why it has ended, or will, if nobody of us stops it."""
    why: str = ""
    """The cluster's own words: why it waits, or has ended."""
    reason: str = ""
    """Why it waits, in one word of the cluster's."""
    placed: bool = False
    """A node has taken it."""
    gives_way_at: float | None = None
    """It is being deleted, and its node should have ended it by then."""
    gone: bool = False
    """The cluster does not know it any more; its log cannot be read."""

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def failed(self) -> bool:
        return self.ended and (self.fate is not EndCause.EXITED or self.exit_code != 0)


def read_pod(pod: Object) -> Pod:
    """Return what a pod's object says."""
    metadata, status = pod["metadata"], pod.get("status", {})
    gives_way_at = _seconds(metadata.get("deletionTimestamp"))
    placed = bool(pod.get("spec", {}).get("nodeName"))
    seen = Pod(metadata["name"], placed=placed, gives_way_at=gives_way_at, fate=_disruption(status))
    if gives_way_at is not None and seen.fate is EndCause.EXITED:
        seen = replace(seen, fate=EndCause.PREEMPTED)  # somebody deletes it; if it's us, a stop says so
    container: Object = next((one for one in status.get("containerStatuses", ()) if one["name"] == CONTAINER), {})
    state = container.get("state", {})
    if "terminated" in state:
        deleted_at = None if gives_way_at is None else gives_way_at - metadata.get("deletionGracePeriodSeconds", 0)
        if _had_ended(state["terminated"], deleted_at):
            seen = replace(seen, fate=_disruption(status))
        return _terminated(seen, state["terminated"], status)
    started_at = _seconds(state.get("running", {}).get("startedAt"))
    if status.get("phase") in (
        "Failed",
        "Succeeded",
    ):  # its node refused it, or it was deleted, or forgotten by its node
        never_ran = started_at is None and not _was_turned_away(status)
        by_default = EndCause.START_FAILED if never_ran else EndCause.LOST
        fate = by_default if seen.fate is EndCause.EXITED else seen.fate
        return replace(seen, started_at=started_at, fate=fate, ended_at=_phase_time(status), why=_words(status))
    if started_at is not None:
        return replace(seen, started_at=started_at)
    if gives_way_at is not None and not placed:  # no node may take it any more
        return replace(seen, ended_at=gives_way_at, why=_unscheduled(status))
    waiting = state.get("waiting", {})
    if waiting.get("reason"):
        return replace(seen, reason=waiting["reason"], why=_words(waiting))
    return seen if placed else replace(seen, why=_unscheduled(status))


def waits_for(pod: Pod | None) -> str:
    """Return what keeps a pod's program from beginning, in the cluster's words; empty: nothing does any more."""
    if pod is None:
        return "waits for its pod"
    if pod.started_at is not None or pod.ended:
        return ""
    what = "its container" if pod.placed else "a node"
    return f"waits for {what}: {pod.why}" if pod.why else f"waits for {what}"


def vanished(pod: Pod, now: float) -> Pod:
    """Return a pod that the cluster does not list any more, and of whose end nothing was said."""
    if pod.ended:
        return replace(pod, gone=True)
    why = pod.why or "the pod was deleted, and nothing is known of its end"
    fate = EndCause.LOST if pod.fate is EndCause.EXITED else pod.fate
    return replace(pod, gone=True, ended_at=now, fate=fate, why=why)


def _terminated(seen: Pod, terminated: Object, status: Object) -> Pod:
    reason, fate = terminated.get("reason", ""), seen.fate
    ended_at = _seconds(terminated.get("finishedAt")) or _phase_time(status)
    started_at = _seconds(terminated.get("startedAt"))
    why = terminated.get("message", "") or _words(status)
    if reason in NEVER_RAN:
        return replace(seen, ended_at=ended_at, fate=EndCause.START_FAILED, why=why or reason)
    if fate is EndCause.LOST and reason != STATUS_UNKNOWN and not _disrupted_by(status, POD_GC):
        fate = EndCause.PREEMPTED
    # Of a container that ends with 0 the kernel has killed another process, which was done without.
    if fate is EndCause.EXITED and reason == "OOMKilled" and terminated.get("exitCode") != 0:
        fate, why = EndCause.OUT_OF_MEMORY, why or "the training needed more memory than its limit allows"
    elif fate is EndCause.EXITED and reason == STATUS_UNKNOWN:
        fate = EndCause.LOST
    return replace(
        seen,
        started_at=ended_at if started_at is None else started_at,
        ended_at=ended_at,
        exit_code=terminated.get("exitCode"),
        fate=fate,
        why=why,
    )


def _had_ended(terminated: Object, deleted_at: float | None) -> bool:
    """Whether a container ended by itself, before its pod was deleted. Times are whole seconds, and cut off."""
    finished_at = _seconds(terminated.get("finishedAt"))
    if deleted_at is None or finished_at is None or finished_at != deleted_at:
        return deleted_at is None or finished_at is None or finished_at < deleted_at
    return terminated.get("exitCode") not in BY_SIGNAL


def _disruption(status: Object) -> EndCause:
    """Return what the cluster does to a pod; EXITED: nothing."""
    for condition in _true_conditions(status, "DisruptionTarget"):
        return EndCause.LOST if condition.get("reason") in NODE_GONE else EndCause.PREEMPTED
    if status.get("reason") == "NodeLost":
        return EndCause.LOST
    if status.get("reason") in TAKEN_AWAY:
        return EndCause.PREEMPTED
    return EndCause.EXITED  # also "Evicted": without that condition it has written more to its /tmp than it may


def _disrupted_by(status: Object, reason: str) -> bool:
    return any(one.get("reason") == reason for one in _true_conditions(status, "DisruptionTarget"))


def _was_turned_away(status: Object) -> bool:
    """Whether a node has refused what another may take."""
    reason = status.get("reason", "")
    return reason in NOT_ADMITTED or reason.startswith("OutOf")


def _true_conditions(status: Object, kind: str) -> Iterable[Object]:
    return (one for one in status.get("conditions", ()) if one.get("type") == kind and one.get("status") == "True")


def _unscheduled(status: Object) -> str:
    for condition in status.get("conditions", ()):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _words(condition)
    return ""


def _words(told: Object) -> str:
    return ": ".join(text for text in (told.get("reason"), told.get("message")) if text)


def _phase_time(status: Object) -> float:
    """Return when a pod that has no container's times was last heard of; 0 if its object doesn't say."""
    times = [_seconds(one.get("lastTransitionTime")) for one in status.get("conditions", ())]
    return max((time for time in times if time), default=_seconds(status.get("startTime")) or 0.0)


def _seconds(text: str | None) -> float | None:
    return None if not text else datetime.fromisoformat(text).timestamp()
