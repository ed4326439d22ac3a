"""Whatever is refused, by us or by the framework, is refused in one shape."""

from collections.abc import AsyncIterator, Iterator
from itertools import product
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "instance", "success", "message", "error_code", "meta"}


def assert_problem(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body.keys() - {"errors"} == MEMBERS
    assert (body["status"], body["success"]) == (status, False)
    assert body["meta"]["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"email": "\xff"}',
        b'{"email": "\\ud800", "name": "Ada", "password": "correct horse"}',
        b"[" * 990 + b"]" * 990,
        b"[" * 50_000,
        b"[]",
        b"null",
        b'{"email": NaN}',
        b'{"email": 1e400}',
        b"\xef\xbb\xbf{}",
        b"{} trailing",
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_answers_400_to_a_body_that_is_not_one_json_object(
    client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post("/api/v1/auth/register", content=body, headers=JSON)

    assert_problem(response, 400)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "nonsense",
    ],
)
async def test_answers_415_to_a_body_that_is_not_declared_as_json(
    client: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    response = await client.post("/api/v1/auth/register", content=b"{}", headers=headers)

    assert_problem(response, 415)


async def test_answers_413_to_a_body_over_64_kib(client: httpx.AsyncClient) -> None:
    body = b'{"email": "' + b"a" * 64 * 1024 + b'"}'

    with_length = await client.post("/api/v1/auth/register", content=body, headers=JSON)

    assert_problem(with_length, 413)


async def test_answers_413_to_a_body_over_64_kib_that_comes_in_chunks(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b" " * 1024

    response = await client.post("/api/v1/auth/register", content=chunks(), headers=JSON)

    assert_problem(response, 413)


async def test_answers_in_its_shape_whatever_the_host_header_says(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nothing", headers={"Host": "x:99999999"}), 404)


async def test_answers_404_to_an_unknown_route(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/nothing"), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE", "PROPFIND"])
async def test_answers_405_to_a_method_that_a_route_does_not_have(
    client: httpx.AsyncClient, method: str
) -> None:
    assert_problem(await client.request(method, "/api/v1/auth/register"), 405)


async def test_answers_400_to_a_key_that_is_there_twice(client: httpx.AsyncClient) -> None:
    bodies = [
        '{"email": "ada@example.com", "name": "Ada", "password": "correct horse", "password": "x"}',
        '{"email": "ada@example.com", "\\u0065mail": "eve@example.com"}',
        '{"email": 1, "email": 1}',
        '{"extra": {"a": [{"b": 1, "b": 1}]}}',
        '{"": 1, "": 2}',
    ]

    for body, route in product(bodies, ["/api/v1/auth/register", "/api/v1/auth/login"]):
        response = await client.post(route, content=body, headers=JSON)

        assert_problem(response, 400)
        assert response.json()["detail"] == "The body must not have duplicate keys"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"email": "is required", "name": "is required", "password": "is required"}),
        (
            {"email": 1, "name": None, "password": ["correct horse"], "role": "admin"},
            {
                "email": "must be a string",
                "name": "must be a string",
                "password": "must be a string",
                "role": "is unknown",
            },
        ),
        (
            {"email": "nobody", "name": True, "password": "short", "id": 1},
            {
                "email": "must be a valid email address",
                "name": "must be a string",
                "password": "must be between 8 and 128 characters",
                "id": "is unknown",
            },
        ),
        ({"email": "ada@example.com", "name": "Ada"}, {"password": "is required"}),
        (
            {"email": "ada@example.com", "name": "Ada", "password": "correct horse", "a": 1},
            {"a": "is unknown"},
        ),
    ],
)
async def test_answers_422_naming_every_field_that_does_not_fit(
    client: httpx.AsyncClient, body: dict[str, object], errors: dict[str, str]
) -> None:
    response = await client.post("/api/v1/auth/register", json=body)

    assert_problem(response, 422)
    assert response.json()["error_code"] == "VALIDATION_ERROR"
    assert response.json()["errors"] == {field: [message] for field, message in errors.items()}


