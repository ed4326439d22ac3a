"""A separate Postgres and Valkey for a benchmark, in the environment that its processes inherit."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from benchmarks import notes
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.redis import EmbeddedRedis


@dataclass(frozen=True, slots=True)
class Services:
    directory: Path
    redis: EmbeddedRedis
    postgres: EmbeddedPostgres


@contextmanager
def running_services() -> Iterator[Services]:
    with tempfile.TemporaryDirectory(prefix="pyhexaclean-") as name:
        directory = Path(name)
        postgres = EmbeddedPostgres(directory, password=token_hex())
        redis = EmbeddedRedis(directory, password=token_hex())
        try:
            postgres.start()
            redis.start()
            upgrade_to_head(postgres.url)
            os.environ |= {
                "DATABASE_URL": postgres.url,
                "REDIS_URL": redis.url,
                "MAIL_URL": (directory / "mail").as_uri(),
                "LOG_LEVEL": "ERROR",
                notes.VARIABLE: str(directory / "notes"),
            }
            yield Services(directory, redis, postgres)
        finally:
            redis.stop()
            postgres.destroy()
