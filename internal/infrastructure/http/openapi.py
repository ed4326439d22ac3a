from http import HTTPStatus
from typing import Any

from litestar import Request, Router
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.envelope import Problem
from internal.infrastructure.http.errors import PROBLEM_JSON, title_of

BEARER = {"bearer": list[str]()}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Document the statuses that an operation answers with a problem."""
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=title_of(HTTPStatus(status)),
            media_type=PROBLEM_JSON,
        )
        for status in statuses
    }


class ProblemsOnly(JsonRenderPlugin):
    """Leaves out the error that the framework documents for every parameter.

    An invalid path is a 404 here, and an invalid query or header a 422.
    """

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        for methods in openapi_schema["paths"].values():
            for operation in methods.values():
                bad_request = operation["responses"].get("400", {}).get("content", {})
                # Our own errors are named schemas.
                if "$ref" not in bad_request.get("application/json", {}).get("schema", {"$ref": ""}):
                    del operation["responses"]["400"]
        return super().render(request, openapi_schema)


def openapi_config(*, title: str, version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title=title,
        version=version,
        render_plugins=[ProblemsOnly(path="/openapi.json")],
        openapi_router=Router(
            "/api/v1/openapi", route_handlers=[], opt=access(ANYONE), include_in_schema=False
        ),
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
