from collections.abc import Mapping
from typing import Any

from internal.infrastructure.http.api_document.components import (
    DESCRIPTION,
    HEADERS,
    SECURITY_SCHEMES,
    TAGS,
)
from internal.infrastructure.http.api_document.links import add_links
from internal.infrastructure.http.api_document.operations import complete_operations
from internal.infrastructure.http.api_document.schemas import complete_schemas
from internal.infrastructure.http.api_document.tidying import tidy


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """The framework's OpenAPI document with all that it cannot know about the API."""
    completed = tidy(document)
    complete_operations(completed)
    complete_schemas(completed)
    add_links(completed)
    completed["info"]["description"] = DESCRIPTION
    completed["tags"] = TAGS
    completed["components"] |= {
        "headers": dict(HEADERS),
        "securitySchemes": dict(SECURITY_SCHEMES),
    }
    return completed
