"""Settings are flat environment variables; `.env` is read as well, but only in development."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from internal.infrastructure.origins import EVERY_ORIGIN
from internal.infrastructure.queue_settings import parse_limits, parse_weights
from internal.infrastructure.service_url import PostgresUrl
from internal.infrastructure.setting_values import (
    DatabaseUrl,
    HostAndPort,
    MailUrl,
    Origins,
    Port,
    QueueLimits,
    QueueWeights,
    RedisUrl,
    Sender,
    WebAddress,
)
from internal.ports.tasks import Rate

DEVELOPMENT_SECRET = "development-only-secret-never-use-it-in-production"  # noqa: S105 - production refuses it
DEVELOPMENT_DATABASE_PASSWORD = "pyhexaclean"  # noqa: S105 - as above
COMPOSE_DATABASE_URL = f"postgresql://pyhexaclean:{DEVELOPMENT_DATABASE_PASSWORD}@localhost:5432/pyhexaclean"
COMPOSE_REDIS_ADDR = "localhost:6379"
# RFC 7518 section 3.2: an HS256 key is at least as long as the hash.
MIN_SECRET_BYTES = 32
# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes and one lane.
OWASP_MEMORY = 19 * 1024  # KiB
OWASP_TIME = 2
_BELOW_THE_DEFAULT = "must not be below the default"

VAR_DIRECTORY = Path("var")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class InvalidSettings(Exception):
    """Some variables cannot be used; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    app_env: Environment = Environment.DEVELOPMENT
    app_name: str = "PyHexaClean"
    app_base_url: WebAddress = "http://localhost:8080"

    database_url: DatabaseUrl = Field(default=COMPOSE_DATABASE_URL, repr=False)
    database_pool_size: int = Field(default=10, ge=1)
    database_pool_timeout: float = Field(default=2, gt=0)  # seconds, as those that follow
    database_connect_timeout: int = Field(default=2, ge=2)  # the Postgres client takes no less
    database_statement_timeout: float = Field(default=5, gt=0)
    redis_addr: HostAndPort = COMPOSE_REDIS_ADDR
    redis_url: RedisUrl | None = Field(default=None, repr=False)

    http_host: str = "127.0.0.1"
    http_port: Port = 8080
    private_host: str = "127.0.0.1"
    private_port: Port = 9090
    http_workers: int = Field(default=1, ge=1)
    http_header_timeout: float = Field(default=10, gt=0, le=60)  # seconds, as those that follow
    http_body_timeout: float = Field(default=15, gt=0)
    http_drain_time: float = Field(default=1, ge=0)
    http_shutdown_timeout: int = Field(default=8, ge=1)
    cors_allowed_origins: Origins = ""

    worker_concurrency: int = Field(default=10, ge=1)
    worker_processes: int = Field(default=1, ge=1)
    worker_queues: QueueWeights = "critical:6,default:3,low:1"
    worker_queue_limits: QueueLimits = ""
    worker_strict_priority: bool = False
    worker_shutdown_timeout: int = Field(default=25, ge=0)  # seconds
    worker_lease: float = Field(default=15, gt=0)  # seconds
    unknown_task_grace: int = Field(default=600, ge=0)  # seconds
    task_max_bytes: int = Field(default=1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    outbox_retention_days: int = Field(default=30, ge=1)
    mail_url: MailUrl = Field(default=(VAR_DIRECTORY / "mail").absolute().as_uri(), repr=False)
    mail_from: Sender = "PyHexaClean <no-reply@localhost.localdomain>"
    mail_concurrency: int | None = Field(default=None, ge=1)

    jwt_secret: str = Field(default=DEVELOPMENT_SECRET, repr=False)
    jwt_ttl: int = Field(default=900, ge=1)  # seconds

    password_min_length: int = Field(default=8, ge=8, le=128)
    password_hash_memory: int = Field(default=OWASP_MEMORY, ge=8)  # KiB
    password_hash_time: int = Field(default=OWASP_TIME, ge=1)
    password_hash_parallelism: int = Field(default=1, ge=1)
    password_hash_threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "console"

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="wrap")
    @classmethod
    def _names_every_problem(cls, given: dict[str, Any], validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Ask what production needs also where some variables are wrong, of those that are not."""
        wrong: dict[str, str] = {}
        try:
            settings = validate(given)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
            settings = validate({name: value for name, value in given.items() if name not in wrong})
        unsafe = settings._production_problems()  # noqa: SLF001 - an instance of this very class
        if "redis_addr" in wrong:
            unsafe.pop("redis_url", None)  # one of the two is given
        if problems := unsafe | wrong:
            raise InvalidSettings([_describe(name, message) for name, message in problems.items()])
        return settings

    def _production_problems(self) -> dict[str, str]:
        """What production refuses, by the field's name; nothing elsewhere."""
        if self.app_env is not Environment.PRODUCTION:
            return {}
        own_secret = self.jwt_secret != DEVELOPMENT_SECRET
        own_password = PostgresUrl.parse(self.database_url).password != DEVELOPMENT_DATABASE_PASSWORD
        named_redis = bool({"redis_url", "redis_addr"} & self.model_fields_set)
        encrypts_mail = urlsplit(self.mail_url).scheme in {"smtp+starttls", "smtps"}
        is_https = urlsplit(self.app_base_url).scheme == "https"
        rules = {
            "jwt_secret": (
                own_secret and len(self.jwt_secret.encode()) >= MIN_SECRET_BYTES,
                f"must be your own random secret of at least {MIN_SECRET_BYTES} bytes",
            ),
            "database_url": (own_password, "must be given, and without the development password"),
            "redis_url": (named_redis, "must be given (or REDIS_ADDR)"),
            "mail_url": (encrypts_mail, "must be smtp+starttls:// or smtps://"),
            "app_base_url": (is_https, "must be an https:// URL"),
            "cors_allowed_origins": (self.cors_allowed_origins.strip() != EVERY_ORIGIN, "must not be *"),
            "password_hash_memory": (self.password_hash_memory >= OWASP_MEMORY, _BELOW_THE_DEFAULT),
            "password_hash_time": (self.password_hash_time >= OWASP_TIME, _BELOW_THE_DEFAULT),
        }
        return {name: problem for name, (holds, problem) in rules.items() if not holds}

    @property
    def redis(self) -> str:
        """The URL to connect to: REDIS_URL wins over REDIS_ADDR."""
        return self.redis_url or f"redis://{self.redis_addr}/0"

    @property
    def mails_at_once(self) -> int:
        """Of one worker process: half of its slots, so that a slow mail server leaves the other half."""
        return self.mail_concurrency or max(1, self.worker_concurrency // 2)

    @property
    def queue_weights(self) -> dict[str, int]:
        """The queues that this worker serves, and the share of each."""
        return parse_weights(self.worker_queues)

    @property
    def queue_limits(self) -> dict[str, tuple[int | None, Rate | None]]:
        """How many tasks of a queue run at once, and how many start in a window, where that is limited."""
        return parse_limits(self.worker_queue_limits)

    @property
    def named_services(self) -> frozenset[str]:
        """Of Postgres and Redis, the variables of those whose place the environment tells."""
        given = self.model_fields_set
        named = {
            "DATABASE_URL": "database_url" in given,
            "REDIS_URL": bool({"redis_url", "redis_addr"} & given),
        }
        return frozenset(name for name, is_named in named.items() if is_named)


def load_settings(kind: type[Settings] = Settings) -> Settings:
    """Read the environment.

    Raises:
        InvalidSettings: names every variable that cannot be used.
    """
    in_development = (os.environ.get("APP_ENV") or Environment.DEVELOPMENT) == Environment.DEVELOPMENT
    return kind(
        _env_file=".env" if in_development else None,  # type: ignore[call-arg]  # added at run time
    )


def _describe(name: str, message: str) -> str:
    return f"{name.upper()}: {message.removeprefix('Value error, ')}"
