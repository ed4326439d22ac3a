"""Measure sign-ups per second with a running worker, beside the raw Argon2 rate of the same cores.

A sign-up costs one hash by design; everything else (HTTP, Postgres, the outbox, Redis, the worker, the
mail) should cost little beside it. `python -m benchmarks.signup` starts its own services and processes,
runs the two in turn, and prints each round, the medians and their ratio. It fails if the ratio is below
the target.
"""

import asyncio
import json
import os
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pwdlib.hashers.argon2 import Argon2Hasher

from benchmarks.services import running_services
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.embedded.process import free_port, spawn, stop

ROUNDS = 5
SECONDS = 6.0  # of each half of a round
CLIENTS = 16
TARGET = 0.85
PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as the benchmark


def raw_hashes_per_second() -> float:
    defaults = Settings.model_fields
    hasher = Argon2Hasher(
        time_cost=defaults["password_hash_time"].default,
        memory_cost=defaults["password_hash_memory"].default,
        parallelism=defaults["password_hash_parallelism"].default,
    )
    threads = os.cpu_count() or 1
    started = time.perf_counter()

    def hash_until_the_end(_: int) -> int:
        count = 0
        while time.perf_counter() - started < SECONDS:
            hasher.hash(PASSWORD)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        count = sum(pool.map(hash_until_the_end, range(threads)))
    return count / (time.perf_counter() - started)


async def sign_ups_per_second(port: int) -> tuple[float, int]:
    started = time.perf_counter()
    counts = await asyncio.gather(*(_sign_up_until(port, started + SECONDS) for _ in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - started), sum(counts)


async def _sign_up_until(port: int, end: float) -> int:
    """Sign up over one connection; so small a client costs the measured cores almost nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < end:
        body = json.dumps(
            {"email": f"{uuid4().hex}@example.com", "name": "Ada Lovelace", "password": PASSWORD}
        )
        head = f"POST /api/v1/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(answer.decode())
        length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count


@contextmanager
def running_system() -> Iterator[tuple[int, Path]]:
    """Start everything on separate services; return the port of the server and the folder of the mails."""
    port = free_port()
    with running_services() as services:
        unlimited = ("RATE_LIMIT_SIGN_UPS_PER_CLIENT", "RATE_LIMIT_SIGN_UP_ATTEMPTS_PER_CLIENT")
        env = {**os.environ, "HTTP_PORT": str(port), **dict.fromkeys(unlimited, "1000000/second")}
        processes = [spawn([sys.executable, "-m", f"cmd.{name}"], env=env) for name in ("server", "worker")]
        try:
            _await_ready(port)
            yield port, services.directory / "mail"
        finally:
            for process in processes:
                stop(process)


def _await_ready(port: int) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server is not ready")


def _await_mails(mails: Path, expected: int) -> int:
    for _ in range(300):
        if len(list(mails.glob("*.eml"))) >= expected:
            break
        time.sleep(0.1)
    time.sleep(1)  # a surplus mail would arrive late
    return len(list(mails.glob("*.eml")))


def require_target(ratio: float) -> None:
    """End with exit code 1 and one line if the target is missed."""
    if ratio < TARGET:
        raise SystemExit(f"{ratio:.3f} is below the target of {TARGET}")


def main() -> None:
    raw, signed_up = [], []
    with running_system() as (port, folder):
        total = asyncio.run(_sign_up_until(port, time.perf_counter() + 1))  # the warm-up
        for number in range(1, ROUNDS + 1):
            raw.append(raw_hashes_per_second())
            rate, count = asyncio.run(sign_ups_per_second(port))
            signed_up.append(rate)
            total += count
            print(f"round {number}: {raw[-1]:6.1f} hashes/s  {rate:6.1f} sign-ups/s  {rate / raw[-1]:.3f}")
        mails = _await_mails(folder, total)
    hashes, sign_ups = statistics.median(raw), statistics.median(signed_up)
    print(f"median:  {hashes:6.1f} hashes/s  {sign_ups:6.1f} sign-ups/s  {sign_ups / hashes:.3f}")
    print(f"target:  {TARGET}; {total} sign-ups, {mails} mails")
    if mails != total:
        raise SystemExit("every sign-up has to send exactly one mail")
    require_target(sign_ups / hashes)


if __name__ == "__main__":
    main()
