"""Which files of the dashboard are served, how, and that no others are."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tunewright.platform.http import LOOPBACK_NAMES
from tunewright_gateway.web.front import front
from tunewright_gateway.web.pages import Pages

INDEX, SCRIPT = b"<!doctype html><title>Tunewright</title>", b"export const answer = 42;" * 50
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
}


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "icon.svg").write_bytes(b"<svg/>")
    (folder / "assets/app-1a2b.js").write_bytes(SCRIPT)
    (folder / "assets/app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def pages(folder: Path) -> Pages:
    return Pages(LOOPBACK_NAMES, folder)


async def get(app: Any, path: str, method: str = "GET", **headers: str) -> Got:
    given = {"host": "localhost:8080", "accept": "text/html,*/*"} | headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), text.encode()) for name, text in given.items()],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *parts = sent
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return Got(start["status"], named, b"".join(part["body"] for part in parts))


@pytest.mark.parametrize("path", ["/", "/index.html", "/jobs", "/jobs/my-job", "/trainings/a.b", "/new", "/rpc", "//"])
async def test_every_path_of_a_person_is_the_page_and_is_asked_for_anew(pages: Pages, path: str):
    got = await get(pages, path)
    assert (got.status, got.body) == (200, INDEX)
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.headers["cache-control"] == "no-cache"


async def test_the_first_page_is_there_also_for_who_asks_for_anything(pages: Pages):
    assert (await get(pages, "/", accept="*/*")).body == INDEX
    assert (await get(pages, "/jobs", accept="*/*")).status == 404


async def test_assets_are_kept_for_good_and_other_files_are_not(pages: Pages):
    asset, icon = await get(pages, "/assets/app-1a2b.js"), await get(pages, "/icon.svg")
    assert (asset.status, asset.body) == (200, SCRIPT)
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert (icon.status, icon.headers["cache-control"]) == (200, "no-cache")
    assert icon.headers["content-type"] == "image/svg+xml"


async def test_what_was_compressed_by_the_build_is_sent_so_to_who_takes_it(pages: Pages, folder: Path):
    plain = await get(pages, "/assets/app-1a2b.js", accept_encoding="identity")
    packed = await get(pages, "/assets/app-1a2b.js", accept_encoding="gzip, deflate, br;q=0.5")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == SCRIPT
    assert packed.headers["content-type"].startswith("text/javascript")
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    (folder / "assets/app-1a2b.js.br").write_bytes(b"smaller")
    assert (await get(pages, "/assets/app-1a2b.js", accept_encoding="gzip, br")).headers["content-encoding"] == "br"


async def test_an_asset_that_is_not_there_is_no_page(pages: Pages):
    """A script that were answered with HTML would fail with a riddle."""
    assert (await get(pages, "/assets/app-0000.js")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/../../../../../../../../etc/passwd",
        "//etc/passwd",
        "/link.txt",
        "/outside/secret.txt",
        "/..\\secret.txt",
        "/secret.txt\0.html",
        "/" + "a" * 5000,
    ],
)
async def test_nothing_outside_of_the_folder_is_served(pages: Pages, folder: Path, path: str):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "outside").symlink_to(folder.parent)
    got = await get(pages, path, accept="*/*")
    assert got.status == 404
    assert b"secret" not in got.body


@pytest.mark.parametrize("path", ["/", "/jobs", "/assets/app-1a2b.js", "/assets/none.js", "/icon.svg"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_every_answer_forbids_what_a_page_of_ours_never_does(pages: Pages, path: str, method: str):
    headers = (await get(pages, path, method)).headers
    assert set(headers["content-security-policy"].split("; ")) == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_pages_are_read_only(pages: Pages):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await get(pages, "/jobs", method)).status == 405
    head = await get(pages, "/icon.svg", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "6")


async def test_under_a_foreign_name_there_are_no_pages(pages: Pages):
    assert (await get(pages, "/", host="evil.example")).status == 403


async def test_what_was_not_built_says_how(tmp_path: Path):
    for folder in (tmp_path / "none", tmp_path):
        got = await get(Pages(LOOPBACK_NAMES, folder), "/jobs")
        assert (got.status, got.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert b"make dashboard" in got.body


async def test_a_build_is_served_from_the_next_visit_on(pages: Pages, folder: Path):
    assert (await get(pages, "/")).body == INDEX
    (folder / "index.html").write_bytes(INDEX.replace(b"Tune", b"tunE"))
    assert b"tunEwright" in (await get(pages, "/")).body


@pytest.mark.parametrize(
    ("method", "path", "to"),
    [
        ("POST", "/", "door"),
        ("PUT", "/", "door"),
        ("GET", "/", "pages"),
        ("HEAD", "/", "pages"),
        ("POST", "/rpc/a/B", "bridge"),
        ("GET", "/rpc/a/B", "bridge"),
        ("GET", "/rpcs", "pages"),
        ("GET", "/jobs", "pages"),
        ("POST", "/jobs", "pages"),
        ("GET", "/assets/app.js", "pages"),
    ],
)
async def test_each_path_has_one_who_answers(method: str, path: str, to: str):
    led: list[str] = []

    def one(name: str):
        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            led.append(name)
            await send({"type": "http.response.start", "status": 200, "headers": []})

        return app

    await get(front(one("door"), one("bridge"), one("pages")), path, method)
    assert led == [to]
