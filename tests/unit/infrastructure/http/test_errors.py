from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import RequestFactory

from internal.domain.errors import RateLimited
from internal.infrastructure.http.errors import domain_error


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (timedelta(seconds=90), "90"),
        (timedelta(milliseconds=1500), "2"),
        (timedelta(microseconds=1), "1"),
        (timedelta(0), "1"),
        (timedelta(seconds=-3), "1"),
        (timedelta(days=1), "86400"),
    ],
)
def test_says_in_whole_seconds_when_to_come_back(retry_after: timedelta, header: str) -> None:
    request: Any = RequestFactory().get("/", state={"request_id": "7"})

    response = domain_error(request, RateLimited(retry_after))

    assert response.status_code == 429
    assert response.headers["Retry-After"] == header
