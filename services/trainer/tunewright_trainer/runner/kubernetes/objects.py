"""What an attempt has in the cluster: made, ended and removed, each as often as may be."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Collection, Iterable
from typing import Final

from tunewright.core.arns import Account
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.runner.kubernetes.cluster import Cluster
from tunewright_trainer.runner.kubernetes.manifests import Manifest, job, peers_policy, service
from tunewright_trainer.runner.kubernetes.names import (
    ATTEMPT,
    FINALIZER,
    TRAINER,
    attempt_of,
    digest_of,
    job_name,
    label_value,
    network_name,
    network_of,
    place_of,
)
from tunewright_trainer.runner.kubernetes.pod import read_pod
from tunewright_trainer.runner.kubernetes.settings import AS_IMAGE, AS_TRAINER, KubernetesSettings

SLACK_S: Final = 1.0
"""Graces are whole seconds."""


class Objects:
    """Every method raises ApiError, and what AWAY lists."""

    def __init__(self, cluster: Cluster, trainer_id: str, settings: KubernetesSettings, account: Account) -> None:
        self._cluster, self._trainer_id, self._settings, self._account = cluster, trainer_id, settings, account
        chosen = settings.run_as in (AS_TRAINER, AS_IMAGE)
        self._user = (os.getuid(), os.getgid()) if chosen else settings.user()

    @property
    def of_this_trainer(self) -> str:
        """The selector of its pods and Jobs."""
        return f"{TRAINER}={label_value(self._trainer_id)}"

    async def create(self, launch: Launch, folder: AttemptFolder) -> None:
        """Make all of an attempt, what its pods rely on first; what is there stays. Raises InvalidSpec."""
        jobs = [
            job(launch, instance, folder, self._trainer_id, self._user, self._settings, self._account)
            for instance in range(launch.instances)
        ]
        if network_of(launch) == "peers":
            await self._cluster.create("networkpolicies", peers_policy(launch, self._trainer_id, self._settings))
        if launch.instances > 1:
            await self._cluster.create("services", service(launch, self._trainer_id, self._settings))
        for manifest in jobs:
            await self._cluster.create("jobs", manifest)

    async def is_gone(self, launch: Launch, instance: int) -> bool:
        """Say whether there is no pod of an instance and none will come."""
        name = job_name(launch, instance)
        made = await self._cluster.get("jobs", name)
        if made is not None and not _has_finished(made):
            return False
        pods = await self._pods(launch.attempt)
        places = [place_of(pod["metadata"]) for pod in pods]
        return launch.hosts[instance] not in [place.host for place in places if place is not None]

    async def end(self, launch: Launch, deadline: float) -> None:
        """Have all programs told to end, and killed at `deadline`, Unix seconds; no pod is made any more.

        A pod that is being deleted already is deleted again only if its own deadline is later.
        """
        # The pods go first: a Job takes its pods with it, with a grace that can only be shortened then.
        await self._end_pods(launch.attempt, deadline)
        # From then on nobody makes pods. Foreground: the Jobs stay for as long as their pods do.
        names = [job_name(launch, instance) for instance in range(launch.instances)]
        await _all(self._cluster.delete("jobs", name, propagationPolicy="Foreground") for name in names)
        await self._end_pods(launch.attempt, deadline)  # those that were made meanwhile

    async def _end_pods(self, attempt: Attempt, deadline: float) -> None:
        # 0 would make the cluster forget the pod without asking its node.
        grace_s = max(math.ceil(deadline - time.time()), 1)
        pods = [read_pod(pod) for pod in await self._pods(attempt)]
        await _all(
            self._cluster.delete("pods", pod.name, gracePeriodSeconds=grace_s)
            for pod in pods
            if not pod.ended and (pod.gives_way_at is None or pod.gives_way_at > deadline + SLACK_S)
        )

    async def have_ended(self, attempt: Attempt) -> bool:
        """Say whether nothing runs in its pods."""
        return all(read_pod(pod).ended for pod in await self._pods(attempt))

    async def let_go(self, attempt: Attempt) -> None:
        """Let its pods go that are deleted: their end is written down."""
        pods = await self._pods(attempt)
        held = [pod["metadata"] for pod in pods if FINALIZER in pod["metadata"].get("finalizers", ())]
        await _all(self._cluster.let_go(metadata["name"], FINALIZER) for metadata in held)

    async def remove(self, attempt: Attempt) -> None:
        """Remove all of an attempt, running or not. The Jobs go last: `strays` finds what remains by them."""
        await self._cluster.delete("networkpolicies", network_name(attempt))
        await self._cluster.delete("services", network_name(attempt))
        await self.let_go(attempt)
        answer = await self._cluster.find("jobs", f"{ATTEMPT}={digest_of(attempt)}")
        for item in answer["items"]:
            await self._cluster.delete("jobs", item["metadata"]["name"], propagationPolicy="Background")

    async def strays(self, known: Collection[Attempt]) -> list[Attempt]:
        """Return the attempts of this trainer that have Jobs and are not known to it."""
        answer = await self._cluster.find("jobs", self.of_this_trainer)
        found = {attempt_of(item["metadata"]) for item in answer["items"]}
        return [attempt for attempt in found if attempt is not None and attempt not in known]

    async def _pods(self, attempt: Attempt) -> list[Manifest]:
        answer = await self._cluster.find("pods", f"{ATTEMPT}={digest_of(attempt)}")
        items: list[Manifest] = answer["items"]
        return items


async def _all(requests: Iterable[Awaitable[None]]) -> None:
    """Make requests at once; raise the first error when all are done."""
    for outcome in await asyncio.gather(*requests, return_exceptions=True):
        if outcome is not None:
            raise outcome


def _has_finished(made: Manifest) -> bool:
    conditions = made.get("status", {}).get("conditions", ())
    return any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)
