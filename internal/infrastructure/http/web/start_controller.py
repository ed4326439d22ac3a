from typing import Any

from litestar import Request, Response, get

from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.page import page


@get("/", opt=access(ANYONE), sync_to_thread=False)
def start(request: Request[Any, Any, Any]) -> Response[Any]:
    return page(request, "start.html")
