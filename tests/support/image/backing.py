"""What the compose file's program runs beside, embedded here, at addresses of this machine."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.image.mail_sink import MailSink


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingServices:
    postgres_port: int
    redis_port: int
    http_port: int
    private_port: int
    mail: MailSink

    def reached_from(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The same environment, except for the addresses that only exist in Compose's network.

        The server's ports are added: there is no network of its own here, in which the usual ones are free.
        """
        addresses = {
            "@postgres:5432/": f"@127.0.0.1:{self.postgres_port}/",
            "redis:6379": f"127.0.0.1:{self.redis_port}",
            "//mailpit:1025": f"//127.0.0.1:{self.mail.port}",
        }
        reached = {name: _substitute(addresses, value) for name, value in environment.items()}
        return {**reached, "HTTP_PORT": str(self.http_port), "PRIVATE_PORT": str(self.private_port)}


@contextmanager
def embedded_services(directory: Path, *, services: Mapping[str, Any]) -> Iterator[BackingServices]:
    """Run them for `services` of the compose file; start them from the main thread."""
    password = services["postgres"]["environment"]["POSTGRES_PASSWORD"]
    postgres = EmbeddedPostgres(directory, password=password, durable=False)
    redis = EmbeddedRedis(directory, password="until-it-runs")
    with ExitStack() as running:
        running.callback(postgres.destroy)
        postgres.start()
        running.callback(redis.stop)
        with Redis.from_url(redis.start()) as client:
            client.config_set("requirepass", "")  # the compose file's Redis asks for none
        yield BackingServices(
            postgres_port=postgres.port,
            redis_port=redis.port,
            http_port=free_port(),
            private_port=free_port(),
            mail=running.enter_context(MailSink()),
        )


def _substitute(addresses: Mapping[str, str], value: str) -> str:
    for address, substitute in addresses.items():
        value = value.replace(address, substitute)
    return value
