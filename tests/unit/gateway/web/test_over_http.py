"""The bridge as a browser meets it: behind a real server, on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.gateway.web.asking import GET, STREAM, UNARY, WATCH, enveloped, headers_of
from tests.unit.gateway.web.upstream import Upstream
from tunewright.platform import http
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.web.bridge import Bridge
from tunewright_gateway.web.front import front
from tunewright_gateway.web.pages import Pages

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(bridge: Bridge, folder: Path) -> AsyncIterator[Connection]:
    async def no_door(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError

    app = front(no_door, bridge, Pages(http.LOOPBACK_NAMES, folder))
    async with http.serving(http.application({}, more=lambda: app), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


def request(path: str, body: bytes) -> bytes:
    headers = headers_of(STREAM if path == WATCH else UNARY) | {"Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)


async def chunk(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readline(), 16)
    whole = await reader.readexactly(size + 2)
    return whole[:-2]


async def test_calls_follow_each_other_on_one_connection(bridge: Bridge, tmp_path: Path):
    async with connected(bridge, tmp_path) as (reader, writer):
        for job in ("first", "second"):
            writer.write(request(GET, pb.GetTuningJobRequest(job=job).SerializeToString()))
            status, headers = await head_of(reader)
            body = await reader.readexactly(int(headers["content-length"]))
            assert (status, pb.GetTuningJobResponse.FromString(body).job.reason) == (200, job)
        writer.write(request(WATCH, enveloped(pb.WatchTuningJobRequest(job="third").SerializeToString())))
        status, headers = await head_of(reader)
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        chunks = [await chunk(reader) for _ in range(4)]
        assert [part[0] for part in chunks] == [0, 0, 0, 2]
        assert await chunk(reader) == b""
        writer.write(request(GET, b""))
        assert (await head_of(reader))[0] == 200


async def test_a_tab_that_is_closed_cancels_what_it_followed(bridge: Bridge, upstream: Upstream, tmp_path: Path):
    async with connected(bridge, tmp_path) as (reader, writer):
        writer.write(request(WATCH, enveloped(pb.WatchTuningJobRequest(job="waits").SerializeToString())))
        assert (await head_of(reader))[0] == 200
        assert (await chunk(reader))[0] == 0, "the first message comes before the second is made"
        writer.close()
        await upstream.cancelled.wait()