async def test_a_log_in_names_every_field_that_does_not_fit(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/auth/login", json={"email": 1, "name": "Ada"})

    assert_problem(response, 422)
    assert response.json()["errors"] == {
        "email": ["must be a string"],
        "password": ["is required"],
        "name": ["is unknown"],
    }


async def test_answers_503_with_retry_after_where_postgres_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"})
    container = Container(settings=away)
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py

    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        log_in = await client.post(
            "/api/v1/auth/login", json={"email": "ada@example.com", "password": "correct horse"}
        )
        readiness = await client.get("/readyz")

    assert_problem(log_in, 503)
    assert readiness.status_code == 503
    assert int(log_in.headers["retry-after"]) > 0
    assert int(readiness.headers["retry-after"]) > 0


async def test_answers_500_without_a_word_about_the_inside(
    client: httpx.AsyncClient, container: Container
) -> None:
    def explode() -> None:
        raise RuntimeError("secret inside")

    with container.auth.log_in.override(explode), capture_logs() as logs:
        response = await client.post("/api/v1/auth/login", json={"email": "a@example.com", "password": "x"})

    assert_problem(response, 500)
    assert "secret inside" not in response.text
    assert [entry["event"] for entry in logs] == ["http.unexpected_error", "http.request"]


async def test_answers_400_to_a_body_that_breaks_off(container: Container) -> None:
    received: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b'{"email":', "more_body": True}, {"type": "http.disconnect"}]
    )
    application = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py

    async def breaking_off(scope: Any, _: Any, send: Any) -> None:
        async def receive() -> dict[str, Any]:
            return next(received)

        await application.app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(breaking_off), base_url="http://t") as client:
        with capture_logs() as logs:
            response = await client.post("/api/v1/auth/register", headers=JSON)

    assert_problem(response, 400)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("http.body_broken_off", "info"),
        ("http.request", "info"),
    ]


async def test_answers_head_as_get_without_the_body(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/v1/swagger/spec")).json()
    routes = [path for path, methods in document["paths"].items() if "get" in methods]

    for path in [*routes, "/api/v1/swagger/spec", "/api/v1/swagger", "/nothing"]:
        got, head = await client.get(path), await client.head(path)

        assert (head.status_code, head.content) == (got.status_code, b"")
        assert got.content
        del got.headers["x-request-id"], head.headers["x-request-id"]
        assert head.headers == got.headers


async def test_head_is_allowed_where_get_is(client: httpx.AsyncClient) -> None:
    refused = await client.post("/livez")
    options = await client.options("/livez")
    head = await client.head("/api/v1/auth/login")

    assert_problem(refused, 405)
    assert refused.headers["allow"] == options.headers["allow"] == "GET, HEAD, OPTIONS"
    assert head.status_code == 405
    assert set(head.headers["allow"].split(", ")) == {"OPTIONS", "POST"}


async def test_carries_security_headers_on_every_answer(client: httpx.AsyncClient) -> None:
    for response in (await client.get("/livez"), await client.get("/nothing")):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert "strict-transport-security" not in response.headers


async def test_tells_browsers_in_production_to_use_https_alone(settings: Settings) -> None:
    production = settings.model_copy(update={"app_env": Environment.PRODUCTION})
    transport = httpx.ASGITransport(app_of(Container(settings=production)))  # type: ignore[arg-type]  # as in conftest.py

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for response in (await client.get("/livez"), await client.get("/nothing")):
            assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_keeps_a_callers_request_id_but_no_nonsense(client: httpx.AsyncClient) -> None:
    kept = await client.get("/livez", headers={"X-Request-ID": "abc-123"})
    replaced = await client.get("/livez", headers={"X-Request-ID": 'x" level=error'})

    assert kept.headers["x-request-id"] == "abc-123"
    assert len(replaced.headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    ("path", "instance"),
    [("/ü", "/%C3%BC"), ("/a b%00", "/a%20b%00"), ("/a%2525", "/a%2525"), ("/~a:b@c;d", "/~a:b@c;d")],
)
async def test_the_instance_is_a_uri_reference(client: httpx.AsyncClient, path: str, instance: str) -> None:
    assert (await client.get(path)).json()["instance"] == instance
