"""The pods of a trainer as its cluster tells them: one list, then one watch for all of them."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from typing import Final

import structlog

from tunewright_trainer.runner.kubernetes.cluster import AWAY, ApiError, Cluster
from tunewright_trainer.runner.kubernetes.manifests import Manifest
from tunewright_trainer.runner.kubernetes.names import Place, place_of
from tunewright_trainer.runner.kubernetes.pod import Pod, read_pod, vanished

log = structlog.get_logger()

GONE: Final = 410
"""The API does not remember as far back as the watch would begin."""


def backoff_s(failures: int) -> float:
    """Return how long to wait behind so many failures in a row."""
    return min(0.1 * 2.0 ** min(failures - 1, 10), 10.0)


class Pods:
    """What is known of each instance's pod. `run` keeps it up to date; whoever waits is woken by `changed`."""

    def __init__(self, cluster: Cluster, selector: str) -> None:
        self._cluster, self._selector = cluster, selector
        self._pods: dict[Place, Pod] = {}
        self._followed: set[str] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    def get(self, place: Place) -> Pod | None:
        return self._pods.get(place)

    def follow(self, digest: str) -> None:
        """Keep what is known of an attempt's pods, also of those that are gone."""
        self._followed.add(digest)

    def forget(self, digest: str) -> None:
        self._followed.discard(digest)
        self._pods = {place: pod for place, pod in self._pods.items() if place.digest != digest}

    async def changed(self, timeout_s: float) -> None:
        """Return once a pod has changed or been listed again, or after the time."""
        woken = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken, timeout_s)
        finally:
            self._waiting.discard(woken)

    def wake(self) -> None:
        """Let whoever waits look again."""
        for woken in self._waiting:
            if not woken.done():
                woken.set_result(None)

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        failures = 0
        while True:
            try:
                version = await self._list()
                failures = 0
                await self._watch(version)
                continue
            except ApiError as error:
                if error.status == GONE:
                    continue
                why = str(error)
            except AWAY as error:
                why = str(error) or type(error).__name__
            except Exception as error:  # an answer that cannot be read, say: who waits must not wait for ever
                log.exception("the cluster's pods cannot be followed")
                why = str(error)
            failures += 1
            if failures == 1:
                log.warning("the cluster's pods cannot be followed; trying again", why=why)
            await asyncio.sleep(backoff_s(failures))

    async def _list(self) -> str:
        answer = await self._cluster.find("pods", self._selector)
        listed = {}
        for item in answer["items"]:
            place = place_of(item["metadata"])
            if place is not None:
                listed[place] = read_pod(item)
        now = time.time()
        gone = {place: vanished(pod, now) for place, pod in self._pods.items() if place.digest in self._followed}
        self._pods = gone | listed
        self.wake()
        return str(answer["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> None:
        """Return when the API ends the watch. Raises ApiError."""
        async with aclosing(self._cluster.watch("pods", self._selector, version)) as events:
            async for event in events:
                self._take(event["type"], event["object"])

    def _take(self, kind: str, item: Manifest) -> None:
        if kind == "ERROR":
            raise ApiError(item.get("code", 500), item.get("message", "the watch broke off"))
        place = place_of(item.get("metadata", {})) if kind != "BOOKMARK" else None
        if place is None:
            return
        pod = read_pod(item)
        self._pods[place] = vanished(pod, time.time()) if kind == "DELETED" else pod
        if kind == "DELETED" and place.digest not in self._followed:
            del self._pods[place]
        self.wake()
