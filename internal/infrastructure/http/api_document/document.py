"""The OpenAPI document of the application, built when somebody asks for it first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components
from litestar.types import ControllerRouterHandler, Method

from internal.infrastructure.http.api_document.completion import complete
from internal.infrastructure.http.json_request import JsonRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiName:
    title: str
    version: str


class ApiDocument:
    """Describes `routes`, whose parameters are those that no dependency provides."""

    def __init__(
        self,
        routes: Sequence[ControllerRouterHandler],
        *,
        dependencies: Mapping[str, Provide],
        name: ApiName,
    ) -> None:
        self._routes = routes
        # A copy: the document's own dependency is not among those of the routes.
        self._dependencies = dict(dependencies)
        self._name = name

    @cached_property
    def content(self) -> dict[str, Any]:
        # The framework documents applications only. This one never serves a request.
        app = Litestar(
            route_handlers=self._routes,
            dependencies=self._dependencies,
            request_class=JsonRequest,
            openapi_config=OpenAPIConfig(
                title=self._name.title,
                version=self._name.version,
                operation_id_creator=_operation_id,
                components=Components(),
            ),
            logging_config=None,
        )
        return complete(app.openapi_schema.to_schema())

    @cached_property
    def as_json(self) -> bytes:
        return msgspec.json.encode(self.content)

    @cached_property
    def as_yaml(self) -> bytes:
        return msgspec.yaml.encode(self.content)


def _operation_id(handler: HTTPRouteHandler, _method: Method, _path: Any) -> str:
    """Such as `auth_log_in`. Generated clients name their functions after it."""
    [tag] = handler.resolve_tags()
    return f"{tag}_{handler.handler_name}"
