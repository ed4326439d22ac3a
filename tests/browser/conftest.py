"""A site and a Chromium per file of tests: asyncio does not work in a thread in which Playwright is open."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest
import redis as redis_client
from playwright.sync_api import Browser

from tests.support.browser.chromium import NEEDS_CHROMIUM, chromium, running_chromium
from tests.support.browser.pages import Look, Visit, Visitor, visit
from tests.support.browser.site import Site, running_site
from tests.support.databases import MigratedDatabases


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip(NEEDS_CHROMIUM)
    with running_chromium(program) as browser:
        yield browser


@pytest.fixture(scope="module")
def new_site(
    browser: Browser,  # noqa: ARG001 - without one, no site is started
    migrated_databases: MigratedDatabases,
    redis: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], AbstractContextManager[Site]]:
    """Starts an empty site. It has all of Redis, so there is one at a time."""

    @contextmanager
    def start() -> Iterator[Site]:
        with redis_client.Redis.from_url(redis) as client:
            client.flushdb()
        folder = tmp_path_factory.mktemp("site")
        with (
            migrated_databases.lent() as database_url,
            running_site(database_url=database_url, redis_url=redis, folder=folder) as site,
        ):
            yield site

    return start


@pytest.fixture(scope="module")
def site(new_site: Callable[[], AbstractContextManager[Site]]) -> Iterator[Site]:
    """One for all tests of a file. Each test has accounts of its own."""
    with new_site() as site:
        yield site


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Lets another person visit the site. What goes wrong on a page fails the test."""
    with ExitStack() as visits:
        yield lambda look: visits.enter_context(visit(browser, site.url, look))


@pytest.fixture
def visited(visitor: Visitor) -> Visit:
    return visitor(Look())


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def has_javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
