"""A browser without scripts: opens pages, and sends their forms with the hidden fields that they have."""

import re
from collections.abc import Mapping
from html import unescape

import httpx

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_LINK = re.compile(r'<a rel="([^"]+)" href="([^"]*)">')
_ID = re.compile(r' id="([^"]+)"')
_ERROR = re.compile(r'<p class="error" id="([^"]+)-hint">([^<]*)</p>')


class PageClient:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def open(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers={"Accept": "text/html"})

    async def fields_of(self, path: str) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        return self.hidden_in(await self.open(path))

    async def send(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        """Open the page, fill in the form and send it to the same address."""
        fields = await self.fields_of(path)
        return await self.post(path.partition("?")[0], {**fields, **form})

    async def post(
        self, path: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        # httpx sends no body for an empty form.
        return await self.client.post(path, data={"csrf_token": "", **form}, headers=headers)

    @staticmethod
    def hidden_in(answer: httpx.Response) -> dict[str, str]:
        return dict(_HIDDEN.findall(answer.text))

    @staticmethod
    def errors_in(answer: httpx.Response) -> dict[str, str]:
        """The texts beside fields, by the id of the field."""
        return dict(_ERROR.findall(answer.text))

    @staticmethod
    def links_in(answer: httpx.Response, *, rel: str) -> list[str]:
        return [unescape(link) for kind, link in _LINK.findall(answer.text) if kind == rel]

    @staticmethod
    def ids_in(answer: httpx.Response) -> list[str]:
        return _ID.findall(answer.text)


def main_of(answer: httpx.Response) -> str:
    """The part of a page that is its own."""
    return answer.text.partition("<main")[2].partition("</main>")[0]
