from secrets import token_hex
from typing import Any
from uuid import uuid4

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.page import page
from internal.infrastructure.http.web.website import Website


@get("/", opt=access(ANYONE), sync_to_thread=False)
def start(
    request: Request[Any, Any, Any], website: SkipValidation[NamedDependency[Website]]
) -> Response[Any]:
    """A quiet page, or the developer's first page, whose form signs up another new person each time."""
    if not website.is_development:
        return page(request, "start.html")
    email = f"ada.{token_hex(3)}@example.com"
    return page(request, "start-development.html", email=email, key=str(uuid4()))
