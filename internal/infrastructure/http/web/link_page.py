"""Pages that links in emails lead to. Scanners open every link, so only the form of a page uses the token."""

from typing import Any

from litestar import Request
from litestar.response import Template

from internal.domain.account_token import InvalidAccountToken
from internal.domain.errors import DomainError
from internal.infrastructure.http.errors import status_of
from internal.infrastructure.http.web.form import Form, Refusal
from internal.infrastructure.http.web.page import form_page, page
from internal.ports.unavailable import Unavailable


class LinkForm(Form, frozen=True, kw_only=True):
    token: str = ""


def opened_link(request: Request[Any, Any, Any], name: str) -> Template:
    """The page `name` with its form, or with `<name>-void` if the link has lost its token."""
    token = request.query_params.get("token", "")
    return form_page(request, f"{name}.html", refusal=None, token=token) if token else _void(request, name)


def refused_link(
    request: Request[Any, Any, Any], name: str, *, token: str, error: DomainError | Unavailable
) -> Template:
    """Show what is wrong. The form comes again if its token can be used again."""
    if isinstance(error, InvalidAccountToken):
        return _void(request, name)
    return form_page(request, f"{name}.html", refusal=Refusal.of(error), token=token)


def _void(request: Request[Any, Any, Any], name: str) -> Template:
    return page(request, f"{name}-void.html", status=status_of(InvalidAccountToken()))
