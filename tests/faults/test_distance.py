"""F31 and F32: Redis is far away, or something on the way forgets connections."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.faults.measurements import MARGIN, Row
from tests.support.faults.rounds import IS_LONG
from tests.support.proxy import Proxy
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

ROUND_TRIPS = [0.005, 0.04, 0.1, 0.25] if IS_LONG else [0.25]  # seconds
SIGN_UPS = 10 if IS_LONG else 3
ANSWERED_WITHIN = 0.5  # seconds
SWEPT = ("outbox.swept", "outbox.left_to_sweeper")


@pytest.fixture
def network(redis_url: str) -> Iterator[Proxy]:
    with Proxy(redis_url).running() as network:
        yield network


@pytest.fixture
def system(database_url: str, network: Proxy, smtp_server: SmtpServer, tmp_path: Path) -> Iterator[System]:
    mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
    system = System(database_url=database_url, redis_url=network.url, mail_url=mail_url, logs=tmp_path)
    try:
        system.start_server()
        system.start_worker()
        yield system
    finally:
        system.stop()


def sign_ups(
    system: System, smtp_server: SmtpServer, row: Row, *, before: Callable[[], None], mailed_within: float
) -> None:
    for number in range(SIGN_UPS):
        before()
        started = time.monotonic()

        assert system.sign_up(f"{number}@example.com").status_code == 201
        row.note("answer", time.monotonic() - started, limit=ANSWERED_WITHIN)

        while len(smtp_server.messages()) <= number and time.monotonic() - started < MARGIN * mailed_within:
            time.sleep(0.01)
        row.note("email", time.monotonic() - started, limit=mailed_within)
    assert len(smtp_server.messages()) == SIGN_UPS
    assert not [event for event in SWEPT if event in system.log("cmd.worker") + system.log("cmd.server")]


@pytest.mark.parametrize("round_trip", ROUND_TRIPS)
def test_f31_sign_ups_with_a_distant_redis(
    system: System, network: Proxy, smtp_server: SmtpServer, row: Row, round_trip: float
) -> None:
    network.round_trip = round_trip

    sign_ups(system, smtp_server, row, before=lambda: None, mailed_within=2.0)


@pytest.mark.parametrize("dropped", ["reset", "forgotten"] if IS_LONG else ["reset"])
def test_f32_sign_ups_after_idle_connections_were_dropped(
    system: System, network: Proxy, smtp_server: SmtpServer, row: Row, dropped: str
) -> None:
    def drop() -> None:
        time.sleep(1)  # as long as a connection has to be idle to be doubted
        network.cut() if dropped == "reset" else network.forget()

    sign_ups(system, smtp_server, row, before=drop, mailed_within=6.0)
