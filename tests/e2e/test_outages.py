"""The server while Postgres is restarted or frozen, where the rows of tests/faults do not go."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex
from uuid import uuid4

import httpx
import psycopg
import pytest

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from tests.support.polling import eventually
from tests.support.process_family import frozen
from tests.support.system import NO_CERTIFICATES, PASSWORD, System

pytestmark = pytest.mark.long

BUSY = 2  # times longer than on a machine that does nothing else
FROZEN_WITHIN = BUSY * 5.5  # seconds
READY_WITHIN = BUSY * 6.0
BACK_WITHIN = BUSY * 2.0
LIVE_WITHIN = BUSY * 1.0
RESTARTS = 3
POOL = 5

Timed = tuple[httpx.Response, float]


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), password=token_hex())
    try:
        upgrade_to_head(server.start())
        yield server
    finally:
        server.destroy()


@pytest.fixture
def server(system: System, own_postgres: EmbeddedPostgres) -> System:
    system.env["DATABASE_URL"] = own_postgres.url
    system.env["DATABASE_POOL_SIZE"] = str(POOL)
    system.start_server()
    assert system.sign_up(new_email()).status_code == 201
    return system


def new_email() -> str:
    return f"{uuid4()}@example.com"


def timed(call: Callable[[], httpx.Response]) -> Timed:
    started = time.monotonic()
    return call(), time.monotonic() - started


def sign_up_with(server: System, key: str, email: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{server.port}/api/v1/auth/register",
        json={"email": email, "name": "Ada", "password": PASSWORD},
        headers={"Idempotency-Key": key},
        timeout=10,
        verify=NO_CERTIFICATES,
    )


def assert_unavailable(answers: list[Timed], *, within: float) -> None:
    for answer, seconds in answers:
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1
        assert seconds < within


def at_once(pool: ThreadPoolExecutor, call: Callable[[], httpx.Response], *, times: int) -> list[Timed]:
    return [future.result() for future in [pool.submit(timed, call) for _ in range(times)]]


def assert_honest_health(server: System) -> None:
    live, live_took = timed(lambda: server.get("/livez"))
    ready, ready_took = timed(lambda: server.get("/readyz"))
    assert (live.status_code, ready.status_code) == (200, 503)
    assert live_took < LIVE_WITHIN
    assert ready_took < READY_WITHIN
    assert ready.json()["checks"]["database"] == "failed"


def assert_recovers(server: System, *, within: float) -> None:
    eventually(lambda: server.sign_up(new_email()).status_code == 201, within=within)
    eventually(lambda: server.get("/readyz").status_code == 200, within=READY_WITHIN)
    with ThreadPoolExecutor(2 * POOL) as pool:  # and every place of the pool can be used
        answers = at_once(pool, lambda: server.sign_up(new_email()), times=2 * POOL)
    assert {answer.status_code for answer, _ in answers} == {201}
    assert '"level": "error"' not in server.log("cmd.server")


def has_user(postgres: EmbeddedPostgres, email: str) -> bool:
    with psycopg.connect(postgres.url) as connection:
        return bool(connection.execute("SELECT 1 FROM users WHERE email = %s", [email]).fetchone())


@contextmanager
def slow_commits(postgres: EmbeddedPostgres) -> Generator[None]:
    """Have the commit of a sign-up take a second, and go on without its client."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql"
            " AS $$BEGIN PERFORM set_config('client_connection_check_interval', '0', true), pg_sleep(1);"
            " RETURN NULL; END$$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER doze AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION doze()"
        )
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION doze() CASCADE")


def is_committing(postgres: EmbeddedPostgres) -> bool:
    with psycopg.connect(postgres.url) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
        return bool(connection.execute(query).fetchone())


def test_a_crash_of_postgres_loses_nothing_that_was_answered(
    server: System, own_postgres: EmbeddedPostgres
) -> None:
    answers: list[tuple[int, str, str, str | None]] = []
    ended = threading.Event()

    def sign_up_all_the_time() -> None:
        while not ended.is_set():
            key, email = str(uuid4()), new_email()
            answer = sign_up_with(server, key, email)
            user = answer.json()["data"]["user"]["id"] if answer.status_code == 201 else None
            answers.append((answer.status_code, key, email, user))

    with ThreadPoolExecutor(POOL) as pool:
        runs = [pool.submit(sign_up_all_the_time) for _ in range(POOL)]
        for _ in range(RESTARTS):
            time.sleep(0.5)
            os.kill(own_postgres.pid or 0, signal.SIGQUIT)
            own_postgres.stop()
            own_postgres.start()
        time.sleep(0.5)
        ended.set()
        for run in runs:
            run.result()

    assert {status for status, *_ in answers} == {201, 503}
    assert all(has_user(own_postgres, email) for status, _, email, _ in answers if status == 201)
    for status, key, email, user in answers[:: max(1, len(answers) // 50)]:
        again = sign_up_with(server, key, email)
        assert again.status_code == 201
        assert status == 503 or again.json()["data"]["user"]["id"] == user
    assert_recovers(server, within=BACK_WITHIN)


def test_a_sign_up_whose_answer_was_lost_is_told_by_its_key(
    server: System, own_postgres: EmbeddedPostgres
) -> None:
    key, email = str(uuid4()), new_email()
    with slow_commits(own_postgres), ThreadPoolExecutor() as pool:
        lost = pool.submit(sign_up_with, server, key, email)
        eventually(lambda: is_committing(own_postgres), within=5)
        server.stop()
        assert isinstance(lost.exception(), httpx.TransportError)
        eventually(lambda: has_user(own_postgres, email), within=5)

    server.start_server()
    again = sign_up_with(server, key, email)

    assert again.status_code == 201
    assert again.json()["data"]["user"]["email"] == email


def test_a_postgres_that_freezes_while_idle_is_503_and_good_again_when_it_goes_on(
    server: System, own_postgres: EmbeddedPostgres
) -> None:
    with ThreadPoolExecutor(20) as pool:
        at_once(pool, lambda: server.sign_up(new_email()), times=20)
        time.sleep(1.5)  # the connections are asked whether they are good before they are used
        with frozen(own_postgres.pid or 0):
            answers = [pool.submit(timed, lambda: server.sign_up(new_email())) for _ in range(20)]
            time.sleep(0.2)
            assert_honest_health(server)
            assert_unavailable([answer.result() for answer in answers], within=FROZEN_WITHIN)
            assert_honest_health(server)

    assert_recovers(server, within=BACK_WITHIN)
