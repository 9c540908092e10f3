"""A Docker engine of the tests' own.

`dockerd` runs in namespaces of its own (network, mounts, processes) below a folder of its own: nothing gets out, the
machine's network and mounts stay as they are, and everything, containers too, ends with this process, however it ends.
Images are made from what this machine has, busybox and the Python that runs the tests; no registry is asked. Where no
engine can be had, tests that need one are skipped, and under CI they fail.
"""

from __future__ import annotations

import atexit
import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode

from tests.servers.process import STOP_WITHIN_S, CannotStart, give_up
from tests.servers.rootfs import Busybox, PythonRoot

START_WITHIN_S: Final = 30.0
COMMANDS: Final = ("dockerd", "containerd", "runc", "docker-init", "unshare", "iptables", "busybox")
HOOK: Final = "#!/bin/sh\ncat >/dev/null\n"
"""In place of NVIDIA's hook: an engine that finds one on its PATH takes requests for GPUs, and tells the container."""

INIT: Final = """\
set -e
ip link set lo up
mkdir -p /run/containerd
mount -t tmpfs none /run/containerd
echo ready
while read -r order; do
  eval "$order"
  echo done
done
"""
"""The first process of the namespaces (below an init that reaps). It ends with its input, and all others with it."""


class Engine:
    """One engine. It keeps containers and images over a restart; containers run on while it is away."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tunewright-docker-"))
        self._folder.chmod(0o755)  # containers of other users look into it
        self._log = self._folder / "server.log"
        self._socket = self._folder / "docker.sock"
        self._world: subprocess.Popen[str] | None = None
        self._images: dict[str, str] = {}
        self._programs: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self, *, live_restore: bool = True) -> None:
        """Start it, or start it again; return once it serves. Raises CannotStart.

        `live_restore`: containers run on while it is away; else it takes them with it.
        """
        if self._world is None:
            self._make_world()
        folder = self._folder
        words = f"--host {self.url} --data-root {folder}/root --exec-root {folder}/exec --pidfile {folder}/pid"
        words += " --live-restore" if live_restore else ""
        self._order(f"PATH={folder}/bin:$PATH dockerd {words} >>{self._log} 2>&1 </dev/null & pid=$!")
        deadline = time.monotonic() + START_WITHIN_S
        while not self.going:
            if time.monotonic() > deadline:
                last = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
                raise CannotStart(f"dockerd did not start; the last lines of its log:\n{last}")
            time.sleep(0.02)

    @property
    def on_its_network(self) -> list[str]:
        """The words before a command that is to reach the ports that containers publish."""
        assert self._world is not None
        return ["nsenter", "--target", str(self._world.pid), "--net"]

    @property
    def going(self) -> bool:
        try:
            return self.request("GET", "/_ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False

    def ensure_going(self) -> None:
        """Start it again if the last who used it left it ended."""
        if not self.going:
            self.start()

    def kill(self) -> None:
        """SIGKILL; containers run on."""
        self._order("kill -KILL $pid; wait $pid || true; rm -f " + str(self._folder / "pid"))

    def stop(self) -> None:
        """SIGTERM; containers run on."""
        self._order("kill -TERM $pid; wait $pid || true")

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        self._order("kill -STOP $pid")

    def resume(self) -> None:
        self._order("kill -CONT $pid")

    def remove(self) -> None:
        """End everything, and leave nothing behind."""
        with suppress(OSError, http.client.HTTPException, CannotStart):
            for container in self.get("/containers/json?all=1"):
                self.request("DELETE", f"/containers/{container['Id']}?force=1")
        world, self._world = self._world, None
        if world is not None:
            assert world.stdin is not None
            world.stdin.close()
            try:
                world.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                world.kill()
                world.wait()
            assert world.stdout is not None
            world.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def request(self, method: str, path: str, body: bytes | IO[bytes] | None = None, kind: str = "") -> bytes:
        """Return the answer's body. Raises CannotStart: the engine refuses."""
        connection = _Connection(self._socket)
        try:
            connection.request(method, path, body, {"Content-Type": kind or "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise CannotStart(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
        return answer

    def get(self, path: str) -> Any:
        return json.loads(self.request("GET", path))

    # -- Images

    @property
    def busybox(self) -> str:
        """The name of an image with a shell and its commands."""
        return self.image("test/busybox:1", Busybox)

    def python(self, *distributions: str) -> str:
        """Return the name of an image with this interpreter and installed distributions and what they require."""
        name = "-".join(["test/python", *(name.lower() for name in sorted(distributions))])
        return self.image(f"{name}:1", lambda: PythonRoot(distributions))

    def program(self, source: str) -> str:
        """Return the name of an image that runs Python source."""
        if source not in self._programs:
            words = json.dumps(["python3", "-c", source])
            self._programs[source] = self.built(f"FROM {self.python()}\nENTRYPOINT {words}\n")
        return self._programs[source]

    def built(self, dockerfile: str, **files: str) -> str:
        """Return the name of an image built from a Dockerfile beside files."""
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            for name, content in {"Dockerfile": dockerfile, **files}.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content.encode()), 0o755
                tar.addfile(entry, io.BytesIO(content.encode()))
        name = f"test/built:{len(self._images)}"
        said = self.request("POST", f"/build?t={name}&forcerm=1", context.getvalue(), "application/x-tar").decode()
        if '"errorDetail"' in said:
            raise CannotStart(said)
        self._images[name] = name
        return name

    def image(self, name: str, make: Callable[[], Busybox]) -> str:
        """Return the name of an image, `…:1`, with this root file system, which is made once."""
        if name not in self._images:
            root = make()
            with tempfile.TemporaryFile(dir=self._folder) as archive:
                with tarfile.open(fileobj=archive, mode="w") as tar:
                    root.write(tar)
                archive.seek(0)
                words = [("fromSrc", "-"), ("repo", name.partition(":")[0]), ("tag", "1")]
                changes = [("changes", change) for change in root.changes]
                self.request("POST", f"/images/create?{urlencode([*words, *changes])}", archive, "application/x-tar")
            self._images[name] = name
        return self._images[name]

    # -- Its world

    def _make_world(self) -> None:
        hook = self._folder / "bin/nvidia-container-runtime-hook"
        hook.parent.mkdir()
        hook.write_text(HOOK)
        hook.chmod(0o755)
        spaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with self._log.open("ab") as log:
            self._world = subprocess.Popen(
                [*spaces, "docker-init", "--", "sh", "-c", INIT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the tests
            )
        self._answered("ready")

    def _order(self, order: str) -> None:
        assert self._world is not None
        assert self._world.stdin is not None
        self._world.stdin.write(order + "\n")
        self._world.stdin.flush()
        self._answered("done")

    def _answered(self, word: str) -> None:
        assert self._world is not None
        assert self._world.stdout is not None
        if self._world.stdout.readline().strip() != word:
            raise CannotStart(f"no namespaces for an engine: {self._log.read_text(errors='replace').strip()}")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def docker_engine() -> Engine:
    """Return the engine that all tests of this process share, started by the first who asks; skip where there is none.

    It ends with this process.
    """
    engine = _shared()
    if isinstance(engine, str):
        give_up(engine)
    engine.ensure_going()
    return engine


@cache
def _shared() -> Engine | str:
    """Return the engine, or why there is none, which is found out once."""
    missing = [command for command in COMMANDS if shutil.which(command) is None]
    if missing:
        return f"no Docker engine: install docker.io and busybox-static (missing: {', '.join(missing)})"
    if os.geteuid() != 0:
        return "no Docker engine: only root can start one of its own"
    engine = Engine()
    atexit.register(engine.remove)
    try:
        engine.start()
    except CannotStart as why:
        return f"no Docker engine: {why}"
    return engine
