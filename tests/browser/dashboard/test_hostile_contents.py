"""Texts of attackers break no page: its layout, its policy for scripts, its use with a screen reader."""

import json

import pytest
import redis
from playwright.sync_api import Page

from internal.infrastructure.http.task_address import task_address
from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.layout import assert_no_sideways_scrolling
from tests.support.browser.pages import NARROW, Look, Visitor
from tests.support.browser.people import log_in
from tests.support.browser.site import Site
from tests.support.hostile_tasks import QUEUE, plant
from tests.support.polling import eventually
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import Engine

MOST_GROUPS = 12


@pytest.fixture(scope="module")
def planted(operated: Site) -> list[str]:
    """The addresses of the tasks. The worker is quiet, so that it takes none of them."""
    url, system = operated.system.env["REDIS_URL"], operated.system
    listed = json.loads(system.run("cmd.admin", "worker", "ls", "--json").stdout)
    system.run("cmd.admin", "worker", "quiet", listed["workers"][0]["id"])
    eventually(lambda: "worker.quiet" in system.log("cmd.worker"), within=20)
    with redis.Redis.from_url(url) as client:
        return [task_address(QUEUE, task_id) for task_id in plant(Desk(Engine(url, client)))]


@pytest.fixture
def page(visitor: Visitor, operated: Site) -> Page:
    page = visitor(Look(width=NARROW)).page
    log_in(page, ADMIN)
    page.wait_for_url(f"{operated.url}/account")
    return page


def links(page: Page, within: str) -> list[str]:
    found = page.locator(f"{within} a[href^='/dashboard']").all()
    return [address for link in found if (address := link.get_attribute("href"))]


def test_every_page_is_as_wide_as_a_phone(page: Page, planted: list[str]) -> None:
    page.goto("/dashboard")
    pages = links(page, ".nav")
    page.goto("/dashboard/failures")
    groups = [link for link in links(page, ".group") if "/act" not in link][:MOST_GROUPS]
    for address in [*pages, *groups, f"/dashboard/tasks?queue={QUEUE}&state=retry&size=100", *planted]:
        page.goto(address)

        assert_no_sideways_scrolling(page)
