"""A Kubernetes cluster of one node in memory: kmock serves its API, programs of this host stand in for containers.

It does what the real one documents, as far as a trainer meets it: Jobs that make one pod, graceful deletion,
finalizers, foreground deletion, watches that break off or are too old, and of the node its log: entries of 16 KiB at
most, one timestamp for each line, thrown away with a deleted pod's container. It allows what `allowed` says. It
validates nothing; the tests hold what was sent against the published schemas.

    async with Cluster(claim=folder, images={"name": script}) as cluster:
        cluster.kubeconfig(path)
"""

from __future__ import annotations

import asyncio
import copy
import json
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import kmock
from kmock import KubernetesScaffold, Server

ENTRY_BYTES = 16 * 1024
"""Containerd's default: a longer line becomes several entries of the log."""
KINDS = {"jobs": "Job", "pods": "Pod", "services": "Service", "networkpolicies": "NetworkPolicy"}
VERBS = {"list": "list", "watch": "watch", "fetch": "get", "create": "create", "update": "patch", "delete": "delete"}
FOREGROUND = "foregroundDeletion"
POLL_S = 0.02


@dataclass
class Entry:
    """One entry of a container's log; `whole`: it ends a line."""

    at: float
    text: bytes
    whole: bool


@dataclass
class Container:
    """What the node has of a pod."""

    process: asyncio.subprocess.Process | None = None
    entries: list[Entry] | None = field(default_factory=list)
    """None: the node has removed the container, and its log."""
    ended: bool = False
    kill_at: float = math.inf
    deleted_at: float = math.inf
    told: bool = False


