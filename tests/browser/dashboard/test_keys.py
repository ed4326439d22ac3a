"""What an operator does by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.backlog import FAILED, QUEUE

LIST = f"/dashboard/tasks?queue={QUEUE}&state=retry"


@pytest.fixture
def has_javascript() -> bool:
    return True


def keys(page: Page, typed: str) -> None:
    for key in typed.split():
        page.keyboard.press(key)


def focused_text(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))


def test_selects_two_rows_and_archives_them(page: Page) -> None:
    page.goto(LIST)

    keys(page, "j x j j x a")
    expect(page.get_by_role("button", name="Run…")).to_be_focused()
    keys(page, "Tab Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Archive 2 tasks of {QUEUE}?")
    keys(page, "a")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("2 tasks are archived")


def test_opens_the_row_that_has_the_focus(page: Page) -> None:
    page.goto(f"/dashboard/tasks?queue={QUEUE}&state=scheduled&order=oldest")

    keys(page, "j j k Enter")

    expect(page.locator("#task-id")).to_have_text(f"{FAILED[:-1]}3")


def test_goes_to_pages_by_letters(page: Page) -> None:
    page.goto("/dashboard")

    keys(page, "g w")
    expect(page.get_by_role("heading", level=1)).to_have_text("Workers")
    keys(page, "g o")

    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_types_letters_into_a_field(page: Page) -> None:
    page.goto(LIST)

    keys(page, "/ g w x j ?")

    expect(page.get_by_label("Task name")).to_have_value("gwxj?")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_leaves_keys_with_modifiers_to_the_browser(page: Page, modifier: str) -> None:
    page.goto(LIST)
    page.evaluate("addEventListener('keydown', event => { window.isTaken = event.defaultPrevented; })")

    keys(page, f"{modifier}+j {modifier}+/")

    assert page.evaluate("window.isTaken") is False
    assert page.evaluate("document.activeElement === document.body")


def test_shows_the_keys_and_can_turn_them_off(page: Page) -> None:
    page.goto(LIST)

    keys(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Keys are on").uncheck()
    page.keyboard.press("Escape")
    keys(page, "j ?")

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert FAILED not in focused_text(page)


def test_stays_at_the_same_row_when_others_arrive(page: Page) -> None:
    page.goto(f"/dashboard/tasks?queue={QUEUE}&state=scheduled&order=oldest")
    keys(page, "j j")
    before = focused_text(page)

    page.evaluate("document.querySelector('tbody tr').remove()")
    page.evaluate("htmx.trigger(document.getElementById('main'), 'refresh')")
    expect(page.locator("tbody tr")).to_have_count(3)

    assert focused_text(page) == before


def test_chooses_a_theme_that_stays(page: Page) -> None:
    page.goto("/dashboard")

    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.reload()

    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(15, 17, 21)"
