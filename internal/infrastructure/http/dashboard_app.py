"""The dashboard without the API and without the pages of accounts, for a port of its own."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from litestar import Litestar, get
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.types import ASGIApp

from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.assembly import Assembly, Providers, with_layers
from internal.infrastructure.http.base_path import BasePath
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.dashboard.request_limit import request_limit
from internal.infrastructure.http.dashboard.router import dashboard_router
from internal.infrastructure.http.health import livez, readyz
from internal.infrastructure.http.web.assets import Assets, asset
from internal.infrastructure.http.web.log_in_controller import LogInController
from internal.infrastructure.http.web.log_out_controller import LogOutController
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.http.web.page_router import page_router
from internal.infrastructure.http.web.website import Website


@get("/", opt=access(ANYONE), sync_to_thread=False)
def start(website: NamedDependency[Website]) -> Redirect:
    return see_other(website.home)


def create_dashboard_app(
    *,
    providers: Providers,
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    website: Website,
    base_path: str,
    body_within: timedelta,
    trusted_proxies: Collection[Network],
    is_https_only: bool,
) -> ASGIApp:
    """As `create_app`. All its paths are below `base_path`."""
    callers = Callers(trusted=trusted_proxies)
    assembly = Assembly(
        providers=providers,
        lifespan=lifespan,
        website=website,
        callers=callers,
        assets=Assets.read(),
        base_path=base_path,
    )
    limit = request_limit(rate_limiter=providers["rate_limiter"], callers=callers)
    doors = page_router(
        "/", [start, LogInController, LogOutController], providers=providers, callers=callers, guards=[limit]
    )
    pages = dashboard_router(providers=providers, callers=callers, is_read_only=website.is_read_only)
    app = assembly.application([livez, readyz, asset, doors, pages], dependencies=assembly.dependencies())
    inner = BasePath(app, base_path) if base_path else app
    return with_layers(app, inner, body_within=body_within, is_https_only=is_https_only)
