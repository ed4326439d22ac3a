import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from internal.infrastructure.embedded import unprivileged
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.process import ServiceFailed

PASSWORD = "hunter2"
SOMEBODY = 12345  # an id that is neither root's nor `nobody`'s

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for Postgres")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """In a directory that only this user may enter, as a home directory often is."""
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path, password=PASSWORD, durable=False)
    try:
        yield server
    finally:
        server.destroy()


@pytest.fixture(
    params=[pytest.param(True, id="user namespace"), pytest.param(False, id="nobody", marks=as_root)]
)
def user_namespaces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of leaving root, the second as on a machine that has no user namespaces."""
    if not request.param:
        monkeypatch.setattr(unprivileged, "_user_namespace_reaches", lambda *_: False)


@pytest.mark.usefixtures("user_namespaces")
def test_keeps_its_data_over_a_restart(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    postgres.stop()
    url = postgres.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@as_root
def test_starts_for_root_in_the_home_of_somebody_else(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """As with `sudo make run`: root alone may enter, and in a user namespace it no longer may."""
    shutil.chown(tmp_path, SOMEBODY, SOMEBODY)

    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT 42").fetchone() == (42,)


def test_opens_to_its_password_alone(postgres: EmbeddedPostgres) -> None:
    postgres.start()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url.replace(PASSWORD, "wrong"))


def test_says_where_its_log_is_if_it_does_not_start(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "cluster").mkdir(parents=True, mode=0o700)

    with pytest.raises(ServiceFailed, match=r"postgres\.log"):
        postgres.start()
