"""Settings are flat environment variables. In development `.env` is read too."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from internal.infrastructure.config.dashboard_settings import DashboardSettings
from internal.infrastructure.config.environment import (
    ENCODING,
    UnreadableFile,
    located,
    names_given,
    names_in,
)
from internal.infrastructure.config.grpc_settings import GrpcSettings
from internal.infrastructure.config.hash_cost import affordable_at_once, hash_problems
from internal.infrastructure.config.invalid_settings import InvalidSettings
from internal.infrastructure.config.misspelled_names import misspelt
from internal.infrastructure.config.paths import DOTENV, VAR_DIRECTORY
from internal.infrastructure.config.private_key import parse_private_key
from internal.infrastructure.config.production_rules import (
    DEVELOPMENT_DATABASE_PASSWORD,
    DEVELOPMENT_SECRET,
    OWASP_MEMORY,
    OWASP_TIME,
    production_problems,
)
from internal.infrastructure.config.queue_settings import parse_limits, parse_weights
from internal.infrastructure.config.rate_limit_settings import RateLimitSettings
from internal.infrastructure.config.setting_values import (
    AppName,
    AtOnce,
    DatabaseUrl,
    Days,
    Directory,
    HostAndPort,
    MailUrl,
    Origins,
    PayloadKeys,
    Port,
    PrivateKey,
    Processes,
    QueueLimits,
    QueueWeights,
    RedisUrl,
    Seconds,
    Sender,
    TokenLife,
    WebAddress,
    WholeSeconds,
    one_line,
)
from internal.ports.tasks import Rate

COMPOSE_DATABASE_URL = f"postgresql://pyhexaclean:{DEVELOPMENT_DATABASE_PASSWORD}@localhost:5432/pyhexaclean"
COMPOSE_REDIS_ADDR = "localhost:6379"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(RateLimitSettings, DashboardSettings, GrpcSettings):
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True, allow_inf_nan=False
    )

    app_env: Environment = Environment.DEVELOPMENT
    app_name: AppName = "PyHexaClean"
    app_base_url: WebAddress = "http://localhost:8080"

    database_url: DatabaseUrl = Field(default=COMPOSE_DATABASE_URL, repr=False)
    database_pool_size: AtOnce = 10
    database_pool_timeout: Seconds = 2  # seconds, like the next three
    database_connect_timeout: int = Field(default=2, ge=2, le=3600)  # the Postgres client refuses less
    database_statement_timeout: Seconds = 5
    redis_addr: HostAndPort = COMPOSE_REDIS_ADDR
    redis_url: RedisUrl | None = Field(default=None, repr=False)
    redis_connect_timeout: float = Field(default=3, ge=0.01, le=60)  # seconds, like the next
    redis_timeout: float = Field(default=2, ge=0.01, le=60)

    http_host: str = "127.0.0.1"
    http_port: Port = 8080
    private_host: str = "127.0.0.1"
    private_port: Port = 9090
    http_workers: Processes = 1
    http_header_timeout: float = Field(default=10, ge=0.01, le=60)  # seconds, like the next three
    http_body_timeout: Seconds = 15
    http_drain_time: float = Field(default=1, ge=0, le=3600)
    http_shutdown_timeout: int = Field(default=8, ge=1, le=3600)
    cors_allowed_origins: Origins = ""
    api_document: bool | None = None

    worker_concurrency: AtOnce = 10
    worker_processes: Processes = 1
    worker_queues: QueueWeights = "critical:6,default:3,low:1"
    worker_queue_limits: QueueLimits = ""
    worker_strict_priority: bool = False
    worker_shutdown_timeout: WholeSeconds = 25  # seconds
    worker_lease: Seconds = 15  # seconds
    unknown_task_grace: int = Field(default=600, ge=0, le=30 * 86_400)  # seconds
    task_payload_keys: PayloadKeys = Field(default="", repr=False)
    task_max_bytes: int = Field(default=1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    runtime_directory: Directory | None = None
    outbox_retention_days: Days = 30
    security_event_retention_days: Days = 365
    mail_url: MailUrl = Field(default=(VAR_DIRECTORY / "mail").absolute().as_uri(), repr=False)
    mail_from: Sender = "PyHexaClean <no-reply@localhost.localdomain>"
    mail_concurrency: AtOnce | None = None

    jwt_secret: str = Field(default=DEVELOPMENT_SECRET, repr=False)
    jwt_previous_secret: str | None = Field(default=None, repr=False)
    jwt_algorithm: Literal["HS256", "HS256,EdDSA", "EdDSA,HS256", "EdDSA"] = "HS256"
    jwt_private_key: PrivateKey | None = Field(default=None, repr=False)
    jwt_previous_private_key: PrivateKey | None = Field(default=None, repr=False)
    jwt_ttl: TokenLife = 900

    password_min_length: int = Field(default=8, ge=8, le=128)
    password_breach_check_url: WebAddress | None = None
    password_hash_memory: int = Field(default=OWASP_MEMORY, ge=8, le=2**32 - 1)  # KiB
    password_hash_time: int = Field(default=OWASP_TIME, ge=1, le=100)
    password_hash_parallelism: int = Field(default=1, ge=1, le=64)
    password_hash_threads: int | None = Field(default=None, ge=1, le=1024)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "console"
    log_tasks: bool = False

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("*", mode="before")
    @classmethod
    def _is_one_line(cls, value: object) -> object:
        return one_line(value)

    @model_validator(mode="wrap")
    @classmethod
    def _names_every_problem(cls, given: dict[str, Any], validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the rules of production even if some variables are wrong, to show all problems at once."""
        wrong: dict[str, str] = {}
        try:
            settings = validate(given)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
            settings = validate({name: value for name, value in given.items() if name not in wrong})
        unsafe = settings._unsafe()  # noqa: SLF001 - an instance of this very class
        if "redis_addr" in wrong:
            unsafe.pop("redis_url", None)  # REDIS_ADDR is set, only wrongly
        if problems := unsafe | wrong:
            raise InvalidSettings([_describe(name, message) for name, message in problems.items()])
        return settings

    def _unsafe(self) -> dict[str, str]:
        """The problems that this machine or production has with these values, by field."""
        problems = hash_problems(
            memory=self.password_hash_memory,
            lanes=self.password_hash_parallelism,
            at_once=self.password_hash_threads,
        )
        if "EdDSA" in self.token_algorithms and not self.jwt_private_key:
            problems["jwt_private_key"] = f"must be given for JWT_ALGORITHM={self.jwt_algorithm}"
        problems |= self.grpc_tls_problems
        if self.app_env is Environment.PRODUCTION:
            problems |= production_problems(self.model_dump(), named=self.model_fields_set)
        return problems

    @property
    def redis(self) -> str:
        """The URL to connect to. REDIS_URL wins over REDIS_ADDR."""
        return self.redis_url or f"redis://{self.redis_addr}/0"

    @property
    def has_api_document(self) -> bool:
        """Whether the server shows its API. Production does it only if API_DOCUMENT says so."""
        return self.app_env is not Environment.PRODUCTION if self.api_document is None else self.api_document

    @property
    def has_grpc_reflection(self) -> bool:
        """Whether the gRPC server tells its methods. Production does it only if GRPC_REFLECTION says so."""
        return (
            self.app_env is not Environment.PRODUCTION
            if self.grpc_reflection is None
            else self.grpc_reflection
        )

    @property
    def jwt_secrets(self) -> tuple[str, ...]:
        """The secrets that tokens may be signed with, the newest first."""
        return (self.jwt_secret, self.jwt_previous_secret) if self.jwt_previous_secret else (self.jwt_secret,)

    @property
    def token_algorithms(self) -> tuple[str, ...]:
        """The algorithms whose keys verify access tokens. The first one signs."""
        return tuple(self.jwt_algorithm.split(","))

    @property
    def jwt_private_keys(self) -> tuple[bytes, ...]:
        """The Ed25519 keys that tokens may be signed with, the newest first."""
        given = (self.jwt_private_key, self.jwt_previous_private_key)
        return tuple(parse_private_key(key) for key in given if key)

    @property
    def mails_at_once(self) -> int:
        """Emails that one worker process sends at once. By default half of its slots stay free of emails."""
        return self.mail_concurrency or max(1, self.worker_concurrency // 2)

    @property
    def hashes_at_once(self) -> int:
        return self.password_hash_threads or affordable_at_once(self.password_hash_memory)

    @property
    def queue_weights(self) -> dict[str, int]:
        """The queues that this worker serves, with their weights."""
        return parse_weights(self.worker_queues)

    @property
    def queue_limits(self) -> dict[str, tuple[int | None, Rate | None]]:
        """The limits per queue: tasks that run at once, and starts per window."""
        return parse_limits(self.worker_queue_limits)

    @property
    def heartbeats(self) -> Path:
        """The directory of the liveness files of this machine's worker processes."""
        own = Path(gettempdir()) / f"pyhexaclean-{os.geteuid()}"
        # systemd separates several directories by colons.
        return (Path(self.runtime_directory.partition(":")[0]) if self.runtime_directory else own) / "workers"

    @property
    def named_services(self) -> frozenset[str]:
        """DATABASE_URL and REDIS_URL, as far as the environment sets them."""
        given = self.model_fields_set
        names = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL", "redis_addr": "REDIS_URL"}
        return frozenset(variable for name, variable in names.items() if name in given)


def load_settings(kind: type[Settings] = Settings) -> Settings:
    """Read the environment.

    Raises:
        InvalidSettings: names every invalid variable, and the file if the file sets it.
    """
    only_in_file = _names_in_file() - names_given()
    try:
        return kind(
            _env_file=DOTENV if _in_development() else None,  # type: ignore[call-arg]  # added at run time
            _env_file_encoding=ENCODING,
        )
    except InvalidSettings as error:
        problems = [located(problem, DOTENV, names=only_in_file) for problem in error.problems]
        raise InvalidSettings(problems) from error


def misspelt_settings() -> Mapping[str, str]:
    """Unknown names in the environment or the file, each with its likely meaning."""
    known = {name.upper() for name in Settings.model_fields}
    return misspelt(names_given() | _names_in_file(), known=known)


def _in_development() -> bool:
    return (os.environ.get("APP_ENV") or Environment.DEVELOPMENT) == Environment.DEVELOPMENT


def _names_in_file() -> frozenset[str]:
    try:
        return names_in(DOTENV) if _in_development() else frozenset()
    except UnreadableFile as error:
        raise InvalidSettings(error.problems) from error


def _describe(name: str, message: str) -> str:
    return f"{name.upper()}: {message.removeprefix('Value error, ')}"
