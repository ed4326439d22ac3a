from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, ControllerRouterHandler

from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.http.admin.actions_controller import AdminActionsController
from internal.infrastructure.http.admin.controller import AdminUsersController
from internal.infrastructure.http.admin.security_events_controller import SecurityEventsController
from internal.infrastructure.http.api_document.document import ApiDocument, ApiName
from internal.infrastructure.http.assembly import Assembly, provide, with_layers
from internal.infrastructure.http.auth.controller import AuthController
from internal.infrastructure.http.auth.email_controller import EmailController
from internal.infrastructure.http.auth.oauth_controller import OAuthController
from internal.infrastructure.http.auth.password_controller import PasswordController
from internal.infrastructure.http.auth.sessions_controller import AuthSessionsController
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.cors import Cors
from internal.infrastructure.http.dashboard.router import dashboard_router
from internal.infrastructure.http.health import health, livez, readyz
from internal.infrastructure.http.public_keys import jwks
from internal.infrastructure.http.swagger.controller import SwaggerController
from internal.infrastructure.http.users.controller import UsersController
from internal.infrastructure.http.users.credentials_controller import CredentialsController
from internal.infrastructure.http.users.export_controller import ExportController
from internal.infrastructure.http.users.security_events_controller import OwnSecurityEventsController
from internal.infrastructure.http.users.sessions_controller import SessionsController
from internal.infrastructure.http.web.assets import Assets, asset
from internal.infrastructure.http.web.router import web_router
from internal.infrastructure.http.web.website import Website

_ROUTES: Sequence[ControllerRouterHandler] = (
    AuthController,
    AuthSessionsController,
    OAuthController,
    EmailController,
    UsersController,
    SessionsController,
    PasswordController,
    CredentialsController,
    AdminUsersController,
    AdminActionsController,
    OwnSecurityEventsController,
    ExportController,
    SecurityEventsController,
    health,
    jwks,
    livez,
    readyz,
)


def create_app(
    *,
    providers: Mapping[str, Callable[[], Any]],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    api: ApiName | None,
    website: Website,
    body_within: timedelta,
    origins: frozenset[str],
    trusted_proxies: Collection[Network],
    is_https_only: bool,
) -> ASGIApp:
    """The HTTP application. `providers` build the handlers' dependencies, by parameter name.

    With `api`, it also serves the API page. Pages of other sites that are in `origins` may call it.
    `trusted_proxies` may say for whom they call. With `is_https_only`, browsers are told to use HTTPS from
    then on.
    """
    callers = Callers(trusted=trusted_proxies)
    assembly = Assembly(
        providers=providers, lifespan=lifespan, website=website, callers=callers, assets=Assets.read()
    )
    dependencies = assembly.dependencies()
    if api:
        document = ApiDocument(_ROUTES, dependencies=dependencies, name=api)
        dependencies["api_document"] = provide(lambda: document)
    pages = [web_router(providers=providers, callers=callers, website=website)]
    if website.has_dashboard:
        pages.append(
            dashboard_router(providers=providers, callers=callers, is_read_only=website.is_read_only)
        )
    routes = [*_ROUTES, *([SwaggerController] if api else []), asset, *pages]
    app = assembly.application(routes, dependencies=dependencies)
    inner = Cors(app, origins=origins) if origins else app
    return with_layers(app, inner, body_within=body_within, is_https_only=is_https_only)