def allowed_by(role: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return what a Role allows: group, resource and verb."""
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def now_text(at: float) -> str:
    return f"{datetime.fromtimestamp(math.floor(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


class Cluster:
    def __init__(self, claim: Path, images: dict[str, Path]) -> None:
        self._claim, self.images = claim, images
        self.opt_ml: dict[str, Path] = {}
        """A folder with what an image has at /opt/ml, by its name; the others have nothing there."""
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.containers: dict[str, Container] = {}
        self.denied: dict[tuple[str, str], int] = {}
        """Status by method and kind, for requests that are refused."""
        self.asked: set[tuple[str, str, str]] = set()
        """Group, resource and verb of every request, in the words of a Role."""
        self.allowed: set[tuple[str, str, str]] | None = None
        """Likewise what may be asked; None: everything."""
        self.down = False
        """The API hangs up on everybody."""
        self.has_node = True
        self.node_answers = True
        """Else it does nothing of what it is asked, and tells nothing."""
        self.makes_pods = True
        self.log_fails = 0
        """How many of the next requests for a log the node answers with a sentence of its own."""
        self._version = 0
        self._events: list[tuple[int, str, str, dict[str, Any]]] = []
        self._forgetful = False
        self._cut = 0
        self._open = True
        self._tasks: set[asyncio.Task[None]] = set()
        self.api = KubernetesScaffold()
        self.server = Server(self.api)

    async def __aenter__(self) -> Cluster:
        await self.api.__aenter__()
        await self.server.__aenter__()
        for action, serve in {
            "LIST": self._list,
            "WATCH": self._watch,
            "FETCH": self._fetch,
            "CREATE": self._create,
            "UPDATE": self._patch,
            "DELETE": self._delete,
        }.items():
            self.api[getattr(kmock.action, action)] << self._guarded(serve)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        for container in self.containers.values():
            _kill(container)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for container in self.containers.values():
            if container.process is not None:
                _kill(container)
                await container.process.wait()
        await self.server.__aexit__(None, None, None)
        await self.api.__aexit__(None, None, None)

    def kubeconfig(self, path: Path) -> Path:
        """Write what a client needs to find this cluster."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": str(self.server.url).rstrip("/")}}],
            "users": [{"name": "test", "user": {"token": "secret-token"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_text(json.dumps(content))
        return path

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [item for (its_kind, _), item in self.objects.items() if its_kind == kind]

    def cut_streams(self, *, forget: bool = False) -> None:
        """End every stream; `forget`: watches because the past from which they would go on is no longer known."""
        self._cut += 1
        self._forgetful = forget

    def disrupt(self, pod: dict[str, Any], reason: str, grace_s: int = 30) -> None:
        """Do to a pod what a drain, a preemption or a taint of its node does."""
        condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "the node goes away"}
        pod["status"].setdefault("conditions", []).append(condition)
        self._delete_pod(pod, grace_s)

    def _guarded(self, serve: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def guarded(request: Any) -> Any:
            if self.down:
                request._raw_request.transport.abort()
            kind = request.resource.plural
            resource = f"{kind}/{request.subresource}" if request.subresource else kind
            asked = request.resource.group, resource, VERBS[request.action.value.lower()]
            self.asked.add(asked)
            if self.allowed is not None and asked not in self.allowed:
                raise _error(403, f"{resource} is forbidden: no rule allows to {asked[2]} it")
            if (status := self.denied.get((request.method.value.upper(), kind))) is not None:
                raise _error(status, f"{kind} is forbidden: denied by a test")
            return serve(request)

        return guarded

    # The API

    def _list(self, request: Any) -> dict[str, Any]:
        items = [item for item in self.of(request.resource.plural) if _matches(item, request)]
        return {"metadata": {"resourceVersion": str(self._version)}, "items": copy.deepcopy(items)}

    async def _watch(self, request: Any) -> AsyncIterator[Any]:
        seen, cut = int(request.params["resourceVersion"]), self._cut
        yield b""
        while self._is_wanted(request) and cut == self._cut:
            for version, kind, event, item in list(self._events):
                if version > seen and kind == request.resource.plural and _matches(item, request):
                    yield {"type": event, "object": item}
            seen = self._version
            await asyncio.sleep(POLL_S)
        if self._forgetful:
            yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}

    def _is_wanted(self, request: Any) -> bool:
        transport = request._raw_request.transport
        return self._open and not self.down and transport is not None and not transport.is_closing()

    def _fetch(self, request: Any) -> Any:
        item = self._find(request)
        return self._log(request, item) if request.subresource == "log" else copy.deepcopy(item)

    def _find(self, request: Any) -> dict[str, Any]:
        try:
            return self.objects[request.resource.plural, request.name]
        except KeyError:
            raise _error(404, f"{request.resource.plural} {request.name!r} not found") from None

    def _create(self, request: Any) -> dict[str, Any]:
        kind, item = request.resource.plural, request.data
        key = kind, item["metadata"]["name"]
        if key in self.objects:
            raise _error(409, f"{key[1]!r} already exists")
        self._store(kind, item)
        if kind == "jobs":
            self._spawn(self._make_pod(item))
        return copy.deepcopy(item)

    def _patch(self, request: Any) -> dict[str, Any]:
        item = self._find(request)
        gone = set(request.data["metadata"]["$deleteFromPrimitiveList/finalizers"])
        item["metadata"]["finalizers"] = [name for name in item["metadata"].get("finalizers", ()) if name not in gone]
        self._changed(request.resource.plural, item)
        self._collect()
        return copy.deepcopy(item)

    def _delete(self, request: Any) -> dict[str, Any]:
        kind, item, options = request.resource.plural, self._find(request), request.data or {}
        if kind == "pods":
            self._delete_pod(item, options.get("gracePeriodSeconds"))
        elif kind == "jobs":
            foreground = options["propagationPolicy"] == "Foreground"
            if foreground:
                item["metadata"].setdefault("finalizers", []).append(FOREGROUND)
            item["metadata"]["deletionTimestamp"] = now_text(time.time())
            self._changed(kind, item)
            self._spawn(self._delete_dependents(item["metadata"]["name"]))
        else:
            item["metadata"]["deletionTimestamp"] = now_text(time.time())
        self._collect()
        return {"kind": "Status", "status": "Success"}

    # Its controllers

    def _store(self, kind: str, item: dict[str, Any]) -> None:
        item.setdefault("metadata", {})["creationTimestamp"] = now_text(time.time())
        item.setdefault("status", {})
        item["kind"] = KINDS[kind]
        self.objects[kind, item["metadata"]["name"]] = item
        self._changed(kind, item, "ADDED")

    def _changed(self, kind: str, item: dict[str, Any], event: str = "MODIFIED") -> None:
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        self._events.append((self._version, kind, event, copy.deepcopy(item)))

    def _collect(self) -> None:
        """Remove what is deleted and held by nobody."""
        for (kind, name), item in list(self.objects.items()):
            metadata = item["metadata"]
            if kind == "jobs" and FOREGROUND in metadata.get("finalizers", ()):
                if any(_owner(pod) == name for pod in self.of("pods")):
                    continue
                metadata["finalizers"].remove(FOREGROUND)
            is_over = kind != "pods" or self.containers[name].ended
            if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and is_over:
                del self.objects[kind, name]
                self._changed(kind, item, "DELETED")
                if kind == "pods":
                    self._collect()

    async def _make_pod(self, job: dict[str, Any]) -> None:
        while not self.makes_pods:  # noqa: ASYNC110 - a test changes it
            await asyncio.sleep(POLL_S)
        if job["metadata"].get("deletionTimestamp"):
            return
        template = copy.deepcopy(job["spec"]["template"])
        name = job["metadata"]["name"]
        template["metadata"] |= {"name": f"{name}-abcde", "ownerReferences": [{"kind": "Job", "name": name}]}
        template["status"] = {"phase": "Pending"}
        self.containers[f"{name}-abcde"] = Container()
        self._store("pods", template)
        await self._run(template)
        kind = "Complete" if template["status"]["phase"] == "Succeeded" else "Failed"
        job["status"]["conditions"] = [{"type": kind, "status": "True"}]
        self._changed("jobs", job)
        self._collect()

    async def _delete_dependents(self, name: str) -> None:
        for pod in self.of("pods"):  # at once: it may be faster than the next request
            if _owner(pod) == name:
                self._delete_pod(pod, None)
        self._collect()

    def _delete_pod(self, pod: dict[str, Any], grace_s: int | None) -> None:
        """Begin to delete a pod. One that is being deleted can only get a shorter grace, from when that began."""
        if grace_s is None:
            if "deletionTimestamp" in pod["metadata"]:
                return
            grace_s = pod["spec"]["terminationGracePeriodSeconds"]
        container = self.containers[pod["metadata"]["name"]]
        if container.ended or not pod["spec"].get("nodeName"):
            grace_s = 0
        now, metadata = time.time(), pod["metadata"]
        if "deletionTimestamp" in metadata and grace_s >= metadata["deletionGracePeriodSeconds"]:
            return
        asked_at = container.deleted_at = min(container.deleted_at, now)
        container.kill_at = now + grace_s
        metadata["deletionTimestamp"] = now_text(asked_at + grace_s)
        metadata["deletionGracePeriodSeconds"] = grace_s
        if not pod["spec"].get("nodeName"):
            container.ended = True
        self._changed("pods", pod)
        self._collect()

    # Its node

    async def _run(self, pod: dict[str, Any]) -> None:
        """Run a pod to its end, as the kubelet does."""
        container = self.containers[pod["metadata"]["name"]]
        while not self.has_node and not container.ended:
            unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/0 nodes"}
            pod["status"]["conditions"] = [unscheduled]
            self._changed("pods", pod)
            await asyncio.sleep(POLL_S)
        if container.ended:
            return
        pod["spec"]["nodeName"] = "node-1"
        spec = pod["spec"]["containers"][0]
        while spec["image"] not in self.images and container.kill_at == math.inf:
            self._tell(pod, "Pending", {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}})
            await asyncio.sleep(POLL_S)
        if container.kill_at != math.inf:
            container.ended = True
            self._tell(pod, "Failed", {"waiting": {"reason": "ContainerCreating"}})
            return
        started_at = time.time()
        container.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(self.images[spec["image"]]),
            env=self._environment(spec, pod["metadata"]["name"]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._tell(pod, "Running", {"running": {"startedAt": now_text(started_at)}})
        reading = asyncio.create_task(_read(container))
        await self._wait(container)
        _kill(container)
        await reading
        self._tell_end(pod, container, started_at)

    def _environment(self, spec: dict[str, Any], name: str) -> dict[str, str]:
        """Return a program's environment, with a folder of this host for /opt/ml."""
        base = str(self._lay_out(spec, self._claim.parent / "containers" / name))
        told = {one["name"]: one["value"].replace("$$", "$").replace("/opt/ml", base) for one in spec["env"]}
        return {"PATH": os.environ["PATH"], **told}

    def _lay_out(self, spec: dict[str, Any], base: Path) -> Path:
        """Make what a container sees at /opt/ml: what its image has there, and links for mounts, which hide that."""
        base.mkdir(parents=True)
        if spec["image"] in self.opt_ml:
            shutil.copytree(self.opt_ml[spec["image"]], base, dirs_exist_ok=True)
        for mount in sorted(spec["volumeMounts"], key=lambda mount: mount["mountPath"].count("/")):
            path = PurePosixPath(mount["mountPath"])
            if path.is_relative_to("/opt/ml") and not (place := base / path.relative_to("/opt/ml")).is_symlink():
                shutil.rmtree(place, ignore_errors=True)
                place.symlink_to(self._claim / mount["subPath"])
        return base

    async def _wait(self, container: Container) -> None:
        process = container.process
        assert process is not None
        while process.returncode is None:  # wait() would wait for children that hold the output open, too
            if not self.node_answers:
                await asyncio.sleep(POLL_S / 2)
                continue
            if container.kill_at != math.inf and not container.told:
                container.told = True
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            if time.time() >= container.kill_at:
                _kill(container)
            await asyncio.sleep(POLL_S / 2)

    def _tell_end(self, pod: dict[str, Any], container: Container, started_at: float) -> None:
        assert container.process is not None
        status = container.process.returncode or 0
        exit_code = 128 - status if status < 0 else status
        out_of_memory = container.entries and container.entries[-1].text == b"oom\n"
        terminated = {
            "exitCode": 137 if out_of_memory else exit_code,
            "reason": "OOMKilled" if out_of_memory else "Completed" if exit_code == 0 else "Error",
            "startedAt": now_text(started_at),
            "finishedAt": now_text(time.time()),
        }
        container.ended = True
        if pod["metadata"].get("deletionTimestamp"):
            container.entries = None
        self._tell(pod, "Succeeded" if terminated["exitCode"] == 0 else "Failed", {"terminated": terminated})
        self._collect()

    def _tell(self, pod: dict[str, Any], phase: str, state: dict[str, Any]) -> None:
        statuses = [{"name": pod["spec"]["containers"][0]["name"], "state": state}]
        if pod["status"].get("containerStatuses") != statuses or pod["status"]["phase"] != phase:
            pod["status"] |= {"phase": phase, "containerStatuses": statuses}
            self._changed("pods", pod)

    async def _log(self, request: Any, pod: dict[str, Any]) -> AsyncIterator[bytes]:
        container = self.containers[pod["metadata"]["name"]]
        yield b""
        if container.entries is None or self.log_fails:
            self.log_fails = max(self.log_fails - 1, 0)
            yield b"unable to retrieve container logs for containerd://0123"
            return
        since = request.params.get("sinceTime")
        since_s = datetime.fromisoformat(since).timestamp() if since else 0.0
        entries, at, at_start, cut = container.entries, 0, True, self._cut
        while True:
            had_ended = container.ended
            chunk = bytearray()
            for entry in entries[at:]:
                if entry.at >= since_s:
                    chunk += _stamp(entry.at) if at_start else b""
                    chunk += entry.text
                    at_start = entry.whole
            at = len(entries)
            if chunk:
                yield bytes(chunk)
            if had_ended or "follow" not in request.params or not self._is_wanted(request) or cut != self._cut:
                return
            await asyncio.sleep(POLL_S / 2)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)


async def _read(container: Container) -> None:
    """Turn a program's output into entries, as a container runtime does."""
    assert container.process is not None
    assert container.process.stdout is not None
    assert container.entries is not None
    head = b""
    while chunk := await container.process.stdout.read(65536):
        *lines, head = (head + chunk).split(b"\n")
        for line in lines:
            _enter(container.entries, line + b"\n")
        while len(head) >= ENTRY_BYTES:
            container.entries.append(Entry(time.time(), head[:ENTRY_BYTES], whole=False))
            head = head[ENTRY_BYTES:]
    _enter(container.entries, head)


def _enter(entries: list[Entry], text: bytes) -> None:
    for at in range(0, len(text), ENTRY_BYTES):
        part = text[at : at + ENTRY_BYTES]
        entries.append(Entry(time.time(), part, whole=part.endswith(b"\n")))


def _stamp(at: float) -> bytes:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z ".encode()


def _kill(container: Container) -> None:
    if container.process is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(container.process.pid, signal.SIGKILL)


def _owner(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["ownerReferences"][0]["name"])


def _matches(item: dict[str, Any], request: Any) -> bool:
    selector = request.params.get("labelSelector", "")
    labels = item["metadata"].get("labels", {})
    pairs = [pair.partition("=") for pair in selector.split(",") if pair]
    return all(labels.get(name) == value for name, _, value in pairs)


def _error(status: int, message: str) -> Exception:
    return kmock.KubernetesError(status=status, reason="Denied", message=message)
