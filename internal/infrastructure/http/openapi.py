"""What routes declare for the OpenAPI document. `api_document` adds the rest."""

from http import HTTPStatus

from litestar.openapi import ResponseSpec

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
