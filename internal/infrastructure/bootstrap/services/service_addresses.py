"""What people read about a service: where it is, without its password."""

from internal.infrastructure.config.service_url import PostgresUrl, redis_address


def postgres_at(url: str) -> str:
    return f"Postgres {PostgresUrl.parse(url).address}"


def redis_at(url: str) -> str:
    return f"Redis {redis_address(url)}"


def services_at(*, database_url: str, redis_url: str) -> str:
    return f"{postgres_at(database_url)}, {redis_at(redis_url)}"
