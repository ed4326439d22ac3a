"""What people do on the pages."""

from playwright.sync_api import Page

from tests.support.system import PASSWORD

NAME = "Ada Lovelace"


def sign_up(page: Page, email: str, *, name: str = NAME, password: str = PASSWORD) -> None:
    page.goto("/sign-up")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Create account").click()


def log_in(page: Page, email: str, *, password: str = PASSWORD) -> None:
    page.goto("/log-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
