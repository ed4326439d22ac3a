"""What people do on the pages."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.support.browser.site import Site
from tests.support.system import PASSWORD

NAME = "Ada Lovelace"


@dataclass(slots=True)
class Person:
    """A person with an account, or soon with one, before a browser."""

    page: Page
    site: Site
    email: str
    password: str = PASSWORD

    def sign_up(self) -> None:
        sign_up(self.page, self.email, password=self.password)
        expect(self.page).to_have_url(f"{self.site.url}/account?notice=welcome")

    def log_in(self) -> None:
        log_in(self.page, self.email, password=self.password)
        expect(self.page).to_have_url(f"{self.site.url}/account")

    def log_out(self) -> None:
        self.page.goto("/log-out")
        press(self.page, "Log out")
        expect(self.page.get_by_role("status")).to_have_text("You are logged out.")


def sign_up(page: Page, email: str, *, name: str = NAME, password: str = PASSWORD) -> None:
    page.goto("/sign-up")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Create account")


def log_in(page: Page, email: str, *, password: str = PASSWORD) -> None:
    page.goto("/log-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Log in")


def press(page: Page, button: str) -> None:
    page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def promote(site: Site, email: str) -> None:
    """Make the person an admin."""
    promoted = site.system.run("cmd.admin", "user", "promote", email, "--yes")
    assert promoted.returncode == 0, promoted.stderr
