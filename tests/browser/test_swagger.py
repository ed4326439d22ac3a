"""The API page. Its parts are Swagger UI's; its frame, its document and the way to log in are ours."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.layout import assert_no_sideways_scrolling
from tests.support.browser.pages import Look, Visit, Visitor
from tests.support.browser.site import Site
from tests.support.system import PASSWORD

PAGE = "/api/v1/swagger"
# Swagger UI breaks these rules: pale colours, skipped levels of headings, buttons in buttons, a title outside
# its main part, and a list of servers without a label.
OF_SWAGGER_UI = ("color-contrast", "heading-order", "nested-interactive", "region", "select-name")


@pytest.fixture
def page(visited: Visit) -> Page:
    visited.page.goto(PAGE)
    expect(visited.page.locator(".opblock").first).to_be_visible()
    return visited.page


def open_authorize(page: Page) -> Locator:
    page.locator(".auth-wrapper .authorize").click()
    return page.locator(".modal-ux")


def log_in(page: Page, email: str) -> None:
    dialog = open_authorize(page)
    dialog.get_by_label("username:").fill(email)
    dialog.get_by_label("password:", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()


def try_out(page: Page, operation: str) -> Locator:
    """Return the status of the answer."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    return block.locator(".live-responses-table tbody .response-col_status")


def test_shows_every_operation(page: Page, site: Site) -> None:
    paths = site.system.get(f"{PAGE}/spec").json()["paths"].values()
    operations = [operation for path in paths for operation in path.values() if "operationId" in operation]

    expect(page.locator(".opblock")).to_have_count(len(operations))


def test_logs_in_and_out_with_an_address_and_a_password(page: Page, visited: Visit, site: Site) -> None:
    assert site.system.sign_up("swagger@example.com").status_code == 201
    visited.watch.allowed = {401}
    log_in(page, "swagger@example.com")
    dialog = page.locator(".modal-ux")
    expect(dialog.get_by_role("heading", name="Authorized")).to_be_visible()
    dialog.locator(".close-modal").click()

    expect(try_out(page, "users-users_me")).to_contain_text("200")
    block = page.locator("#operations-users-users_me")
    expect(block.locator(".live-responses-table .highlight-code").first).to_contain_text(
        "swagger@example.com"
    )

    open_authorize(page).get_by_text("Logout").click()
    dialog.locator(".close-modal").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table tbody .response-col_status")).to_contain_text("401")


def test_says_that_a_password_is_wrong(page: Page, visited: Visit) -> None:
    visited.watch.allowed = {400, 401}

    log_in(page, "nobody@example.com")

    expect(page.locator(".modal-ux .errors")).to_be_visible()


def test_links_to_the_document(page: Page) -> None:
    with page.expect_popup() as opened:
        page.get_by_role("link", name=f"{PAGE}/spec").click()

    assert json.loads(opened.value.locator("pre").inner_text())["openapi"].startswith("3.1")


def test_is_accessible_where_it_is_ours(page: Page) -> None:
    assert_accessible(page, without=OF_SWAGGER_UI)


def test_fits_a_narrow_window(page: Page) -> None:
    assert_no_sideways_scrolling(page)


def test_without_javascript_links_to_the_document(site: Site, visitor: Visitor) -> None:
    page = visitor(Look(has_javascript=False)).page
    page.goto(PAGE)

    page.get_by_role("link", name=f"{PAGE}/spec").click()

    expect(page).to_have_url(f"{site.url}{PAGE}/spec")
