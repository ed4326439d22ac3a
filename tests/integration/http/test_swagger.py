import hashlib
import re
from typing import Any

import httpx
import pytest
import yaml

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.http.swagger.controller import SWAGGER_UI

pytestmark = pytest.mark.anyio

PAGE = "/api/v1/swagger"
SPEC = f"{PAGE}/spec"


async def test_the_page_loads_only_our_own_files(client: httpx.AsyncClient) -> None:
    page = await client.get(PAGE)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "<script>" not in page.text
    assert "style=" not in page.text
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(files) == 5
    for file in files:
        asset = await client.get(file)
        assert asset.status_code == 200
        assert asset.headers["x-content-type-options"] == "nosniff"


async def test_other_files_are_not_served(client: httpx.AsyncClient) -> None:
    for name in ("SHA256SUMS", "page.html", "..%2fcontroller.py", "%2e%2e/controller.py"):
        assert (await client.get(f"{PAGE}/assets/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/x-yaml", "application/yaml"),
        ("application/json;q=0.5, application/yaml", "application/yaml"),
    ],
)
async def test_the_document_is_json_or_yaml(
    client: httpx.AsyncClient, accept: str | None, media_type: str
) -> None:
    response = await client.get(SPEC, headers={"Accept": accept} if accept else {})

    assert (response.headers["content-type"], response.headers["vary"]) == (media_type, "Accept")


async def test_both_forms_are_the_same_document(client: httpx.AsyncClient) -> None:
    as_json, as_yaml = await client.get(SPEC), await client.get(f"{SPEC}.yaml")

    assert as_yaml.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(as_yaml.text) == as_json.json()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"app_env": Environment.PRODUCTION}, 404),
        ({"app_env": Environment.PRODUCTION, "api_document": True}, 200),
        ({"app_env": Environment.DEVELOPMENT}, 200),
        ({"app_env": Environment.DEVELOPMENT, "api_document": False}, 404),
    ],
)
async def test_is_served_in_production_only_if_it_is_wanted(
    settings: Settings, changes: dict[str, Any], status: int
) -> None:
    given = settings.model_copy(update=changes)
    transport = httpx.ASGITransport(app_of(Container(settings=given)))  # type: ignore[arg-type]  # as in conftest.py

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        paths = (PAGE, SPEC, f"{SPEC}.yaml", f"{PAGE}/assets/init.js")
        statuses = {(await client.get(path)).status_code for path in paths}

    assert statuses == {status}


async def test_the_files_of_swagger_ui_are_the_published_ones() -> None:
    lines = (SWAGGER_UI / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}

    files = {file.name for file in SWAGGER_UI.iterdir()} - {"SHA256SUMS", "README.md"}
    assert sums.keys() == files
    for name, expected in sums.items():
        assert hashlib.sha256((SWAGGER_UI / name).read_bytes()).hexdigest() == expected, name
