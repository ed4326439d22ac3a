"""The headers of every page of docs/pages.md."""

import re

import httpx
import pytest

from tests.support.documented_examples import PAGES, table
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}
DOWNLOAD = "/account/export"

# A script without a file, an event handler, or a style in an attribute or an element.
INLINE = re.compile(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", re.IGNORECASE)


async def test_every_page_allows_our_own_files_alone(client: httpx.AsyncClient) -> None:
    pages = PageClient(client)
    await pages.send("/sign-up", ADA)
    for path in {path.strip("`") for path, _ in table(PAGES, "pages")} - {DOWNLOAD}:
        answer = await pages.open(path)
        policy = dict(
            directive.split(" ", 1) for directive in answer.headers["content-security-policy"].split("; ")
        )

        assert (
            policy.pop("default-src") == policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'"
        )
        assert set(policy.values()) == {"'self'"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not INLINE.search(answer.text), path
