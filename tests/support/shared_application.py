"""The HTTP application of a container. To build one takes a tenth of a second, so tests share them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_with, providers_of, server_cookies

Providers = Mapping[str, Callable[[], Any]]

# Only the container uses these.
_SERVICES = {"database_url", "redis_url", "mail_url"}
_shared: dict[str, "_Shared"] = {}


def shared_app_of(container: Container) -> ASGIApp:
    """Like `app_of` until the next call with the same settings: then the next container serves it."""
    settings = container.settings()
    shared = _shared.setdefault(settings.model_dump_json(exclude=_SERVICES), _Shared())
    shared.providers = providers_of(container, asyncio.Event(), session_cookies=server_cookies(container))
    if shared.app is None:
        forwarding = {name: shared.forwarding_to(name) for name in shared.providers}
        shared.app = app_with(settings, providers=forwarding, lifespan=_nothing)
    return shared.app


def litestar_of(app: object) -> Litestar:
    """The application inside its layers."""
    while not isinstance(app, Litestar):
        app = app._app  # type: ignore[attr-defined]  # noqa: SLF001 - nobody else needs to look inside
    return app


class _Shared:
    app: ASGIApp | None = None
    providers: Providers

    def forwarding_to(self, name: str) -> Callable[[], Any]:
        def newest() -> Any:
            return self.providers[name]()

        return newest


@asynccontextmanager
async def _nothing(_: Litestar) -> AsyncIterator[None]:
    yield
