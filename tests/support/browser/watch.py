"""Faults that no page may have."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# A page may answer a form with one of these. A script or an image may not.
REFUSALS = frozenset({400, 401, 403, 409, 410, 413, 422, 429})
_LOCAL_SCHEMES = {"data", "blob", "about"}
# Chromium also reports every status from 400 on the console.
_STATUS_ON_CONSOLE = "Failed to load resource: the server responded with a status of"
_ABORTED = "net::ERR_ABORTED"


class Watch:
    """Collects the faults of all pages of a context.

    Faults are errors on the console, which include violations of the content security policy, uncaught
    errors, failed requests, and requests to other hosts than `hosts`. `allowed` are more statuses than
    REFUSALS.
    """

    def __init__(self, context: BrowserContext, *, host: str) -> None:
        self.hosts = {host}
        self.faults: list[str] = []
        self.allowed: set[int] = set()
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failed_request)
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS_ON_CONSOLE):
            self.faults.append(f"console: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.netloc not in self.hosts and url.scheme not in _LOCAL_SCHEMES:
            self.faults.append(f"another host: {request.url}")

    def _on_failed_request(self, request: Request) -> None:
        # By a person who goes on to another page, or by a download.
        if request.failure != _ABORTED:
            self.faults.append(f"failed: {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        is_document = response.request.is_navigation_request()
        allowed = self.allowed | REFUSALS if is_document else self.allowed
        if response.status >= 400 and response.status not in allowed:
            self.faults.append(f"status {response.status}: {response.url}")
