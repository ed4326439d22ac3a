"""The HTTP application of `cmd.dashboard`, on the same container as that of `cmd.server`."""

import socket
from datetime import timedelta

from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import Running, running_on, session_cookies_of
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.config.trusted_proxies import parse_trusted_proxies
from internal.infrastructure.http.dashboard_app import create_dashboard_app
from internal.infrastructure.http.session_cookies import SessionCookies, SessionKind
from internal.infrastructure.http.web.website import Website


def dashboard_of(container: Container, main_process: socket.socket | None = None) -> ASGIApp:
    running = running_on(container, main_process, session_cookies=dashboard_cookies(container))
    return dashboard_with(container.settings(), running)


def dashboard_cookies(container: Container) -> SessionCookies:
    settings = container.settings()
    kind = SessionKind(
        prefix="dashboard_",
        path=settings.dashboard_base_path or "/",
        idle_for=settings.dashboard_idle_for,
        lasts_for=settings.dashboard_lasts_for,
    )
    return session_cookies_of(container, is_secure=_is_secure(settings), kind=kind)


def dashboard_with(settings: Settings, running: Running) -> ASGIApp:
    return create_dashboard_app(
        providers=running.providers,
        lifespan=running.lifespan,
        website=Website(
            name=settings.app_name,
            shortest_password=settings.password_min_length,
            url=settings.dashboard_url.rstrip("/"),
            is_development=settings.app_env is Environment.DEVELOPMENT,
            has_accounts=False,
            has_api=False,
            has_dashboard=True,
            is_read_only=settings.dashboard_read_only,
            has_mails=False,
        ),
        base_path=settings.dashboard_base_path,
        body_within=timedelta(seconds=settings.http_body_timeout),
        trusted_proxies=parse_trusted_proxies(settings.trusted_proxies),
        is_https_only=_is_secure(settings),
    )


def _is_secure(settings: Settings) -> bool:
    return settings.dashboard_url.startswith("https://")
