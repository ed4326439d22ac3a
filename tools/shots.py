"""The pages that `make screenshots` draws and tests/browser/test_shots.py checks, each in a state.

They are grouped by the condition of the site. Every shot begins in a browser without cookies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import httpx
from playwright.sync_api import Page

from internal.infrastructure.http.task_address import task_address
from tests.support.browser.burning import MAILS
from tests.support.browser.condition import GRACE, Condition
from tests.support.browser.people import NAME, log_in, press, sign_up
from tests.support.browser.site import Site
from tests.support.system import NO_CERTIFICATES, PASSWORD

ADA = "ada@example.com"
# The pages of links show their forms without a look at the token.
TOKEN = "dGhlIHRva2VuIG9mIGFuIGVtYWlsIGlzIHRoaXMgbG8"  # noqa: S105 - no real one

_RETRIES = f"queue={MAILS.queue}&state=retry"
_MAILS = f"/dashboard/failures/{MAILS.mark.fingerprint}"
_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1"
)
_LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"

Show = Callable[[Page, Site], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """`show` leads a page into its state. `is_whole` draws all of a page that is higher than the window."""

    name: str
    show: Show
    is_whole: bool = True


@cache
def adas_session(site: Site) -> dict[str, str]:
    """Ada signs up with a phone, and then logs in with a laptop, whose cookies these are."""
    _post(site, "register", {"name": NAME, **_credentials(ADA)}, device=_PHONE)
    return _log_in(site, ADA)


@cache
def graces_session(site: Site) -> dict[str, str]:
    return _log_in(site, GRACE)


def _log_in(site: Site, email: str) -> dict[str, str]:
    return dict(_post(site, "login", _credentials(email), device=_LAPTOP).cookies)


def _credentials(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD}


def _post(site: Site, action: str, body: dict[str, str], *, device: str) -> httpx.Response:
    headers = {"X-Session-Mode": "cookie", "User-Agent": device}
    url = f"{site.url}/api/v1/auth/{action}"
    return httpx.post(url, json=body, headers=headers, timeout=10, verify=NO_CERTIFICATES)


def at(path: str) -> Show:
    def show(page: Page, _: Site) -> None:
        page.goto(path)

    return show


def as_ada_at(path: str) -> Show:
    return _with(adas_session, path)


def as_grace_at(path: str) -> Show:
    return _with(graces_session, path)


def _with(session: Callable[[Site], dict[str, str]], path: str) -> Show:
    def show(page: Page, site: Site) -> None:
        cookies = session(site).items()
        page.context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies])
        page.goto(path)

    return show


def refused_to_ada_at(path: str, *, button: str) -> Show:
    """Ada sends the form as it comes."""

    def show(page: Page, site: Site) -> None:
        as_ada_at(path)(page, site)
        press(page, button)
        page.locator("[aria-invalid]").first.wait_for()

    return show


def _failed_task(page: Page, site: Site) -> None:
    as_grace_at(_MAILS)(page, site)
    page.get_by_role("link", name="Open its task").click()
    page.get_by_role("heading", name="Timeline").wait_for()


def _outbox(page: Page, site: Site) -> None:
    """It has the email that greets Ada."""
    adas_session(site)
    site.mail("welcome", to=ADA)
    as_grace_at("/dashboard/outbox")(page, site)


def _mails(page: Page, site: Site) -> None:
    adas_session(site)
    site.mail("welcome", to=ADA)
    page.goto("/dev/mails")


def _mail(page: Page, site: Site) -> None:
    _mails(page, site)
    page.get_by_role("listitem").filter(has_text=ADA).get_by_role("link").first.click()
    page.frame_locator("iframe").get_by_role("heading").wait_for()


def _api(page: Page, _: Site) -> None:
    page.goto("/api/v1/swagger")
    page.locator(".opblock").first.wait_for()


def _sign_up_refused(page: Page, _: Site) -> None:
    sign_up(page, ADA, name="", password="ada")  # noqa: S106 - refused
    page.locator("[aria-invalid]").first.wait_for()


def _log_in_refused(page: Page, _: Site) -> None:
    log_in(page, ADA, password="wrong")  # noqa: S106 - refused
    page.get_by_role("alert").wait_for()


def _enqueue_refused(page: Page, site: Site) -> None:
    as_grace_at("/dashboard/enqueue?task=email%3Aemail-changed")(page, site)
    page.get_by_label("user_id").fill("seven")
    page.get_by_label("email", exact=False).first.fill(ADA)
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Delay").fill("soon")
    press(page, "Enqueue")
    page.locator("[aria-invalid]").first.wait_for()


_PEOPLE = (
    Shot(name="api", show=_api, is_whole=False),
    Shot(name="start", show=at("/")),
    Shot(name="mails", show=_mails),
    Shot(name="mail", show=_mail),
    Shot(name="sign-up", show=at("/sign-up")),
    Shot(name="sign-up-refused", show=_sign_up_refused),
    Shot(name="log-in", show=at("/log-in")),
    Shot(name="log-in-refused", show=_log_in_refused),
    Shot(name="log-out", show=as_ada_at("/log-out")),
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
    Shot(name="account", show=as_ada_at("/account")),
    Shot(name="account-name", show=as_ada_at("/account/name")),
    Shot(name="account-email", show=as_ada_at("/account/email")),
    Shot(name="account-email-refused", show=refused_to_ada_at("/account/email", button="Send the link")),
    Shot(name="account-password", show=as_ada_at("/account/password")),
    Shot(
        name="account-password-refused", show=refused_to_ada_at("/account/password", button="Change password")
    ),
    Shot(name="account-verification", show=as_ada_at("/account/verification")),
    Shot(name="account-sessions", show=as_ada_at("/account/sessions")),
    Shot(name="account-sessions-end-all", show=as_ada_at("/account/sessions/end-all")),
    Shot(name="account-activity", show=as_ada_at("/account/activity")),
    Shot(name="account-export", show=as_ada_at("/account/export")),
    Shot(name="account-delete", show=as_ada_at("/account/delete")),
    Shot(name="not-found", show=at("/nowhere")),
)

_EMPTY = (
    Shot(name="dashboard-empty", show=as_grace_at("/dashboard")),
    Shot(name="dashboard-empty-tasks", show=as_grace_at("/dashboard/tasks")),
    Shot(name="dashboard-empty-failures", show=as_grace_at("/dashboard/failures")),
)

_NORMAL = (
    Shot(name="dashboard-normal", show=as_grace_at("/dashboard")),
    Shot(name="dashboard-90d", show=as_grace_at("/dashboard?range=90d")),
    Shot(name="dashboard-queue", show=as_grace_at("/dashboard/queues/default")),
    Shot(name="dashboard-tasks", show=as_grace_at("/dashboard/tasks?queue=default"), is_whole=False),
    Shot(name="dashboard-workers", show=as_grace_at("/dashboard/workers")),
    Shot(name="dashboard-schedules", show=as_grace_at("/dashboard/schedules")),
    Shot(name="dashboard-outbox", show=_outbox),
    Shot(name="dashboard-enqueue", show=as_grace_at("/dashboard/enqueue")),
    Shot(name="dashboard-enqueue-task", show=as_grace_at("/dashboard/enqueue?task=email%3Aemail-changed")),
    Shot(name="dashboard-enqueue-refused", show=_enqueue_refused),
    Shot(name="dashboard-services", show=as_grace_at("/dashboard/services")),
    Shot(name="dashboard-audit", show=as_grace_at("/dashboard/audit")),
)

_BURNING = (
    Shot(name="dashboard-burning", show=as_grace_at("/dashboard")),
    Shot(name="dashboard-table", show=as_grace_at("/dashboard?view=table")),
    Shot(name="dashboard-tasks-retry", show=as_grace_at(f"/dashboard/tasks?{_RETRIES}"), is_whole=False),
    Shot(
        name="dashboard-tasks-delete",
        show=as_grace_at(f"/dashboard/tasks/all?{_RETRIES}&action=delete&error=timed"),
    ),
    Shot(name="dashboard-task", show=_failed_task),
    Shot(name="dashboard-task-gone", show=as_grace_at(task_address(MAILS.queue, "gone"))),
    Shot(name="dashboard-queue-paused", show=as_grace_at("/dashboard/queues/low")),
    Shot(name="dashboard-failures", show=as_grace_at("/dashboard/failures")),
    Shot(name="dashboard-failure", show=as_grace_at(_MAILS), is_whole=False),
    Shot(name="dashboard-failure-retry", show=as_grace_at(f"{_MAILS}/act?action=run")),
    Shot(name="dashboard-failure-gone", show=as_grace_at("/dashboard/failures/gone")),
)

SHOTS: Mapping[Condition, Sequence[Shot]] = {
    Condition.EMPTY: _EMPTY,
    Condition.NORMAL: (*_NORMAL, *_PEOPLE),
    Condition.BURNING: _BURNING,
}
