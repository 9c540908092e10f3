"""What a pod's status, in the words of the API's documentation, means for a training."""

from __future__ import annotations

from datetime import datetime

import pytest

from tunewright.core.states import EndCause
from tunewright_trainer.runner.kubernetes.pod import read_pod, vanished, waits_for

BEGAN, ENDED, LATER = "2026-01-01T10:00:00Z", "2026-01-01T10:05:00Z", "2026-01-01T10:06:00Z"


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def pod(phase="Running", state=None, node="node-1", deleted=None, grace_s=0, **status):
    metadata = {"name": "training-1"}
    if deleted:
        metadata |= {"deletionTimestamp": deleted, "deletionGracePeriodSeconds": grace_s}
    containers = {} if state is None else {"containerStatuses": [{"name": "training", "state": state}]}
    return {
        "metadata": metadata,
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase, **containers, **status},
    }


def terminated(exit_code, reason="Error", **fields):
    return {"terminated": {"exitCode": exit_code, "reason": reason, "startedAt": BEGAN, "finishedAt": ENDED, **fields}}


def disrupted(reason):
    return [{"type": "DisruptionTarget", "status": "True", "reason": reason, "lastTransitionTime": ENDED}]


@pytest.mark.parametrize(
    ("given", "fate", "exit_code"),
    [
        (pod("Succeeded", terminated(0, "Completed")), EndCause.EXITED, 0),
        (pod("Failed", terminated(3)), EndCause.EXITED, 3),
        (pod("Failed", terminated(137, "OOMKilled")), EndCause.OUT_OF_MEMORY, 137),
        (pod("Failed", terminated(1, "OOMKilled")), EndCause.OUT_OF_MEMORY, 1),
        (pod("Succeeded", terminated(0, "OOMKilled")), EndCause.EXITED, 0),
        (pod("Failed", terminated(128, "StartError", message="exec: no such file")), EndCause.START_FAILED, None),
        (pod("Failed", terminated(128, "ContainerCannotRun")), EndCause.START_FAILED, None),
        (pod("Failed", terminated(137, "ContainerStatusUnknown")), EndCause.LOST, 137),
        (pod("Failed", reason="OutOfcpu", message="Node didn't have enough resource"), EndCause.LOST, None),
        (pod("Failed", reason="UnexpectedAdmissionError", message="no healthy devices"), EndCause.LOST, None),
        (pod("Failed", reason="NodeAffinity"), EndCause.LOST, None),
        (pod("Failed", reason="AppArmor", message="no such profile"), EndCause.START_FAILED, None),
        (pod("Failed", reason="NodeShutdown", message="the node is shutting down"), EndCause.PREEMPTED, None),
        (pod("Failed", terminated(0), conditions=disrupted("PreemptionByScheduler")), EndCause.PREEMPTED, 0),
        (pod("Failed", terminated(143), conditions=disrupted("EvictionByEvictionAPI")), EndCause.PREEMPTED, 143),
        (pod("Failed", terminated(137), conditions=disrupted("TerminationByKubelet")), EndCause.PREEMPTED, 137),
        (pod("Failed", terminated(137), conditions=disrupted("DeletionByPodGC")), EndCause.LOST, 137),
        (pod("Failed", terminated(143), conditions=disrupted("DeletionByTaintManager")), EndCause.PREEMPTED, 143),
        (
            pod("Failed", terminated(137, "ContainerStatusUnknown"), conditions=disrupted("DeletionByTaintManager")),
            EndCause.LOST,
            137,
        ),
        (pod("Failed", {"running": {"startedAt": BEGAN}}, reason="NodeLost"), EndCause.LOST, None),
        (pod("Failed", {"running": {"startedAt": BEGAN}}), EndCause.LOST, None),
        (pod("Failed", terminated(137), reason="Evicted", message="Usage of EmptyDir volume"), EndCause.EXITED, 137),
        (pod("Failed", terminated(143), deleted=ENDED, grace_s=0), EndCause.PREEMPTED, 143),
        (pod("Failed", terminated(0), deleted=LATER, grace_s=90), EndCause.PREEMPTED, 0),
        (pod("Failed", terminated(3), deleted=LATER, grace_s=30), EndCause.EXITED, 3),
        (pod("Pending", node=None, deleted=ENDED), EndCause.PREEMPTED, None),
    ],
)
def test_how_it_ended(given, fate, exit_code):
    read = read_pod(given)
    assert read.ended
    assert (read.fate, read.exit_code) == (fate, exit_code)
    assert read.failed is not (fate is EndCause.EXITED and exit_code == 0)


