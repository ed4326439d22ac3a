"""A page: a template, its headers, and what every template needs."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Request
from litestar.datastructures import Cookie
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.template.config import TemplateConfig

from internal.infrastructure.http.base_path import based_template
from internal.infrastructure.http.web.assets import Assets
from internal.infrastructure.http.web.filters import FILTERS
from internal.infrastructure.http.web.form import Refusal
from internal.infrastructure.http.web.notices import notice_of
from internal.infrastructure.http.web.website import Website

# A room that has pages has both folders. Names of files are unique.
_ROOMS = [Path(__file__).parents[1] / room for room in ("web", "dashboard")]
_NO_HEADERS: Mapping[str, str] = {}

# Keys of the request's state: whether the browser has the cookies of a session, and the token of its forms.
HAS_SESSION, FORM_TOKEN = "has_session", "form_token"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # With "no-referrer" browsers would send the Origin "null" with our own forms.
    "Referrer-Policy": "same-origin",
}


def template_config(
    website: Website, assets: Assets, *, base_path: str = ""
) -> TemplateConfig[JinjaTemplateEngine]:
    environment = Environment(
        loader=FileSystemLoader([room / "templates" for room in _ROOMS]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    if base_path:
        environment.template_class = based_template(base_path)
    environment.filters.update(FILTERS)
    environment.globals.update(website=website, asset=assets.url_of)
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] = _NO_HEADERS,
    kind: type[Template] = Template,
    **context: Any,
) -> Template:
    """A page for this request. The query may name a notice that the page shows."""
    given = {
        "notice": notice_of(request.query_params.get("notice")),
        "has_session": request.state.get(HAS_SESSION, False),
        "csrf_token": request.state.get(FORM_TOKEN, ""),
    }
    return kind(
        template,
        context={**given, **context},
        status_code=status,
        headers={**HEADERS, **headers},
        media_type="text/html",
    )


def form_page(
    request: Request[Any, Any, Any], template: str, *, refusal: Refusal | None, **context: Any
) -> Template:
    """A page with a form, as it is at first, or with what is wrong with the form that was sent."""
    if refusal is None:
        return page(request, template, refusal=None, **context)
    return page(request, template, status=refusal.status, headers=refusal.headers, refusal=refusal, **context)


def see_other(path: str, *, cookies: Iterable[Cookie] = ()) -> Redirect:
    """Lead from a form to a page, so that reloading the page does not send the form again."""
    return Redirect(path, status_code=303, headers=HEADERS, cookies=list(cookies))
