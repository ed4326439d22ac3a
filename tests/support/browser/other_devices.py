"""The other devices of a person, which log in by the API."""

import httpx

from tests.support.browser.site import Site
from tests.support.system import NO_CERTIFICATES, PASSWORD

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_DEVICES = (
    "<b>a program that says much about itself</b> " + "W" * 200,
    "curl/8.5.0",
    f"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) {_WEBKIT} CriOS/126.0 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/17.5 Safari/605.1.15",
    f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_WEBKIT} Version/17.5 Mobile/1 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
)


def use_other_devices(site: Site, email: str) -> None:
    """Log in on each of them, and then once with a wrong password."""
    for user_agent in _DEVICES:
        _log_in(site, email, PASSWORD, user_agent)
    _log_in(site, email, "wrong", _DEVICES[-1])


def _log_in(site: Site, email: str, password: str, user_agent: str) -> None:
    httpx.post(
        f"{site.url}/api/v1/auth/login",
        json={"email": email, "password": password},
        headers={"User-Agent": user_agent},
        verify=NO_CERTIFICATES,
    )
