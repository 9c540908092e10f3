"""A real browser before a real server. What a page complains of on its console fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.dashboard import Dashboard
from tests.e2e.served import Served
from tunewright.client import Client
from tunewright.core.errors import IllegalTransition

WITHIN_MS = 20_000
"""How long an answer may take on a machine that is busy with other tests."""
expect.set_options(timeout=WITHIN_MS)
CHROMIUM = shutil.which("chromium")
TOLD = ("Failed to load resource",)
"""What the browser says by itself of an answer that is no success; the page tells the person."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        assert "CI" not in os.environ, "no Chromium is installed: apt-get install chromium"
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        # As root, which a CI is, Chromium has no sandbox; what it opens is only ours.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests of a module: each makes jobs of its own."""
    served = Served(Path(tmp_path_factory.mktemp("served")))
    served.start()
    yield served
    served.end()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor, who has not signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(TOLD):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """The SDK before the same server; jobs that a test leaves running are stopped."""
    with served.client() as client:
        yield client
        for found in client.list():
            if not found.state.final:
                with suppress(IllegalTransition):  # It has just ended by itself.
                    client.stop(found.name)


@pytest.fixture
def dashboard(page: Page, served: Served) -> Dashboard:
    """The dashboard of `served`, with a visitor who has signed in."""
    dashboard = Dashboard(page, served)
    dashboard.sign_in()
    return dashboard
