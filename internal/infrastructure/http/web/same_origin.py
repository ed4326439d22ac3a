from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from litestar.handlers import BaseRouteHandler

from internal.domain.errors import NotPermitted
from internal.infrastructure.http.caller import AnyConnection

_SAFE = {"GET", "HEAD", "OPTIONS"}


class CrossSiteForm(NotPermitted):
    code = "CROSS_SITE_FORM"

    def __init__(self) -> None:
        super().__init__("The form was sent from a page of another site")


def require_same_origin(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Refuse a form that a page of another site sends, also one that needs no session, such as a log-in.

    Browsers tell where a form comes from (Fetch Metadata; RFC 6454 section 7). A client that tells nothing
    is not a browser, so nobody can make it send a form.

    Raises:
        CrossSiteForm: the form comes from another site, or from another host of this site.
    """
    if connection.scope.get("method") in _SAFE:
        return
    if not _is_own(connection.headers):
        raise CrossSiteForm


def _is_own(headers: Mapping[str, str]) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or _host_of(origin) == headers.get("host")


def _host_of(origin: str) -> str | None:
    with suppress(ValueError):
        return urlsplit(origin).netloc or None
    return None
