"""Errors as pages, for people."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template

from internal.domain.errors import NotAuthenticated
from internal.infrastructure.http.accepted_type import accepted_type
from internal.infrastructure.http.envelope import Problem
from internal.infrastructure.http.errors import EXCEPTION_HANDLERS, http_error, title_of
from internal.infrastructure.http.session_cookies import SessionCookies
from internal.infrastructure.http.web.page import page, see_other

AnyRequest = Request[Any, Any, Any]

# Paths that no page has. The API answers problems there, whatever the client accepts.
_OF_PROGRAMS = ("/api/", "/.well-known/")


def error_page(request: AnyRequest, error: Exception) -> Template:
    """The page for an error, with the status and the headers that the API answers, and logged like there."""
    answer = _problem_of(request, error)
    status = HTTPStatus(answer.status_code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return page(
        request,
        "error.html",
        status=status,
        headers={name: value for name, value in answer.headers.items() if name != "WWW-Authenticate"},
        title=title_of(status),
        problem=answer.content,
    )


def not_found(request: AnyRequest, error: NotFoundException) -> Response[Any]:
    """A page for people who mistype an address, and a problem for programs."""
    is_for_people = accepted_type(request, ["application/json", "text/html"]) == "text/html"
    if is_for_people and not request.scope["path"].startswith(_OF_PROGRAMS):
        return error_page(request, error)
    return http_error(request, error)


def _problem_of(request: AnyRequest, error: Exception) -> Response[Problem]:
    handler = next(EXCEPTION_HANDLERS[kind] for kind in type(error).__mro__ if kind in EXCEPTION_HANDLERS)
    return handler(request, error)


def log_in_first(
    session_cookies: Callable[[], SessionCookies],
) -> Callable[[AnyRequest, NotAuthenticated], Redirect]:
    def lead_to_log_in(request: AnyRequest, _: NotAuthenticated) -> Redirect:
        """Lead to the log-in, and from there back. The cookies of a session that has ended go."""
        query = {"notice": "log-in-first"}
        if request.method == "GET":
            query["next"] = request.scope["path"]
        return see_other(f"/log-in?{urlencode(query)}", cookies=session_cookies().expired())

    return lead_to_log_in
