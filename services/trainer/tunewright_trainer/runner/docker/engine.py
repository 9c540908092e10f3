"""The Docker Engine API, as far as the runner needs it. Containers go by their names.

Every call raises Away when the engine does not answer (what was asked may have been done nevertheless), and Refused
when it answers with an error.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.jsonstream import json_stream_stream

from tunewright_trainer.runner.docker.frames import Frames
from tunewright_trainer.runner.docker.outcome import State
from tunewright_trainer.runner.log_follower import Piece

CALL_S: Final = 60.0
"""A start on a slow disk takes its time; an engine that hangs does not answer for longer."""
CANNOT_CONNECT: Final = 900
"""aiodocker's status for it."""
MISSING, CONFLICT, UNHEARD = 404, 409, 504
NO_SOURCE: Final = "bind source path does not exist"
INIT_AND_PROGRAM: Final = 2
POLL_S: Final = 0.01


Output = AsyncGenerator[list[Piece], None]


class Away(Exception):  # noqa: N818 - what the engine is
    pass


class Refused(Exception):  # noqa: N818 - what the engine has
    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class ImageMissing(Refused):
    pass


class SourceMissing(Refused):
    """A folder that is to be mounted is not where the engine looks."""


class Kind(Enum):
    CONTAINER = auto()
    VOLUME = auto()
    NETWORK = auto()


@dataclass(frozen=True, slots=True)
class Thing:
    kind: Kind
    name: str
    labels: Mapping[str, str]


def _unconnected(error: DockerError) -> str:
    """Return the system's own words, where there are some: aiodocker's name a host that nobody has given."""
    cause = error.__context__
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error.message)


