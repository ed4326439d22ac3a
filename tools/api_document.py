"""Accept the API's OpenAPI document as docs/openapi.json. `--check` only says what has changed."""

import argparse
import asyncio
import difflib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import structlog

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings
from tools.api_changes import breaking_changes

COPY = Path(__file__).parents[1] / "docs" / "openapi.json"
CHANGED = "docs/openapi.json is not the document of the API. `make openapi` accepts these changes:"
BREAKING = "These changes break clients:"


def served() -> dict[str, Any]:
    """The document of the API, as a server with default settings has it. Needs no database."""
    settings = Settings(app_env=Environment.TEST, app_name=Settings.model_fields["app_name"].default)
    # httpx does not know Litestar's ASGI types.
    transport = httpx.ASGITransport(app_of(Container(settings=settings)))  # type: ignore[arg-type]

    async def get() -> dict[str, Any]:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            document: dict[str, Any] = (await client.get("/api/v1/swagger/spec")).raise_for_status().json()
            return document

    return asyncio.run(get())


def encoded(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def report(accepted: str, current: dict[str, Any]) -> str:
    """What differs, and what of it breaks clients; empty if nothing differs."""
    diff = list(difflib.unified_diff(accepted.splitlines(), encoded(current).splitlines(), lineterm="", n=2))
    if not diff:
        return ""
    broken = breaking_changes(json.loads(accepted), current)
    return "\n".join([CHANGED, *diff[2:], *([BREAKING, *broken] if broken else [])])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.api_document", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if outdated")
    is_check = parser.parse_args(arguments).check
    # A request would print a line.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    document = served()
    changes = report(COPY.read_text(), document)
    print(changes, end="\n" if changes else "")
    if not is_check:
        COPY.write_text(encoded(document))
    return int(bool(changes) and is_check)


if __name__ == "__main__":
    sys.exit(main())
