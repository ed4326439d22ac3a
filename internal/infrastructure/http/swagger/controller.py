"""The API page: Swagger UI over the OpenAPI document, from our own files alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation

from internal.infrastructure.http.accepted_type import accepted_type
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.api_document.document import ApiDocument

_OWN = Path(__file__).parent
SWAGGER_UI = _OWN.parent / "static" / "swagger-ui"

_JAVASCRIPT = "text/javascript"
_ASSETS: Mapping[str, tuple[Path, str]] = {
    "favicon-32x32.png": (SWAGGER_UI, "image/png"),
    "init.js": (_OWN, _JAVASCRIPT),
    "swagger-ui-bundle.js": (SWAGGER_UI, _JAVASCRIPT),
    "swagger-ui.css": (SWAGGER_UI, "text/css"),
}
_YAML = "application/yaml"  # RFC 9512
# Clients from before the RFC ask for these.
_YAML_NAMES = (_YAML, "application/x-yaml", "text/yaml")

_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    # The icons in the style sheet are data URLs.
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=3600"}


class SwaggerController(Controller):
    path = "/api/v1/swagger"
    opt = access(ANYONE)
    include_in_schema = False

    @get(sync_to_thread=True)
    def page(self) -> Response[bytes]:
        content = (_OWN / "page.html").read_bytes()
        return Response(content, media_type="text/html", headers=_PAGE_HEADERS)

    @get("/assets/{name:str}", sync_to_thread=True)
    def asset(self, name: FromPath[str]) -> Response[bytes]:
        if name not in _ASSETS:
            raise NotFoundException
        folder, media_type = _ASSETS[name]
        return Response((folder / name).read_bytes(), media_type=media_type, headers=_ASSET_HEADERS)

    @get("/spec", sync_to_thread=True)
    def spec(
        self,
        request: Request[Any, Any, Any],
        api_document: SkipValidation[NamedDependency[ApiDocument]],
    ) -> Response[bytes]:
        """Answer with JSON, or with YAML if the client prefers it."""
        prefers_yaml = accepted_type(request, ["application/json", *_YAML_NAMES]) in _YAML_NAMES
        headers = {"Vary": "Accept"}
        if prefers_yaml:
            return Response(api_document.as_yaml, media_type=_YAML, headers=headers)
        return Response(api_document.as_json, media_type="application/json", headers=headers)

    @get("/spec.yaml", sync_to_thread=True)
    def yaml(self, api_document: SkipValidation[NamedDependency[ApiDocument]]) -> Response[bytes]:
        return Response(api_document.as_yaml, media_type=_YAML)
