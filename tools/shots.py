"""The pages that `make screenshots` draws and tests/browser/test_shots.py checks, each in a state.

Every shot begins in a browser without cookies. The site knows Ada.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.support.browser.people import log_in, sign_up
from tests.support.browser.site import Site

ADA = "ada@example.com"
# The pages of links show their forms without a look at the token.
TOKEN = "t" * 43


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
    Shot(name="forgot-password", show=at("/forgot-password")),
    Shot(name="forgot-password-sent", show=at("/forgot-password/sent")),
    Shot(name="reset-password", show=at(f"/reset-password?token={TOKEN}")),
    Shot(name="reset-password-void", show=at("/reset-password")),
    Shot(name="resend-verification", show=at("/resend-verification")),
    Shot(name="verify-email", show=at(f"/verify-email?token={TOKEN}")),
    Shot(name="verify-email-done", show=at("/verify-email/done")),
    Shot(name="verify-email-void", show=at("/verify-email")),
    Shot(name="confirm-email", show=at(f"/confirm-email?token={TOKEN}")),
    Shot(name="confirm-email-done", show=at("/confirm-email/done")),
    Shot(name="confirm-email-void", show=at("/confirm-email")),
    Shot(name="not-found", show=at("/nowhere")),
)
