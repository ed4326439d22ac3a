import httpx
import pytest

from tests.support.pages import PageClient

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}


@pytest.fixture
def pages(client: httpx.AsyncClient) -> PageClient:
    return PageClient(client)


@pytest.fixture
async def ada_pages(pages: PageClient) -> PageClient:
    """The browser of Ada, who has just signed up."""
    await pages.send("/sign-up", ADA)
    return pages
