"""The dashboard as a person has it before him."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.served import Served
from tunewright.platform.credentials import load


class Dashboard:
    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        keys = load(served.data_dir / "credentials")
        self.url, self.token = f"http://{keys.tunewright_http}", keys.tunewright_token

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def sign_in(self, path: str = "/") -> None:
        self.open(path)
        self.give(self.token)
        expect(self.page.get_by_role("navigation", name="Pages")).to_be_visible()

    def give(self, token: str) -> None:
        """Type a token into the page that asks for it."""
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()

    def card(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title)
