from http import HTTPStatus

from litestar import Router
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


def openapi_config(*, title: str, version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title=title,
        version=version,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(
            "/api/v1/openapi", route_handlers=[], opt=access(ANYONE), include_in_schema=False
        ),
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
