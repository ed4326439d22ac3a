"""The faults that fail a test of a page, each on a page that has it."""

import pytest
from playwright.sync_api import Browser, Route

from tests.support.browser.pages import Look, visit

URL = "http://127.0.0.1:9"
FAULTS = {
    "an error on the console": ("<script>console.error('no')</script>", "console: no"),
    "an error that nobody catches": ("<script>throw new Error('no')</script>", "uncaught: no"),
    "another host": (
        "<img src='http://elsewhere.example/a.png' alt=''>",
        "another host: http://elsewhere.example/",
    ),
    "a file that does not exist": (
        "<link rel=stylesheet href=/missing.css>",
        f"status 404: {URL}/missing.css",
    ),
    "a file that does not come": ("<link rel=stylesheet href=/cut.css>", f"failed: {URL}/cut.css"),
    "a style that the policy forbids": (
        "<p style='color: red'>no</p>",
        "console: Applying inline style violates",
    ),
}
POLICY = "style-src 'self'"


def answer(route: Route, page: str) -> None:
    match route.request.url:
        case "http://127.0.0.1:9/":
            headers = {"content-type": "text/html", "content-security-policy": POLICY}
            route.fulfill(body=f"<!doctype html><link rel=icon href=data:,>{page}", headers=headers)
        case url if url.endswith("cut.css"):
            route.abort()
        case _:
            route.fulfill(status=404)


@pytest.mark.parametrize(("page", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_page_may_not_have(browser: Browser, page: str, fault: str) -> None:
    with pytest.raises(AssertionError) as failed, visit(browser, URL, Look()) as visited:  # noqa: PT012 - the visit ends with it
        visited.page.route("**/*", lambda route: answer(route, page))
        visited.page.goto("/", wait_until="networkidle")

    assert fault in str(failed.value)


def test_a_page_without_faults_passes(browser: Browser) -> None:
    with visit(browser, URL, Look()) as visited:
        visited.page.route("**/*", lambda route: answer(route, "<p>fine</p>"))
        visited.page.goto("/", wait_until="networkidle")
