"""The dashboard as its routes, links and forms describe it: a test covers a new page without its name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
from litestar.routes import HTTPRoute

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from tests.support.shared_application import litestar_of

ROOT = "/dashboard"
MOST_PAGES = 150


@dataclass(frozen=True)
class DashboardRoute:
    """A method of a path. `fields` are those of its form, as far as its type names them."""

    method: str
    path: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+):\w+}", self.path)

    def fits(self, address: str) -> bool:
        pattern = re.sub(r"{\w+:\w+}", "[^/]+", self.path)
        return re.fullmatch(pattern, urlsplit(address).path) is not None


@dataclass
class DashboardMap:
    """An address of each route, the names in queries, and the forms by the route that they lead to."""

    routes: list[DashboardRoute]
    addresses: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)

    def address_of(self, route: DashboardRoute) -> str:
        """The path that a page leads to, or one with texts that name nothing."""
        reached = urlsplit(self.addresses.get(str(route), "")).path
        return reached or re.sub(r"{\w+:\w+}", "unknown", route.path)

    def form_of(self, route: DashboardRoute) -> dict[str, str]:
        return {**dict.fromkeys(route.fields, ""), **self.forms.get(str(route), {})}

    def note(self, method: str, address: str, fields: Mapping[str, str]) -> None:
        query = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        self.queries |= {**query, **fields} if method == "GET" else query
        for route in self.routes:
            if route.method == method and route.fits(address):
                self.addresses.setdefault(str(route), address)
                if method == "POST":
                    self.forms[str(route)] = {**fields, **self.forms.get(str(route), {})}


def dashboard_routes(container: Container) -> list[DashboardRoute]:
    return [
        route
        for one in litestar_of(app_of(container)).routes
        if isinstance(one, HTTPRoute) and one.path.startswith(ROOT)
        for route in _methods_of(one)
    ]


def _methods_of(route: HTTPRoute) -> Iterator[DashboardRoute]:
    for handler in route.route_handlers:
        form: Any = getattr(handler.fn.__annotations__.get("data"), "__origin__", None)
        is_struct = isinstance(form, type) and issubclass(form, msgspec.Struct)
        fields = tuple(each.encode_name for each in msgspec.structs.fields(form)) if is_struct else ()
        for method in handler.http_methods - {"OPTIONS"}:
            yield DashboardRoute(str(method), route.path, fields if method == "POST" else ())


async def explore(
    client: httpx.AsyncClient, headers: Mapping[str, str], routes: list[DashboardRoute]
) -> DashboardMap:
    """Follow one link of each kind, from the overview on."""
    found = DashboardMap(routes)
    todo: list[str] = [ROOT]
    seen: set[tuple[str, ...]] = set()
    while todo and len(seen) < MOST_PAGES:
        address = todo.pop(0)
        kind = _kind_of(address, routes)
        if kind in seen:
            continue
        seen.add(kind)
        answer = await client.get(address, headers=dict(headers))
        assert answer.status_code < 500, f"{address}: {answer.status_code}"
        reader = PageReader(answer.text)
        for method, target, fields in reader.forms:
            found.note(method, target or address, fields)
        for link in reader.links:
            found.note("GET", link, {})
            todo.append(link)
    return found


def _kind_of(address: str, routes: list[DashboardRoute]) -> tuple[str, ...]:
    """Links with the same route and the same names in their query are of one kind."""
    paths = [route.path for route in routes if route.method == "GET" and route.fits(address)]
    names = sorted(name for name, _ in parse_qsl(urlsplit(address).query))
    return (paths[0] if paths else urlsplit(address).path, *names)


class PageReader(HTMLParser):
    """`links` lead to the dashboard. A form is a method, an address and fields. `text` is visible."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.text = ""
        self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        given: dict[str, Any] = {name: value or "" for name, value in attrs}
        if tag == "a" and urlsplit(given.get("href", "")).path.startswith(ROOT):
            self.links.append(given["href"])
        elif tag == "button" and "formaction" in given:
            self.forms.append(("POST", given["formaction"], dict(self.forms[-1][2])))
        elif tag == "form":
            self.forms.append((given.get("method", "get").upper(), given.get("action", ""), {}))
        elif tag in {"input", "button", "select", "textarea"} and given.get("name") and self.forms:
            self.forms[-1][2].setdefault(given["name"], given.get("value", ""))

    def handle_data(self, data: str) -> None:
        # A field has what a person typed, as it is.
        if self._tag != "textarea":
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
