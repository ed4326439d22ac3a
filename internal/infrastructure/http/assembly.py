"""What the applications share: their layers, their guard, and what their handlers depend on."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, ControllerRouterHandler

from internal.infrastructure.http.access import AccessGuard, provide_principal, require_declarations
from internal.infrastructure.http.allowed_methods import AllowedMethods
from internal.infrastructure.http.body_kind import require_body
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.dependencies import resolve_in_turn
from internal.infrastructure.http.errors import EXCEPTION_HANDLERS
from internal.infrastructure.http.head_requests import HeadAsGet
from internal.infrastructure.http.json_request import JsonRequest, provide_unreadable
from internal.infrastructure.http.request_body import RequestBody
from internal.infrastructure.http.request_context import RequestContext
from internal.infrastructure.http.web.assets import Assets
from internal.infrastructure.http.web.errors import not_found
from internal.infrastructure.http.web.page import template_config
from internal.infrastructure.http.web.website import Website

MAX_BODY_SIZE = 64 * 1024  # bytes

Providers = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """`providers` build the handlers' dependencies, by parameter name."""

    providers: Providers
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]]
    website: Website
    callers: Callers
    assets: Assets
    base_path: str = ""

    def dependencies(self) -> dict[str, Provide]:
        return {
            **{name: provide(provider) for name, provider in self.providers.items()},
            "assets": provide(lambda: self.assets),
            "caller": Provide(self.callers.provide_caller),
            "principal": Provide(provide_principal),
            "unreadable": Provide(provide_unreadable),
            "website": provide(lambda: self.website),
        }

    def application(
        self, route_handlers: Sequence[ControllerRouterHandler], *, dependencies: Mapping[str, Provide]
    ) -> Litestar:
        guard = self._guard()

        async def before_request(request: Request[Any, Any, Any]) -> None:
            await require_body(request)
            await guard.check_again(request)

        app = Litestar(
            route_handlers=route_handlers,
            dependencies=dependencies,
            guards=[guard],
            request_class=JsonRequest,
            exception_handlers={**EXCEPTION_HANDLERS, NotFoundException: not_found},
            template_config=template_config(self.website, self.assets, base_path=self.base_path),
            before_request=before_request,
            request_max_body_size=MAX_BODY_SIZE,
            lifespan=[self.lifespan],
            openapi_config=None,
            logging_config=None,
        )
        require_declarations(app)
        resolve_in_turn(app)
        return app

    def _guard(self) -> AccessGuard:
        return AccessGuard(
            authenticate=self.providers["authenticate"],
            authorize=self.providers["authorize"],
            session_cookies=self.providers["session_cookies"],
            callers=self.callers,
        )


def with_layers(app: Litestar, inner: ASGIApp, *, body_within: timedelta, is_https_only: bool) -> ASGIApp:
    """The layers that also see what the application does not route. `inner` may wrap the application."""
    methods = {route.path_format: route.methods for route in app.routes if isinstance(route, HTTPRoute)}
    return RequestContext(
        HeadAsGet(AllowedMethods(RequestBody(inner, within=body_within), methods=methods)),
        routes=[route.path for route in app.routes],
        is_https_only=is_https_only,
    )


def provide(provider: Callable[[], Any]) -> Provide:
    # Litestar reads the signature of a dependency, and the container's providers have none.
    return Provide(lambda: provider(), sync_to_thread=False)  # noqa: PLW0108 - see above
