from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.smtp_server import SmtpServer
from tests.support.system import System


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A Redis that the test may stop, freeze and start again."""
    with TemporaryDirectory(prefix="pyhexaclean-") as directory:
        server = EmbeddedRedis(Path(directory), password=token_hex())
        server.start()
        yield server
        server.stop()


@pytest.fixture
def system(database_url: str, redis_url: str, smtp_server: SmtpServer, tmp_path: Path) -> Iterator[System]:
    mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
    system = System(database_url=database_url, redis_url=redis_url, mail_url=mail_url, logs=tmp_path)
    try:
        yield system
    finally:
        system.stop()
