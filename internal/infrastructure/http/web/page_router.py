from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Router
from litestar.types import ControllerRouterHandler, Guard

from internal.domain.errors import NotAuthenticated
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.errors import EXCEPTION_HANDLERS
from internal.infrastructure.http.web.errors import error_page, log_in_first
from internal.infrastructure.http.web.same_origin import require_same_origin
from internal.infrastructure.http.web.session_renewal import SessionRenewal


def page_router(
    path: str,
    route_handlers: Sequence[ControllerRouterHandler],
    *,
    providers: Mapping[str, Callable[[], Any]],
    callers: Callers,
    guards: Sequence[Guard] = (),
    **options: Any,
) -> Router:
    """A router whose routes answer people: errors are pages, and a session lives on without scripts."""
    return Router(
        path=path,
        route_handlers=route_handlers,
        guards=[require_same_origin, *guards],
        middleware=[
            SessionRenewal(
                refresh_session=providers["refresh_session"],
                session_cookies=providers["session_cookies"],
                callers=callers,
            )
        ],
        exception_handlers={
            **dict.fromkeys(EXCEPTION_HANDLERS, error_page),
            NotAuthenticated: log_in_first(providers["session_cookies"]),
        },
        include_in_schema=False,
        **options,
    )