def test_its_times_are_those_of_the_container():
    read = read_pod(pod("Failed", terminated(3)))
    assert (read.started_at, read.ended_at) == (seconds(BEGAN), seconds(ENDED))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (pod("Failed", terminated(128, "StartError", message="exec: no such file")), "exec: no such file"),
        (pod("Failed", reason="OutOfcpu", message="not enough"), "OutOfcpu: not enough"),
        (pod("Failed", terminated(137), reason="Evicted", message="/tmp is full"), "Evicted: /tmp is full"),
        (
            pod("Pending", {"waiting": {"reason": "ErrImagePull", "message": "not found"}}),
            "ErrImagePull: not found",
        ),
        (
            pod(
                "Pending",
                node=None,
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3"}],
            ),
            "Unschedulable: 0/3",
        ),
    ],
)
def test_the_clusters_words_are_kept(given, why):
    assert read_pod(given).why == why


def unscheduled(message, reason="Unschedulable"):
    return [{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (pod("Pending", node=None), "waits for a node"),
        (
            pod(
                "Pending", node=None, conditions=unscheduled("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")
            ),
            "waits for a node: Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        ),
        (
            pod("Pending", node=None, conditions=unscheduled("gates: queue", "SchedulingGated")),
            "waits for a node: SchedulingGated: gates: queue",
        ),
        (pod("Pending"), "waits for its container"),
        (pod("Pending", {"waiting": {"reason": "ContainerCreating"}}), "waits for its container: ContainerCreating"),
        (
            pod("Pending", {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "a"'}}),
            'waits for its container: ImagePullBackOff: Back-off pulling image "a"',
        ),
        (pod("Running", {"running": {"startedAt": BEGAN}}), ""),
        (pod("Failed", terminated(3)), ""),
        (pod("Failed", reason="OutOfcpu"), ""),
    ],
)
def test_what_it_waits_for(given, words):
    assert waits_for(read_pod(given)) == words


def test_what_has_no_pod_waits_for_one():
    assert waits_for(None) == "waits for its pod"


@pytest.mark.parametrize(
    "given",
    [
        pod("Pending", node=None),
        pod("Pending", {"waiting": {"reason": "ContainerCreating"}}),
        pod("Running", {"running": {"startedAt": BEGAN}}),
        pod("Running", {"running": {"startedAt": BEGAN}}, deleted=LATER, grace_s=30),
        pod("Running", {"running": {"startedAt": BEGAN}}, conditions=disrupted("EvictionByEvictionAPI")),
        {"metadata": {"name": "training-1"}},
    ],
)
def test_what_has_not_ended(given):
    read = read_pod(given)
    assert not read.ended
    assert not read.failed


def test_a_pod_that_is_gone_without_a_word_is_lost_and_one_that_was_taken_away_is_not():
    running = {"running": {"startedAt": BEGAN}}
    assert vanished(read_pod(pod("Running", running)), 7.0).fate is EndCause.LOST
    taken = read_pod(pod("Running", running, conditions=disrupted("EvictionByEvictionAPI")))
    assert (vanished(taken, 7.0).fate, vanished(taken, 7.0).ended_at) == (EndCause.PREEMPTED, 7.0)
    over = read_pod(pod("Failed", terminated(3)))
    assert (vanished(over, 7.0).exit_code, vanished(over, 7.0).ended_at) == (3, seconds(ENDED))
