"""People who sign up, and how each of them was answered."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse"
REGISTER, LOG_IN = "/api/v1/auth/register", "/api/v1/auth/login"
PROBLEM = "application/problem+json"
NONE = 0  # the status of what was not answered
PATIENCE = 30  # seconds, far longer than anybody may be kept waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`asked_at` and `at` are on the monotonic clock."""

    email: str
    key: str
    status: int
    asked_at: float
    at: float
    data: Any
    content_type: str
    retry_after: str | None

    @property
    def seconds(self) -> float:
        return self.at - self.asked_at

    @property
    def is_honest_refusal(self) -> bool:
        """Whether the caller was told that, and when, another try makes sense."""
        return self.status == 503 and self.content_type == PROBLEM and bool(self.retry_after)


class Traffic:
    """Every request has a connection of its own, as those of different people have."""

    def __init__(self, port: int, *, name: str) -> None:
        self.answers: list[Answer] = []
        self._name = name
        self._number = itertools.count()
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            timeout=PATIENCE,
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=False,  # noqa: S501 - plain HTTP: nothing is to be verified
        )

    def close(self) -> None:
        self._client.close()

    def sign_up(self, email: str | None = None, *, key: str | None = None) -> Answer:
        """A new person, unless it is one that tries again, with the same key."""
        email = email or f"{self._name}-{next(self._number)}@example.com"
        answer = self._ask(REGISTER, email, key=key or str(uuid4()))
        self.answers.append(answer)
        return answer

    def log_in(self, email: str) -> Answer:
        return self._ask(LOG_IN, email, key="")

    def sign_up_many(self, count: int, *, at_once: int = 4) -> list[Answer]:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda _: self.sign_up(), range(count)))

    @contextmanager
    def flowing(self, *, at_once: int = 3, every: float = 0.03) -> Iterator[None]:
        """Sign up people in the background, this number in parallel, each a moment after the one before."""
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(every):
                self.sign_up()

        with ThreadPoolExecutor(at_once) as pool:
            streams = [pool.submit(go_on) for _ in range(at_once)]
            try:
                yield
            finally:
                over.set()
        for stream in streams:
            stream.result()

    def since(self, moment: float) -> list[Answer]:
        return [answer for answer in self.answers if answer.asked_at >= moment]

    def _ask(self, path: str, email: str, *, key: str) -> Answer:
        body = {"email": email, "password": PASSWORD}
        if path == REGISTER:
            body["name"] = "Ada Lovelace"
        asked_at = time.monotonic()
        try:
            response = self._client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        except httpx.TransportError:
            response = httpx.Response(NONE)
        return Answer(
            email=email,
            key=key,
            status=response.status_code,
            asked_at=asked_at,
            at=time.monotonic(),
            data=response.json() if response.content else None,
            content_type=response.headers.get("content-type", "").partition(";")[0],
            retry_after=response.headers.get("retry-after"),
        )


def statuses(answers: Sequence[Answer]) -> set[int]:
    return {answer.status for answer in answers}


def emails(answers: Sequence[Answer]) -> list[str]:
    return [answer.email for answer in answers]


def seconds(answers: Sequence[Answer]) -> list[float]:
    return [answer.seconds for answer in answers]
