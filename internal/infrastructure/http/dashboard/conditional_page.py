from hashlib import blake2b
from http import HTTPMethod, HTTPStatus
from typing import Any

from litestar import Litestar, Request
from litestar.response import Template
from litestar.response.base import ASGIResponse


class ConditionalPage(Template):
    """A page that is answered with 304 to a browser that shows the same.

    Its ETag is a hash of the whole page. No browser stores the page, which has personal data: the script that
    refreshes it sends the ETag.
    """

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any
    ) -> ASGIResponse:
        answer = super().to_asgi_response(app, request, **options)
        if request.method == HTTPMethod.GET and answer.status_code == HTTPStatus.OK:
            etag = f'W/"{blake2b(answer.body, digest_size=12).hexdigest()}"'
            answer.headers["ETag"] = etag
            if etag in request.headers.get("If-None-Match", ""):
                _empty(answer)
        return answer


def _empty(answer: ASGIResponse) -> None:
    answer.status_code = HTTPStatus.NOT_MODIFIED
    answer.body = b""
    del answer.headers["content-length"], answer.headers["content-type"]
