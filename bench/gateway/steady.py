"""A steady stream of signed requests over keep-alive connections. Run as a process of its own.

    python -m bench.gateway.steady       reads a Stream as JSON, prints what became of it as JSON

Requests are due at fixed times, whether those before have been answered or not, and latency counts from then: a server
that stalls is not spared what it kept from being sent. With a rate of 0 each connection sends its next request as soon
as it has its answer, which shows the most that the server can do. botocore signs a body once a second, while the stream
runs: a second is as finely as a signature knows the time, so that clients of one second send the same.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.gateway.cores import on_clients_cores
from bench.gateway.standing import Door

MEDIA_TYPE: Final = "application/x-amz-json-1.1"
HEAD_END: Final = b"\r\n\r\n"
PATIENCE_S: Final = 60.0
"""For what is still to be answered at the end."""
LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Stream:
    door: Door
    operation: str
    bodies: Sequence[dict[str, Any]]
    """Sent in turn."""
    rate: float
    """Requests a second; 0: as many as there are answers."""
    lasting_s: float
    connections: int = 50


@dataclass(frozen=True, slots=True)
class Streamed:
    latencies: list[float]
    """Of those answered with 200, in seconds, from when they were due."""
    statuses: dict[str, int]
    took_s: float


def streamed(stream: Stream) -> Streamed:
    command = [sys.executable, "-m", "bench.gateway.steady"]
    with on_clients_cores():
        done = subprocess.run(command, input=json.dumps(asdict(stream)), text=True, check=True, stdout=subprocess.PIPE)
    return Streamed(**json.loads(done.stdout))


class Signing:
    """Writes requests as boto3 does."""

    def __init__(self, stream: Stream) -> None:
        self._signer = SigV4Auth(Credentials(stream.door.key, stream.door.secret), "sagemaker", "local")
        self._url = stream.door.endpoint + "/"
        self._host = urlsplit(self._url).netloc
        self._target = f"SageMaker.{stream.operation}"
        self._signed: dict[bytes, tuple[int, bytes]] = {}
        """Each body's request, and the second in which it was signed."""

    def request(self, body: bytes) -> bytes:
        second, request = self._signed.get(body, (0, b""))
        if second != int(time.time()):
            self._signed[body] = second, request = int(time.time()), self._sign(body)
        return request

    def _sign(self, body: bytes) -> bytes:
        headers = {"Content-Type": MEDIA_TYPE, "X-Amz-Target": self._target, "Host": self._host}
        signed = AWSRequest("POST", self._url, headers=headers, data=body)
        self._signer.add_auth(signed)
        lines = [f"{name}: {value}" for name, value in signed.headers.items()]
        head = "\r\n".join(["POST / HTTP/1.1", *lines, f"Content-Length: {len(body)}"])
        return head.encode() + HEAD_END + body


class Connection(asyncio.Protocol):
    """One request at a time; `done` takes its status."""

    def __init__(self, free: deque[Connection]) -> None:
        self._free = free
        self._buffer = bytearray()
        self.done: asyncio.Future[int] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("closed by the server"))

    def send(self, request: bytes) -> asyncio.Future[int]:
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.done

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(LENGTH)[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        self._buffer.clear()
        assert self.done is not None
        self.done.set_result(int(head.split(b" ", 2)[1]))
        self._free.append(self)


class Generator:
    def __init__(self, stream: Stream) -> None:
        self._stream, self._signing = stream, Signing(stream)
        self._bodies = [json.dumps(body).encode() for body in stream.bodies]
        self._free: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        """When those were due that no connection was free for."""
        self._sent = self._open = 0
        self._over, self._all_answered = False, asyncio.Event()
        self._until = 0.0
        """So long each answer brings the next request."""
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()

    async def run(self) -> Streamed:
        at = urlsplit(self._stream.door.endpoint)
        loop = asyncio.get_running_loop()
        for _ in range(self._stream.connections):
            await loop.create_connection(lambda: Connection(self._free), str(at.hostname), at.port or 80)
        begin = time.perf_counter()
        await (self._steadily(begin) if self._stream.rate else self._at_most(begin))
        self._over = True
        if self._open:
            await asyncio.wait_for(self._all_answered.wait(), PATIENCE_S)
        return Streamed(self.latencies, dict(self.statuses), time.perf_counter() - begin)

    async def _steadily(self, begin: float) -> None:
        count = int(self._stream.rate * self._stream.lasting_s)
        for number in range(count):
            due = begin + number / self._stream.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self._ask(due)

    async def _at_most(self, begin: float) -> None:
        self._until = begin + self._stream.lasting_s
        for _ in range(self._stream.connections):
            self._ask(time.perf_counter())
        await asyncio.sleep(self._stream.lasting_s)

    def _ask(self, due: float) -> None:
        self._open += 1
        self._waiting.append(due)
        self._send()

    def _send(self) -> None:
        """Send what is due longest on a connection that is free, if one is."""
        if not (self._waiting and self._free):
            return
        due, body = self._waiting.popleft(), self._bodies[self._sent % len(self._bodies)]
        self._sent += 1
        answered = self._free.popleft().send(self._signing.request(body))
        answered.add_done_callback(lambda done: self._take(due, done))

    def _take(self, due: float, done: asyncio.Future[int]) -> None:
        status = "broken" if done.exception() else str(done.result())
        self.statuses[status] += 1
        if status == "200":
            self.latencies.append(time.perf_counter() - due)
        self._open -= 1
        if time.perf_counter() < self._until:
            self._ask(time.perf_counter())
        else:
            self._send()
        if self._over and not self._open:
            self._all_answered.set()


def main() -> None:
    tree = json.load(sys.stdin)
    stream = Stream(**tree | {"door": Door(**tree["door"])})
    print(json.dumps(asdict(asyncio.run(Generator(stream).run()))))


if __name__ == "__main__":
    main()
