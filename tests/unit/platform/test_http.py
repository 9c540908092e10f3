from __future__ import annotations

import asyncio
import json

import pytest
import structlog
from prometheus_client import REGISTRY, Counter

from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.http import application, serving, watching

lights = Counter("tunewright_test_lights", "Counted by a test")


def check(holding: dict[str, bool], name: str):
    async def holds() -> None:
        if not holding[name]:
            raise Unavailable(name, "it is away")

    return holds


async def get(port: int, path: str, host: str = "localhost", method: str = "GET") -> tuple[int, dict[str, str], str]:
    """Return status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    first, *rest = head.split("\r\n")
    return int(first.split()[1]), {line.split(": ")[0].lower(): line.split(": ")[1] for line in rest}, body


async def test_alive_whatever_it_waits_for():
    async with serving(application({"store": check({"store": False}, "store")}), "127.0.0.1", 0) as port:
        assert (await get(port, "/healthz"))[::2] == (200, "ok\n")


async def test_ready_once_all_checks_hold():
    holding = {"store": True, "bus": False}
    checks = {name: check(holding, name) for name in holding}
    async with serving(application(checks), "127.0.0.1", 0) as port:
        status, _, body = await get(port, "/readyz")
        assert (status, json.loads(body)) == (503, {"ready": False, "failing": ["bus"]})
        holding["bus"] = True
        status, _, body = await get(port, "/readyz")
        assert (status, json.loads(body)) == (200, {"ready": True, "failing": []})


async def test_a_check_that_fails_by_a_fault_does_not_hold_and_is_watched_on():
    async def broken() -> None:
        raise AttributeError("nobody thought of this")

    def told(name: str) -> float | None:
        return REGISTRY.get_sample_value("tunewright_check_ok", {"check": name})

    checks = {"broken": broken, "store": check({"store": True}, "store")}
    async with watching(checks), serving(application(checks), "127.0.0.1", 0) as port:
        status, _, body = await get(port, "/readyz")
        assert (status, json.loads(body)) == (503, {"ready": False, "failing": ["broken"]})
        assert (told("broken"), told("store")) == (0, 1)


async def test_metrics_are_prometheus_text():
    lights.inc()
    async with serving(application({}), "127.0.0.1", 0) as port:
        status, headers, body = await get(port, "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert "tunewright_test_lights_total" in body


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1:8080", "[::1]:1", "LOCALHOST"])
async def test_this_machine_may_ask(host):
    async with serving(application({}), "127.0.0.1", 0) as port:
        assert (await get(port, "/healthz", host))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "127.0.0.2"])
async def test_a_page_that_names_itself_after_us_is_refused(host):
    """DNS rebinding: a browser is led to 127.0.0.1 under a foreign name."""
    async with serving(application({}), "127.0.0.1", 0) as port:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await get(port, path, host))[0] == 400


async def test_there_is_nothing_else_to_ask():
    async with serving(application({}), "127.0.0.1", 0) as port:
        assert (await get(port, "/credentials"))[0] == 404
        assert (await get(port, "/healthz", method="POST"))[0] == 405


async def test_a_fault_is_logged_as_other_faults_are_and_not_told():
    async def faulty(_scope, _receive, _send) -> None:
        raise RuntimeError("private")

    async with serving(application({}, more=lambda: faulty), "127.0.0.1", 0) as port:
        with structlog.testing.capture_logs() as logs:
            status, _, body = await get(port, "/faulty")
    assert (status, body) == (500, "Internal Server Error")
    assert [(line["event"], line["path"]) for line in logs] == [("fault", "/faulty")]


async def test_an_address_that_is_taken_or_none_is_refused_by_name():
    async with serving(application({}), "127.0.0.1", 0) as port:
        for host in ("127.0.0.1", "no host at all"):
            with pytest.raises(InvalidSpec, match="cannot listen"):
                async with serving(application({}), host, port):
                    pass
