"""Whether sign-ups can be served. The main process of a server imports this too."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog

from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

CHECK_WITHIN = 2  # seconds
RETRY_AFTER = 2  # seconds

Status = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessCheck:
    """A failed essential check means down, any other means degraded. `passes` may also raise."""

    name: str
    passes: Callable[[], Awaitable[bool]]
    essential: bool


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """`reasons` has the reason of each failed check, if it is known."""

    status: Status
    checks: Mapping[str, Literal["ok", "failed"]]
    reasons: Mapping[str, str] = {}


async def assess(checks: Sequence[ReadinessCheck]) -> Readiness:
    """Run all checks at once. Takes at most CHECK_WITHIN seconds."""
    results = await asyncio.gather(*(_result(check) for check in checks))
    failed = {check.name: result for check, result in zip(checks, results, strict=True) if result}
    status: Status = "degraded" if failed else "ok"
    if any(check.essential and check.name in failed for check in checks):
        status = "down"
    return Readiness(
        status=status,
        checks={check.name: "failed" if check.name in failed else "ok" for check in checks},
        reasons={name: result.reason for name, result in failed.items() if result.reason},
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str | None


async def _result(check: ReadinessCheck) -> _Failure | None:
    """Report only our own error texts: a library's text may name a host."""
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            return None if await check.passes() else _Failure(None)
    except Unavailable as error:
        reason = str(error)
    except TimeoutError:
        reason = f"no answer within {CHECK_WITHIN} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, the part is not ready
        log.warning("health.check_failed", check=check.name, reason=type(error).__name__)
        return _Failure(None)
    log.warning("health.check_failed", check=check.name, reason=reason)
    return _Failure(reason)