class Engine:
    """`url` is unix:///…/docker.sock, tcp://… or what else aiodocker knows. Close it in the loop that has used it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: Docker | None = None
        self._connector: aiohttp.BaseConnector | None = None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        if self._connector is not None:  # given to the client, it stays ours
            await self._connector.close()

    @property
    def _docker(self) -> Docker:
        if self._client is None:
            self._client = self._connected()
        return self._client

    def _connected(self) -> Docker:
        """Connections are without bound, where that is ours to say: each running container holds one for its log."""
        scheme, _, path = self.url.partition("://")
        if scheme != "unix":
            return Docker(self.url)
        self._connector = aiohttp.UnixConnector(path, limit=0)
        return Docker("unix://localhost", connector=self._connector)

    @asynccontextmanager
    async def _asking(self, within_s: float | None = CALL_S) -> AsyncIterator[Docker]:
        try:
            async with asyncio.timeout(within_s):
                yield self._docker
        except DockerError as error:
            if error.status == CANNOT_CONNECT:
                raise Away(_unconnected(error)) from error
            raise Refused(error.status, error.message) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Away(f"{type(error).__name__}: {error}") from error

    async def ping(self, within_s: float) -> None:
        async with self._asking(within_s) as docker:
            await docker.version()

    # -- Containers

    async def create(self, name: str, config: dict[str, Any]) -> bool:
        """Return whether it was made now: False, there is one of this name. Raises ImageMissing, SourceMissing."""
        try:
            async with self._asking() as docker:
                await docker.containers.create(config, name=name)
        except Refused as refused:
            if refused.status == CONFLICT:
                return False
            if refused.status == MISSING and "image" in str(refused).lower():
                raise ImageMissing(refused.status, str(refused)) from refused
            if NO_SOURCE in str(refused):
                raise SourceMissing(refused.status, str(refused)) from refused
            raise
        return True

    async def start(self, name: str) -> None:
        """Start what was created. What has ended would be started again: look at its state first."""
        async with self._asking() as docker:
            await docker.containers.container(name).start()

    async def state(self, name: str) -> State | None:
        """Return None if there is no such container."""
        try:
            async with self._asking() as docker:
                return State.read((await docker.containers.get(name))["State"])
        except Refused as refused:
            if refused.status == MISSING:
                return None
            raise

    async def signal(self, name: str, signal: str) -> None:
        """Send a signal to the first process; nothing happens to what does not run."""
        try:
            async with self._asking() as docker:
                await docker.containers.container(name).kill(signal=signal)
        except Refused as refused:
            if refused.status not in {MISSING, CONFLICT}:
                raise

    async def has_program(self, name: str) -> None:
        """Wait until the init has started the program: from then on it hands signals on, before they are lost."""
        try:
            async with self._asking() as docker:
                while True:
                    told = await docker._query_json(f"containers/{name}/top")  # noqa: SLF001 - it offers no such call
                    if len(told["Processes"]) >= INIT_AND_PROGRAM:
                        return
                    await asyncio.sleep(POLL_S)
        except Refused:  # it does not run, or there is no ps
            return

    async def was_signalled(self, name: str, since_s: float) -> bool:
        """Whether anybody has had the engine send it a signal; an engine that shuts down sends them as well.

        The engine remembers its last events, and none of before its own start.
        """
        filters = json.dumps({"container": [name], "event": ["kill"]})
        asked = {"since": str(int(since_s)), "until": f"{time.time():.6f}", "filters": filters}
        async with self._asking() as docker, docker._query("events", params=asked) as response:  # noqa: SLF001 - as above
            return bool((await response.read()).strip())

    async def wait(self, name: str, within_s: float) -> bool:
        """Return whether it has ended by then."""
        try:
            async with self._asking(None) as docker, asyncio.timeout(within_s):
                await docker.containers.container(name).wait()
        except Away as away:
            if isinstance(away.__cause__, TimeoutError):
                return False
            raise
        except Refused as refused:
            if refused.status != MISSING:
                raise
        return True

    async def output(self, name: str, since_s: int, *, follow: bool) -> Output:
        """Yield the log from a time on, Unix seconds; `follow`: until the container has ended."""
        params = {"since": since_s, "follow": follow}
        async for pieces in self._log(name, None if follow else CALL_S, params):
            yield pieces

    async def last_record(self, name: str) -> Piece | None:
        """Return the last record of the log."""
        last = None
        async for pieces in self._log(name, CALL_S, {"tail": 1}):
            last = pieces[-1]
        return last

    async def _log(self, name: str, within_s: float | None, params: Mapping[str, int]) -> Output:
        """Not by aiodocker's own log(), which decodes: its text is not the bytes that were printed."""
        frames = Frames()
        asked = {"stdout": 1, "stderr": 1, "timestamps": 1, **{key: int(value) for key, value in params.items()}}
        unlimited = aiohttp.ClientTimeout()
        async with (
            self._asking(within_s) as docker,
            docker._query(f"containers/{name}/logs", params=asked, timeout=unlimited) as response,  # noqa: SLF001
        ):
            try:
                async for chunk in response.content.iter_any():
                    if pieces := frames.pieces(chunk):
                        yield pieces
            finally:
                response.close()

    async def remove(self, name: str) -> None:
        """End it and remove it, with volumes that its image declares. Returns once it is gone; may come again."""
        while True:
            try:
                async with self._asking() as docker:
                    await docker.containers.container(name).delete(force=True, v=True)
            except Refused as refused:
                if refused.status == MISSING:
                    return
                if refused.status != CONFLICT:  # it is being removed
                    raise
            else:
                return
            await asyncio.sleep(POLL_S)

    # -- Images, networks, volumes

    async def pull(self, image: str, silent_s: float) -> None:
        """Pull it, however long it takes. Raises Refused also when nothing has been heard of it for `silent_s`."""
        name = image.rpartition("/")[2]
        asked = {"fromImage": image} if ":" in name or "@" in name else {"fromImage": image, "tag": "latest"}
        call: dict[str, Any] = {
            "path": "images/create",
            "method": "POST",
            "params": asked,
            "timeout": aiohttp.ClientTimeout(),
        }
        async with self._asking(None) as docker:
            try:
                async with (
                    asyncio.timeout(silent_s) as patience,
                    docker._query(**call) as response,  # noqa: SLF001 - its own pull closes nothing
                ):
                    with closing(response):
                        async for _ in json_stream_stream(response):
                            patience.reschedule(asyncio.get_running_loop().time() + silent_s)
            except TimeoutError as error:
                raise Refused(UNHEARD, f"nothing was heard of it for {silent_s:g} s") from error

    async def make_network(self, config: dict[str, Any]) -> None:
        """Make it unless there is one of its name."""
        async with self._asking() as docker:
            found = await docker.networks.list(filters={"name": [config["Name"]]})
            if all(item["Name"] != config["Name"] for item in found):
                await docker.networks.create(config)

    async def remove_network(self, name: str) -> None:
        await self._delete(f"networks/{name}")

    async def remove_volume(self, name: str) -> None:
        await self._delete(f"volumes/{name}")

    async def _delete(self, path: str) -> None:
        try:
            async with self._asking() as docker, docker._query(path, "DELETE"):  # noqa: SLF001 - its own looks first
                pass
        except Refused as refused:
            if refused.status != MISSING:
                raise

    # -- All that bears a label

    async def labelled(self, label: str) -> list[Thing]:
        """Return what bears a label, given as name=value, in an order in which it can be discarded."""
        filters = {"label": [label]}
        async with self._asking() as docker:
            found = await docker.containers.list(all=1, filters=json.dumps(filters))
            volumes = (await docker.volumes.list(filters=filters))["Volumes"] or []  # type: ignore[no-untyped-call]
            networks = await docker.networks.list(filters=filters)
        return [
            *(Thing(Kind.CONTAINER, item["Names"][0].lstrip("/"), item["Labels"]) for item in found),
            *(Thing(Kind.VOLUME, item["Name"], item["Labels"]) for item in volumes),
            *(Thing(Kind.NETWORK, item["Name"], item["Labels"]) for item in networks),
        ]

    async def discard(self, thing: Thing) -> None:
        remove = {Kind.CONTAINER: self.remove, Kind.VOLUME: self.remove_volume, Kind.NETWORK: self.remove_network}
        await remove[thing.kind](thing.name)
