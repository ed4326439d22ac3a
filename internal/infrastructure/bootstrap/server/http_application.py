"""The HTTP application of a serving process. The main process never imports this."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import in_background, open_resources
from internal.infrastructure.bootstrap.readiness_checks import readiness_checks_of
from internal.infrastructure.bootstrap.server.serving_process import obey_main_process
from internal.infrastructure.bootstrap.services.service_reports import services_of
from internal.infrastructure.bootstrap.use_cases import use_cases_by_name
from internal.infrastructure.config.mail_directory import mail_directory
from internal.infrastructure.config.origins import parse_origins
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.config.trusted_proxies import parse_trusted_proxies
from internal.infrastructure.http.api_document.document import ApiName
from internal.infrastructure.http.app import create_app
from internal.infrastructure.http.dashboard.drawings import Drawings
from internal.infrastructure.http.dashboard.trends import Trends
from internal.infrastructure.http.session_cookies import SessionCookies, SessionKind
from internal.infrastructure.http.web.website import Website
from internal.infrastructure.inbound.readiness import assess
from internal.infrastructure.monitoring.shared import Shared, if_available
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.infrastructure.taskqueue.connections.redis_checks import warn_of_losses

VERSION = "0.1.0"
# Grouping 2,000 failures takes some 10 ms of CPU.
_FAILURES_KEPT_FOR = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What an application needs beside its settings."""

    providers: Mapping[str, Callable[[], Any]]
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]]


def app_of(container: Container, main_process: socket.socket | None = None) -> ASGIApp:
    settings = container.settings()
    running = running_on(container, main_process, session_cookies=server_cookies(container))
    return app_with(settings, providers=running.providers, lifespan=running.lifespan)


def running_on(
    container: Container, main_process: socket.socket | None, *, session_cookies: SessionCookies
) -> Running:
    """Opens the container's resources and obeys the main process, which asks for the health."""
    draining = asyncio.Event()
    providers = providers_of(container, draining, session_cookies=session_cookies)

    async def readiness() -> bytes:
        return msgspec.json.encode(await assess(providers["readiness_checks"]()))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        work = [warn_of_losses(container.taskqueue().redis())]
        if main_process:
            work.append(obey_main_process(main_process, drain=draining.set, readiness=readiness))
        async with open_resources(container), in_background(*work):
            yield

    return Running(providers=providers, lifespan=lifespan)


def server_cookies(container: Container) -> SessionCookies:
    is_secure = container.settings().app_base_url.startswith("https://")
    return session_cookies_of(container, is_secure=is_secure, kind=SessionKind())


def session_cookies_of(container: Container, *, is_secure: bool, kind: SessionKind) -> SessionCookies:
    security = container.security()
    return SessionCookies(
        refresh_tokens=security.refresh_tokens(),
        csrf_keys=security.derived_keys().of("csrf-token"),
        is_secure=is_secure,
        kind=kind,
    )


def providers_of(
    container: Container, draining: asyncio.Event, *, session_cookies: SessionCookies
) -> Mapping[str, Callable[[], Any]]:
    """Everything of the container that the application uses, by the names of its parameters."""
    inspection = container.inspection()
    services = services_of(container)
    snapshots = Snapshots(tasks=inspection.tasks(), outbox=inspection.outbox(), clock=container.clock())
    drawings = Drawings()
    trends = Trends(inspection.tasks(), clock=container.clock())
    failures = Shared(
        lambda: if_available(inspection.tasks().failures),
        clock=container.clock(),
        kept_for=_FAILURES_KEPT_FOR,
    )

    return {
        **use_cases_by_name(container),
        "readiness_checks": readiness_checks_of(container, draining),
        "public_keys": container.security().public_keys,
        "session_cookies": lambda: session_cookies,
        "rate_limiter": container.security().rate_limiter,
        "snapshots": lambda: snapshots,
        "trends": lambda: trends,
        "drawings": lambda: drawings,
        "failures": lambda: failures,
        "services": lambda: services,
        "tasks": inspection.tasks,
        "outbox": inspection.outbox,
        "mail_folder": container.email().folder,
        "audit_trail": container.database().audit_trail,
        "codec": container.taskqueue().codec,
        "task_queues": container.taskqueue().queues,
        "new_id": container.new_id,
    }


def app_with(
    settings: Settings,
    *,
    providers: Mapping[str, Callable[[], Any]],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """The application with these settings, on what the providers build."""
    is_production = settings.app_env is Environment.PRODUCTION
    return create_app(
        providers=providers,
        lifespan=lifespan,
        body_within=timedelta(seconds=settings.http_body_timeout),
        api=ApiName(title=settings.app_name, version=VERSION) if settings.has_api_document else None,
        website=Website(
            name=settings.app_name,
            shortest_password=settings.password_min_length,
            url=settings.app_base_url.rstrip("/"),
            is_development=settings.app_env is Environment.DEVELOPMENT,
            has_accounts=True,
            has_api=settings.has_api_document,
            has_dashboard=settings.dashboard,
            is_read_only=settings.dashboard_read_only,
            has_mails=_has_mails(settings),
        ),
        origins=parse_origins(settings.cors_allowed_origins),
        trusted_proxies=parse_trusted_proxies(settings.trusted_proxies),
        is_https_only=is_production,
    )


def _has_mails(settings: Settings) -> bool:
    return settings.app_env is Environment.DEVELOPMENT and mail_directory(settings.mail_url) is not None
