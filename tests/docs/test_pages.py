"""docs/pages.md: its pages are those of the application."""

import re

import pytest
from litestar.routes import HTTPRoute

from internal.infrastructure.bootstrap.container import Container
from tests.support.documented_examples import PAGES, table
from tests.support.shared_application import litestar_of, shared_app_of

pytestmark = pytest.mark.anyio

# What other documents describe.
ELSEWHERE = re.compile(r"/(api|assets|dashboard|\.well-known|livez|readyz)(/|$)")


async def test_lists_every_page(container: Container) -> None:
    routes = [route for route in litestar_of(shared_app_of(container)).routes if isinstance(route, HTTPRoute)]
    served = {
        re.sub(r":[a-z]+}", "}", route.path)
        for route in routes
        if "GET" in route.methods and not ELSEWHERE.match(route.path)
    }

    assert {page.strip("`") for page, _ in table(PAGES, "pages")} == served
