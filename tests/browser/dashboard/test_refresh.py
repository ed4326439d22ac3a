"""How a page keeps up with the system."""

from playwright.sync_api import expect

from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.backlog import QUEUE
from tests.support.browser.pages import Look, Visitor
from tests.support.browser.people import log_in
from tests.support.browser.site import Site


def test_a_live_page_is_sent_again_when_it_has_changed(visitor: Visitor, operated: Site) -> None:
    page = visitor(Look()).page
    log_in(page, ADMIN)
    page.wait_for_url("/account")
    page.evaluate("localStorage.setItem('refresh', 2)")

    with page.expect_response(lambda response: response.status == 304):
        # No age is on this page, so it stays the same.
        page.goto(f"/dashboard/queues/{QUEUE}")
    operated.system.run("cmd.admin", "queue", "pause", QUEUE)

    expect(page.get_by_text("This queue is paused")).to_be_visible()
    operated.system.run("cmd.admin", "queue", "resume", QUEUE)
    expect(page.get_by_text("This queue is paused")).to_be_hidden()
