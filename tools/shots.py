"""The pages that `make screenshots` draws and tests/browser/test_shots.py checks, each in a state.

Every shot begins in a browser without cookies. The site knows Ada.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.support.browser.people import log_in, sign_up
from tests.support.browser.site import Site

ADA = "ada@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """`show` leads a page into its state. `is_whole` draws all of a page that is higher than the window."""

    name: str
    show: Callable[[Page, Site], None]
    is_whole: bool = True


def at(path: str) -> Callable[[Page, Site], None]:
    return lambda page, _: _go(page, path)


def _go(page: Page, path: str) -> None:
    page.goto(path)


def _api(page: Page, _: Site) -> None:
    page.goto("/api/v1/swagger")
    page.locator(".opblock").first.wait_for()


def _sign_up_refused(page: Page, _: Site) -> None:
    sign_up(page, ADA, name="", password="ada")  # noqa: S106 - refused
    page.locator("[aria-invalid]").first.wait_for()


def _log_in_refused(page: Page, _: Site) -> None:
    log_in(page, ADA, password="wrong")  # noqa: S106 - refused
    page.get_by_role("alert").wait_for()


SHOTS = (
    Shot(name="api", show=_api, is_whole=False),
    Shot(name="start", show=at("/")),
    Shot(name="sign-up", show=at("/sign-up")),
    Shot(name="sign-up-refused", show=_sign_up_refused),
    Shot(name="log-in", show=at("/log-in")),
    Shot(name="log-in-refused", show=_log_in_refused),
    Shot(name="not-found", show=at("/nowhere")),
)
