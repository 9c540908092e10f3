"""What strangers do to an HTTP port, on real sockets. Limits are shortened, so that no test waits for the true ones."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from starlette.types import Receive, Scope, Send

from tests.unit.platform.certificates import another, authority_of, certificate_in
from tunewright.platform import http_limits
from tunewright.platform.certificates import SERVER
from tunewright.platform.http import serving
from tunewright.platform.rpc.tls import Tls

SOON_S = 0.3  # a loaded machine must answer within it
END_S = 5.0
"""Within which what must end has ended; far below the true limits."""
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


class App:
    """Answers with the size of the body that it has read; `/big` answers much, `/early` unread, `/held` late."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.paths: list[str] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.left = 0
        self.asked = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        self.asked.set()
        self.headers.append(scope["headers"])
        size = 0 if scope["path"] == "/early" else await self._read(receive)
        if scope["path"] == "/held":
            await self.hold.wait()
        body = b"x" * 20_000_000 if scope["path"] == "/big" else b"%d" % size
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _read(self, receive: Receive) -> int:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left += 1
                return size
            size, more = size + len(message["body"]), message["more_body"]
        return size


class Wire:
    """A client's end, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def say_forever(self, data: bytes) -> None:
        async with asyncio.timeout(END_S):
            while True:
                await self.say(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(END_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            return int(head[0].split()[1]), headers, await self._reader.readexactly(int(headers["content-length"]))

    async def rest(self) -> bytes:
        """Return what comes until the connection ends."""
        async with asyncio.timeout(END_S):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    async def refusal(self) -> tuple[int, str]:
        """Return a refusal, after which the connection has ended."""
        status, headers, body = await self.answer()
        assert headers["connection"] == "close"
        assert headers["x-amzn-requestid"]
        assert await self.rest() == b""
        return status, json.loads(body)["__type"]


@asynccontextmanager
async def served(app: App, tls: Tls | None = None) -> AsyncIterator[int]:
    async with serving(app, "127.0.0.1", 0, tls) as port:
        yield port


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def line(app: App) -> AsyncIterator[Wire]:
    async with served(app) as port, wire(port) as line:
        yield line


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("HEAD_S", "BODY_S", "WRITE_S"):
        monkeypatch.setattr(http_limits, limit, SOON_S)


async def test_requests_follow_each_other_on_one_connection(line: Wire):
    for size in (3, 0, 70_000):
        await line.say(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"a" * size)
        assert (await line.answer())[2] == b"%d" % size


async def test_a_body_in_chunks_is_read_and_what_comes_behind_it_is_no_header(line: Wire, app: App):
    chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Amz-Target: late\r\n\r\n"
    await line.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert (await line.answer())[2] == b"5"
    assert b"x-amz-target" not in dict(app.headers[0])


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("said", [b"P", b"POST / HTTP/1.1\r\n", HEAD, HEAD + b"X-Slow: a"])
async def test_who_does_not_finish_the_headers_is_cut_off(line: Wire, app: App, said: bytes):
    await line.say(said)
    assert await line.refusal() == (408, "RequestTimeoutException")
    assert app.paths == []


@pytest.mark.usefixtures("soon")
async def test_who_says_nothing_is_cut_off(line: Wire):
    assert await line.rest() == b""


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00"])
async def test_who_does_not_finish_the_handshake_is_cut_off(app: App, certificate: Tls, said: bytes):
    async with served(app, certificate) as port, wire(port) as line:
        await line.say(said)
        assert await line.rest() == b""


async def test_a_renewed_certificate_is_shown_to_whoever_connects_next(app: App, tmp_path: Path):
    tls = certificate_in(tmp_path)
    first, key = tls.certificate.read_text(), tls.key.read_text()
    async with served(app, tls) as port:

        async def shown() -> str:
            return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port), timeout=30)

        assert await shown() == first
        tls.key.write_text((tmp_path / "client-key.pem").read_text())
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                assert await shown() == first, "while the two do not fit, the old ones hold"
        assert [log["event"] for log in logs] == ["certificate not read again"], "once, not with each handshake"
        tls.key.write_text(key)
        another(tmp_path, SERVER, authority_of(tmp_path), ("localhost", "127.0.0.1"))
        assert await shown() == tls.certificate.read_text() != first


async def test_with_tls_it_is_answered_all_the_same(app: App, certificate: Tls):
    context = ssl.create_default_context(cafile=certificate.certificate.with_name("authority.pem"))
    async with served(app, certificate) as port:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        line = Wire(reader, writer)
        for size in (3, 70_000):
            await line.say(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"a" * size)
            assert (await line.answer())[2] == b"%d" % size
        writer.close()


@pytest.mark.usefixtures("soon")
async def test_a_byte_now_and_then_does_not_help(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_limits, "HEAD_S", 0.3)
    async with served(app) as port, wire(port) as line:
        await line.say(HEAD + b"X-Slow: ")
        answer = asyncio.create_task(line.refusal())
        while not answer.done():
            await line.say(b"a")
            await asyncio.wait([answer], timeout=0.05)
        assert answer.result() == (408, "RequestTimeoutException")


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("framing", [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nab"])
async def test_who_does_not_finish_the_body_is_cut_off_and_the_application_is_told(
    line: Wire, app: App, framing: bytes
):
    await line.say(HEAD + framing)
    assert await line.refusal() == (408, "RequestTimeoutException")
    assert app.left == 1


@pytest.mark.usefixtures("soon")
async def test_who_was_answered_before_the_end_of_his_body_does_not_stay_for_it(line: Wire):
    await line.say(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    assert (await line.answer())[0] == 200
    assert await line.rest() == b""


@pytest.mark.usefixtures("soon")
async def test_empty_lines_do_not_keep_a_connection(line: Wire):
    await line.say(HEAD + b"\r\n")
    await line.answer()
    await line.say(b"\r\n")
    assert await line.rest() == b""


@pytest.mark.usefixtures("soon")
async def test_a_long_answer_is_waited_for_though_more_bytes_come(app: App):
    async with served(app) as port, wire(port) as line:
        await line.say(b"POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        await line.say(b"\r\n")
        asyncio.get_running_loop().call_later(4 * SOON_S, app.hold.set)
        assert (await line.answer())[0] == 200


async def test_an_idle_connection_ends(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_limits, "KEEP_ALIVE_S", SOON_S)
    async with served(app) as port, wire(port) as line:
        await line.say(HEAD + b"\r\n")
        await line.answer()
        assert await line.rest() == b""


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
async def test_who_does_not_read_his_answer_is_cut_off(app: App, connection: bytes):
    async with served(app) as port:
        loop = asyncio.get_running_loop()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await loop.sock_connect(deaf, ("127.0.0.1", port))
            await loop.sock_sendall(deaf, b"POST /big HTTP/1.1\r\nHost: a\r\nConnection: %s\r\n\r\n" % connection)
            await asyncio.sleep(0)
            got = 0
            async with asyncio.timeout(END_S):
                await app.asked.wait()
                await asyncio.sleep(4 * SOON_S)
                try:
                    while data := await loop.sock_recv(deaf, 1 << 16):
                        got += len(data)
                except ConnectionResetError:
                    pass
    assert got < 20_000_000


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(101)) + b"\r\n",
        HEAD + b"X-Long: " + b"a" * (32 << 10) + b"\r\n\r\n",
        HEAD + b"X-Endless: " + b"a" * (400 << 10),
        b"POST /" + b"a" * (32 << 10) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_headers_beyond_their_limit_are_refused(line: Wire, app: App, head: bytes):
    await line.say(head)
    assert await line.refusal() == (431, "RequestHeaderSectionTooLarge")
    assert app.paths == []


async def test_an_endless_body_is_cut(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_limits, "MESSAGE_BYTES", 1 << 20)
    async with served(app) as port, wire(port) as line:
        await line.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            await line.say_forever(b"10000\r\n" + b"a" * 65536 + b"\r\n")


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Bad Name: a\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b" folded: a\r\n\r\n",
        HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_logged_by_nobody(
    line: Wire, said: bytes, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        await line.say(said)
        assert (await line.refusal())[0] == 400
    assert caplog.records == []


async def test_a_broken_chunk_ends_the_request(line: Wire, app: App):
    await line.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert (await line.refusal())[0] == 400
    assert app.left == 1


async def test_requests_in_a_row_are_answered_in_their_order(line: Wire):
    await line.say(b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"a" * size for size in range(1, 6)))
    assert [(await line.answer())[2] for _ in range(5)] == [b"1", b"2", b"3", b"4", b"5"]


async def test_too_many_in_a_row_are_too_many(line: Wire, app: App):
    await line.say(b"POST /held HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
    assert await line.rest() == b""
    assert len(app.paths) == 1


async def test_http_1_0_is_answered_and_over(line: Wire):
    await line.say(b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab")
    status, headers, body = await line.answer()
    assert (status, body, headers["connection"]) == (200, b"2", "close")
    assert await line.rest() == b""


async def test_who_asks_whether_to_go_on_is_told(line: Wire):
    await line.say(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    async with asyncio.timeout(END_S):
        assert await line._reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await line.say(b"ab")
    assert (await line.answer())[2] == b"2"


async def test_beyond_the_limit_who_idles_makes_room_and_who_is_busy_does_not(
    app: App, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_limits, "CONNECTIONS", 2)
    async with served(app) as port, wire(port) as idle, wire(port) as busy:
        await idle.say(HEAD + b"\r\n")
        await idle.answer()
        app.asked.clear()
        await busy.say(b"POST /held HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(END_S):
            await app.asked.wait()
        async with wire(port) as third:
            await third.say(b"POST /held HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await idle.rest() == b""
            async with wire(port) as fourth:
                assert await fourth.refusal() == (503, "ThrottlingException")
            app.hold.set()
            assert (await busy.answer())[0] == (await third.answer())[0] == 200


async def test_a_crowd_that_says_nothing_keeps_nobody_out(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_limits, "CONNECTIONS", 3)
    async with served(app) as port, wire(port) as kept:
        await kept.say(HEAD + b"\r\n")
        await kept.answer()
        async with wire(port) as mute, wire(port) as stammering:
            await stammering.say(b"POST / HT")
            for crowded_out in (mute, stammering):
                async with wire(port) as honest:
                    await honest.say(HEAD + b"\r\n")
                    assert (await honest.answer())[0] == 200
                    assert await crowded_out.rest() == b""
                    await kept.say(HEAD + b"\r\n")
                    assert (await kept.answer())[0] == 200, "who has asked before is not the first to go"


async def test_an_answer_does_not_wait_for_the_clients_acknowledgement(line: Wire):
    """Head and body are two writes; with Nagle's algorithm the second would wait for 40 ms on a kept connection."""
    clock = asyncio.get_running_loop().time
    took = []
    for _ in range(10):
        began = clock()
        await line.say(HEAD + b"\r\n")
        await line.answer()
        took.append(clock() - began)
    assert sorted(took)[2] < 0.03
