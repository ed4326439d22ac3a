"""Serves an application below a path of its host, such as /ops, behind a proxy that passes the path on.

Handlers and templates write all paths without it. Here, at the edge, requests lose the base path,
and answers get it: in addresses of redirects and in the attributes of pages that hold an address.
"""

import re
from http import HTTPStatus
from typing import Any

from jinja2 import Template
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# Templates escape quotes in all values, so no value can look like an attribute.
_ADDRESS = re.compile(r'(?<=\s)((?:href|src|action|formaction|hx-get|hx-post)=")(?=/)')


def based_template(base_path: str) -> type[Template]:
    """The class of templates whose pages have the base path in front of every path of this application."""

    class BasedTemplate(Template):
        def render(self, *args: Any, **kwargs: Any) -> str:
            return _ADDRESS.sub(rf"\g<1>{base_path}", super().render(*args, **kwargs))

    return BasedTemplate


class BasePath:
    """Takes the base path off each request. It does not know other paths: they are a 404."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(self._base_path)
        if path == scope["path"] or path[:1] not in {"", "/"}:
            await _answer_not_found(send)
            return
        scope["path"] = path or "/"
        scope["raw_path"] = scope["path"].encode()

        async def send_with_base_path(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                if headers.get("Location", "").startswith("/"):
                    headers["Location"] = f"{self._base_path}{headers['Location']}"
            await send(message)

        await self._app(scope, receive, send_with_base_path)


async def _answer_not_found(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": HTTPStatus.NOT_FOUND, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not found\n", "more_body": False})
