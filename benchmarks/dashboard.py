"""CPU and time that the pages of the dashboard take, and what open dashboards cost.

`python -m benchmarks.dashboard` fills a queue with 1,000,000 tasks and 10,000 failures, and an hour of
statistics with 50 task names. It asks one server for each page. Then 20 open dashboards refresh the overview
every 2 s, as browsers do, while attempts are counted. CPU is that of the processes, so a busy machine changes
it little.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx

from benchmarks.dashboard_backlog import count_attempts, fail_tasks, fill_hour
from benchmarks.engine import Engine
from benchmarks.http.accounts import our_token, store_accounts
from benchmarks.processes import START_WITHIN, Processes, running
from benchmarks.report import Figure, Target, arguments, conclude
from benchmarks.services import Services, running_services
from internal.infrastructure.embedded.process import free_port

ROUNDS = 3
TASKS, FAILURES = 1_000_000, 10_000
DASHBOARDS, EVERY = 20, 2.0  # seconds
SECONDS = 20  # of a round
COUNTED_EVERY = 5.0  # seconds, as workers write their statistics
ASKED = 20  # times for each page
LONGEST = 300  # ms
MOST_CPU = 5  # % of a core
MOST_GROWTH = 32  # MiB
MIB = 1024 * 1024
LIST = "/dashboard/tasks"
PAGES = (
    "/dashboard",
    "/dashboard?range=24h",
    "/dashboard?range=7d",
    "/dashboard?range=30d",
    "/dashboard?range=90d",
    "/dashboard/failures",
    "/dashboard/queues/default",
    f"{LIST}?size=100",
    f"{LIST}?state=retry&size=100",
    # Nothing matches, so the page looks at as many tasks as it may.
    f"{LIST}?state=pending&name=nowhere",
    f"{LIST}?id=nowhere",
    "/dashboard/workers",
    "/dashboard/schedules",
    "/dashboard/outbox",
    "/dashboard/services",
    "/dashboard/audit",
)


@contextmanager
def running_server(services: Services) -> Iterator[tuple[Processes, str]]:
    port = free_port()
    os.environ |= {"HTTP_PORT": str(port), "PRIVATE_PORT": str(free_port())}
    with running([sys.executable, "-m", "cmd.server"], log=services.directory / "server.log") as server:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_WITHIN
        while not _answers(url):
            if time.monotonic() > deadline:
                raise TimeoutError("the server does not answer")
            time.sleep(0.1)
        yield server, url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").is_success
    except httpx.TransportError:
        return False


def pages_of(client: httpx.Client) -> Sequence[str]:
    """All pages; those of one task and of one group are the first in the lists."""
    links = [
        found
        for page, link in ((f"{LIST}?size=100", f"{LIST}/default/"), ("/dashboard/failures",) * 2)
        for found in re.findall(f'href="({re.escape(link)}[/]?[^"?/]+)"', client.get(page).text)[:1]
    ]
    return [*PAGES, *links]


def ask_for(client: httpx.Client, page: str, server: Processes) -> tuple[Sequence[float], float]:
    """The milliseconds of each answer, and the milliseconds of CPU of one."""
    taken, before = [], server.cpu
    for _ in range(ASKED):
        began = time.perf_counter()
        client.get(page).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
    return taken, (server.cpu - before) / ASKED * 1000


async def keep_open(url: str, headers: Mapping[str, str], *, delay: float) -> tuple[int, int]:
    """One dashboard. Returns how often the server sent the page, and how often it was asked."""
    sent, asked, etag = 0, 0, ""
    end = time.monotonic() + SECONDS
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=START_WITHIN) as client:
        await asyncio.sleep(delay)
        while time.monotonic() < end:
            began = time.monotonic()
            answer = await client.get("/dashboard", headers={"If-None-Match": etag})
            etag, asked, sent = (
                answer.headers["etag"],
                asked + 1,
                sent + (answer.status_code == httpx.codes.OK),
            )
            await asyncio.sleep(max(0.0, began + EVERY - time.monotonic()))
    return sent, asked


async def keep_counting(engine: Engine, batches: Iterator[int]) -> None:
    for batch in batches:
        await asyncio.to_thread(count_attempts, engine, batch)
        await asyncio.sleep(COUNTED_EVERY)


async def refresh(url: str, headers: Mapping[str, str], counting: Coroutine[Any, Any, None]) -> float:
    """Keep all dashboards open for SECONDS. Returns the share of the refreshes that got a page, in %."""
    counted = asyncio.create_task(counting)
    delays = [EVERY * number / DASHBOARDS for number in range(DASHBOARDS)]
    results = await asyncio.gather(*(keep_open(url, headers, delay=delay) for delay in delays))
    counted.cancel()
    return 100 * sum(sent for sent, _ in results) / sum(asked for _, asked in results)


def measure_pages(client: httpx.Client, server: Processes) -> Sequence[Figure]:
    figures, cpu = [], []
    # The first page of a process loads its templates.
    pages = pages_of(client)
    before = server.resident
    for page in pages:
        taken, of_cpu = ask_for(client, page, server)
        figures.append(Figure(page, taken, "ms", Target(LONGEST)))
        cpu.append(of_cpu)
    growth = (server.resident - before) / MIB
    return [
        *figures,
        Figure("CPU of the server per page, all pages", cpu, "ms"),
        Figure("growth of the server's memory", [growth], "MiB", Target(MOST_GROWTH)),
    ]


def measure_refreshes(
    url: str,
    headers: Mapping[str, str],
    engine: Engine,
    *,
    server: Processes,
    services: Processes,
    rounds: int,
) -> Sequence[Figure]:
    batches = count(1)
    of_server, of_services, sent = [], [], []
    for _ in range(rounds):
        began, server_before, services_before = time.monotonic(), server.cpu, services.cpu
        sent.append(asyncio.run(refresh(url, headers, keep_counting(engine, batches))))
        took = time.monotonic() - began
        of_server.append((server.cpu - server_before) / took * 100)
        of_services.append((services.cpu - services_before) / took * 100)
    return [
        Figure(f"{DASHBOARDS} dashboards: CPU of the server", of_server, "% of a core", Target(MOST_CPU)),
        Figure(f"{DASHBOARDS} dashboards: CPU of Redis and Postgres", of_services, "% of a core"),
        Figure("refreshes that were not answered with 304", sent, "%"),
    ]


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, tasks=TASKS, failures=FAILURES)
    with running_services() as services:
        engine = Engine(os.environ["REDIS_URL"])
        fail_tasks(engine, options.failures, log=services.directory / "worker.log")
        engine.publish(options.tasks)
        fill_hour(engine)
        headers = {"Authorization": f"Bearer {our_token(store_accounts(1)[0])}"}
        others = Processes(services.redis.pid, services.postgres.pid or 0)
        with running_server(services) as (server, url):
            with httpx.Client(base_url=url, headers=headers, timeout=START_WITHIN) as client:
                pages = measure_pages(client, server)
            refreshes = measure_refreshes(
                url, headers, engine, server=server, services=others, rounds=options.rounds
            )
        engine.close()
    conclude([*pages, *refreshes])


if __name__ == "__main__":
    main()
