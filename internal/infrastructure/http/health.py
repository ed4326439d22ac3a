import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import msgspec
import structlog
from litestar import Response, get
from litestar.di import NamedDependency

log = structlog.get_logger(__name__)

CHECK_WITHIN = 2  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessCheck:
    """`passes` answers or raises; without an essential part the service is down, without another degraded."""

    name: str
    passes: Callable[[], Awaitable[bool]]
    essential: bool


class ServiceStatus(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"
    message: str = "Service is running"


class Readiness(msgspec.Struct, frozen=True):
    status: Literal["ok", "degraded", "down"]
    checks: Mapping[str, Literal["ok", "failed"]]


class Live(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


@get("/api/v1/health", sync_to_thread=False, summary="The mirrored service's health answer", tags=["health"])
def health() -> ServiceStatus:
    return ServiceStatus()


@get(
    "/livez", sync_to_thread=False, summary="Whether the process answers; depends on nothing", tags=["health"]
)
def livez() -> Live:
    return Live()


@get("/readyz", summary="Whether sign-ups can be served: 200 ok or degraded, 503 down", tags=["health"])
async def readyz(readiness_checks: NamedDependency[tuple[ReadinessCheck, ...]]) -> Response[Readiness]:
    results = await asyncio.gather(*(_passes(check) for check in readiness_checks))
    status: Literal["ok", "degraded", "down"] = "ok"
    for check, passed in zip(readiness_checks, results, strict=True):
        if not passed and status != "down":
            status = "down" if check.essential else "degraded"
    readiness = Readiness(
        status=status,
        checks={
            check.name: "ok" if passed else "failed"
            for check, passed in zip(readiness_checks, results, strict=True)
        },
    )
    code = HTTPStatus.SERVICE_UNAVAILABLE if status == "down" else HTTPStatus.OK
    return Response(readiness, status_code=code)


async def _passes(check: ReadinessCheck) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            return await check.passes()
    except Exception as error:  # noqa: BLE001 - whatever it is, the part is not ready
        log.warning("health.check_failed", check=check.name, reason=type(error).__name__)
        return False
