from typing import Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.readiness import status_code
from internal.infrastructure.inbound.readiness import Readiness, ReadinessCheck, assess


class ServiceStatus(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"
    message: str = "Service is running"


class Live(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


@get(
    "/api/v1/health",
    opt=access(ANYONE),
    sync_to_thread=False,
    summary="Health in the envelope's format",
    tags=["health"],
)
def health() -> ServiceStatus:
    return ServiceStatus()


@get(
    "/livez",
    opt=access(ANYONE),
    sync_to_thread=False,
    summary="Whether the process answers; no other checks",
    tags=["health"],
)
def livez() -> Live:
    return Live()


@get(
    "/readyz",
    opt=access(ANYONE),
    summary="Whether sign-ups can be served: 200 ok or degraded, 503 down",
    tags=["health"],
    responses={503: ResponseSpec(Readiness, generate_examples=False)},
)
async def readyz(readiness_checks: NamedDependency[tuple[ReadinessCheck, ...]]) -> Response[Readiness]:
    readiness = await assess(readiness_checks)
    return Response(readiness, status_code=status_code(readiness.status))
