"""`/livez` and `/readyz` for all serving processes. The main process asks each of them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Literal

import msgspec

from internal.infrastructure.bootstrap.server.serving_process import LIVE, READY, ServingProcess
from internal.infrastructure.http.private_listener import Answer, Route
from internal.infrastructure.http.readiness import status_code
from internal.infrastructure.inbound.readiness import CHECK_WITHIN, Readiness, Status

ANSWER_WITHIN = 1  # seconds
NO_ANSWER = f"no answer within {ANSWER_WITHIN} s"
DOWN: Status = "down"


class Liveness(msgspec.Struct, frozen=True):
    """`processes` has the state of each process, by its id."""

    status: Literal["ok", "down"]
    processes: Mapping[str, str]


class CommonReadiness(Readiness, frozen=True, kw_only=True):
    processes: Mapping[str, str]


class ProcessHealth:
    """If one of the `expected` processes does not answer, the server is neither live nor ready."""

    def __init__(self, processes: Callable[[], Sequence[ServingProcess]], *, expected: int) -> None:
        self._processes = processes
        self._expected = expected

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"/livez": self.livez, "/readyz": self.readyz}

    async def livez(self) -> Answer:
        processes, is_live = await self._look()
        live = Liveness(
            status="ok" if is_live else "down",
            processes={pid: "ok" if process else NO_ANSWER for pid, process in processes.items()},
        )
        return Answer.json(HTTPStatus.OK if is_live else HTTPStatus.SERVICE_UNAVAILABLE, live)

    async def readyz(self) -> Answer:
        """The worst answer: a check fails if it fails in any process."""
        processes, is_live = await self._look()
        answers = await asyncio.gather(*map(_readiness, processes.values()))
        statuses = {answer.status if answer else DOWN for answer in answers} | (set() if is_live else {DOWN})
        readiness = CommonReadiness(
            status=DOWN if DOWN in statuses else "degraded" if "degraded" in statuses else "ok",
            checks=_worst_checks([answer for answer in answers if answer]),
            reasons={name: why for answer in answers if answer for name, why in answer.reasons.items()},
            processes={
                pid: answer.status if answer else NO_ANSWER
                for pid, answer in zip(processes, answers, strict=True)
            },
        )
        return Answer.json(status_code(readiness.status), readiness)

    async def _look(self) -> tuple[Mapping[str, ServingProcess | None], bool]:
        """The processes by id, None for those that do not answer, and whether all answer."""
        processes = list(self._processes())
        answers = await asyncio.gather(*map(_is_live, processes))
        looked = {
            str(process.pid): process if is_live else None
            for process, is_live in zip(processes, answers, strict=True)
        }
        return looked, len(looked) == self._expected and all(answers)


async def _is_live(process: ServingProcess) -> bool:
    try:
        await process.ask(LIVE, within=ANSWER_WITHIN)
    except TimeoutError:
        return False
    return True


async def _readiness(process: ServingProcess | None) -> Readiness | None:
    if process is None:
        return None
    try:
        answer = await process.ask(READY, within=CHECK_WITHIN + ANSWER_WITHIN)
    except TimeoutError:
        return None
    return msgspec.json.decode(answer, type=Readiness)


def _worst_checks(answers: Sequence[Readiness]) -> Mapping[str, Literal["ok", "failed"]]:
    checks: dict[str, Literal["ok", "failed"]] = {}
    for answer in answers:
        for name, result in answer.checks.items():
            checks[name] = "failed" if "failed" in {result, checks.get(name)} else "ok"
    return checks
