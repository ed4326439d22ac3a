"""Sign-up and log-in, by hand, by keyboard and by password managers."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser.keyboard import press_through
from tests.support.browser.pages import Look, Visit, Visitor
from tests.support.browser.people import NAME, Person, log_in, sign_up
from tests.support.browser.site import Site
from tests.support.system import PASSWORD

FORGER = "forger.example"
FORGERY = """<!doctype html><link rel=icon href=data:,>
<form method=post action={url}><input name=email value=me@example.com><input name=password value=mine>
<button>Win a prize</button></form>"""


@pytest.fixture
def page(visitor: Visitor, has_javascript: bool) -> Page:  # noqa: FBT001 - a fixture
    return visitor(Look(has_javascript=has_javascript)).page


def test_a_refused_sign_up_says_why_beside_the_field_and_keeps_what_was_typed(page: Page) -> None:
    sign_up(page, "refused@example.com", password="short")

    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description("Password must be between 8 and 128 characters.")
    expect(password).to_be_focused()
    expect(password).to_be_empty()
    expect(page.get_by_label("Name")).to_have_value(NAME)
    expect(page.get_by_label("Email address")).to_have_value("refused@example.com")


def test_a_refused_log_in_keeps_the_address(page: Page) -> None:
    log_in(page, "nobody@example.com")

    expect(page.get_by_role("alert")).to_have_text("The email address or the password is wrong.")
    expect(page.get_by_label("Email address")).to_have_value("nobody@example.com")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()


def test_a_keyboard_is_enough_to_sign_up_and_to_log_in(page: Page, has_javascript: bool, site: Site) -> None:  # noqa: FBT001 - a fixture
    email = f"keyboard-{has_javascript}@example.com".lower()
    to_the_button = ["Tab", "Tab"] if has_javascript else ["Tab"]

    page.goto("/sign-up")
    for text in (NAME, email, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    for key in (*to_the_button[1:], "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(f"{site.url}/account?notice=welcome")

    page.context.clear_cookies()
    page.goto("/log-in")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/account")


@pytest.mark.parametrize("path", ["/sign-up", "/log-in"])
def test_every_stop_of_a_keyboard_has_a_name_and_shows_the_focus(page: Page, path: str) -> None:
    page.goto(path)

    assert {"Email address", "Password"} <= set(press_through(page))


@pytest.mark.parametrize(
    ("path", "hints"),
    [
        ("/sign-up", {"name": "name", "email": "username", "password": "new-password"}),
        ("/log-in", {"email": "username", "password": "current-password"}),
        ("/forgot-password", {"email": "username"}),
        ("/reset-password?token=t", {"password": "new-password"}),
        ("/account/email", {"email": "email", "password": "current-password"}),
        (
            "/account/password",
            {"username": "username", "current_password": "current-password", "new_password": "new-password"},
        ),
        ("/account/delete", {"username": "username", "password": "current-password"}),
    ],
)
def test_password_managers_know_the_fields(
    visited: Visit, site: Site, path: str, hints: dict[str, str]
) -> None:
    page = visited.page
    if path.startswith("/account"):
        Person(page, site, f"{path.rpartition('/')[2]}@example.com").sign_up()
    page.goto(path)

    for name, hint in hints.items():
        expect(page.locator(f"input[name={name}]")).to_have_attribute("autocomplete", hint)


def test_a_password_can_be_pasted(page: Page) -> None:
    page.goto("/sign-up")
    page.get_by_label("Name").fill(PASSWORD)
    page.get_by_label("Name").press("Control+A")
    page.get_by_label("Name").press("Control+C")

    page.get_by_label("Password", exact=True).press("Control+V")

    expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)


@pytest.mark.parametrize("path", ["/log-in", "/sign-up", "/log-out"])
def test_a_form_on_a_page_of_another_site_is_refused(visited: Visit, site: Site, path: str) -> None:
    def forge(route: Route) -> None:
        route.fulfill(body=FORGERY.format(url=f"{site.url}{path}"), content_type="text/html")

    visited.watch.hosts.add(FORGER)
    visited.page.route(f"http://{FORGER}/", forge)
    visited.page.goto(f"http://{FORGER}/")

    with visited.page.expect_navigation() as answer:
        visited.page.get_by_role("button").click()

    assert answer.value.status == 403
    assert visited.page.context.cookies(site.url) == []
