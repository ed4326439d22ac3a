"""The framework copies what routers, middleware and guards are given.

A copy of a provider would open connections of its own, which nobody closes.
"""

import gc
from collections.abc import Callable

import pytest
from dependency_injector.providers import Provider
from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.dashboard_application import dashboard_of
from internal.infrastructure.bootstrap.server.http_application import app_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("application", [app_of, dashboard_of])
async def test_an_application_copies_no_provider(
    container: Container, application: Callable[[Container], ASGIApp]
) -> None:
    first = application(container)  # the container makes its own providers
    before = _providers()

    second = application(container)

    assert _providers() - before == 0
    assert first is not second


def _providers() -> int:
    gc.collect()
    return sum(isinstance(each, Provider) for each in gc.get_objects())
