import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.backlog import fill
from tests.support.browser.pages import Look, Visitor
from tests.support.browser.people import log_in, promote
from tests.support.browser.site import Site

ADMIN = "operator@example.com"


@pytest.fixture(scope="module")
def operated(site: Site) -> Site:
    """The site with an admin and some tasks."""
    site.system.sign_up(ADMIN)
    promote(site, ADMIN)
    fill(site.system.env["REDIS_URL"])
    return site


@pytest.fixture
def page(visitor: Visitor, operated: Site, has_javascript: bool) -> Page:  # noqa: FBT001 - a fixture
    """The admin's page."""
    page = visitor(Look(has_javascript=has_javascript)).page
    log_in(page, ADMIN)
    expect(page).to_have_url(f"{operated.url}/account")
    return page
