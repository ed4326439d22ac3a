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
                # A function: the framework copies everything else that a middleware has, so a provider would
                # open connections of its own, which nobody closes.
                refresh_session=lambda: providers["refresh_session"](),  # noqa: PLW0108 - see above
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
