import os
import subprocess
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from internal.infrastructure.config.invalid_settings import InvalidSettings
from internal.infrastructure.config.production_rules import DEVELOPMENT_SECRET
from internal.infrastructure.config.rate_limit_settings import RateLimitSettings
from internal.infrastructure.config.settings import (
    Environment,
    Settings,
    load_settings,
    misspelt_settings,
)
from internal.ports.tasks import Rate
from tests.support.access_tokens import GUESSED_KEY, PRIVATE_KEY

QUOTAS = sorted(name.upper() for name in RateLimitSettings.model_fields if name.startswith("rate_limit_"))
NO_QUOTAS = [
    "5",
    "0/minute",
    "-1/minute",
    "5/0 minutes",
    "5/minute/hour",
    "5 per minute",
    "5/fortnight",
    "5/minute;10/hour",
    "1.5/minute",
    "9999999999/minute",
    "5/1000 days",
    "\u0665/minute",
    "none",
]
WRONG_VALUES = [
    ("APP_ENV", "staging"),
    ("APP_NAME", " "),
    ("APP_NAME", "x" * 101),
    ("APP_NAME", "\u200b"),
    ("APP_NAME", "Users\u202e"),
    ("APP_BASE_URL", "https://users example.com"),
    ("APP_BASE_URL", "https://app:hunter2@users.example.com"),
    ("APP_BASE_URL", "https://users.example.com/?page=1"),
    ("APP_BASE_URL", "https://users.example.com/#top"),
    ("APP_BASE_URL", "localhost:8080"),
    ("DATABASE_URL", "mysql://localhost/x"),
    ("DATABASE_URL", "postgresql://[/x"),
    ("DATABASE_URL", "postgresql://localhost:99999/x"),
    ("DATABASE_URL", "postgresql://a..b/x"),
    ("DATABASE_POOL_SIZE", "0"),
    ("DATABASE_POOL_TIMEOUT", "0"),
    ("DATABASE_CONNECT_TIMEOUT", "1"),
    ("DATABASE_STATEMENT_TIMEOUT", "0"),
    ("DATABASE_STATEMENT_TIMEOUT", "0.0001"),  # 0 ms to Postgres, which means no limit
    ("REDIS_ADDR", "localhost"),
    ("REDIS_ADDR", ":6379"),
    ("REDIS_ADDR", "localhost:99999"),
    ("REDIS_ADDR", "a..b:6379"),
    ("REDIS_ADDR", "a b:6379"),
    ("REDIS_ADDR", "redis/b:6379"),
    ("REDIS_ADDR", "app:hunter2@redis:6379"),
    ("REDIS_CONNECT_TIMEOUT", "0"),
    ("REDIS_CONNECT_TIMEOUT", "nan"),
    ("REDIS_TIMEOUT", "-1"),
    ("REDIS_TIMEOUT", "inf"),
    ("REDIS_URL", "http://localhost"),
    ("REDIS_URL", "redis://localhost:99999"),
    ("REDIS_URL", "redis+sentinel://localhost"),
    ("REDIS_URL", "redis+sentinel://localhost:99999/tasks"),
    ("GRPC_PORT", "0"),
    ("GRPC_MAX_CALLS", "0"),
    ("GRPC_MAX_MESSAGE_BYTES", "1023"),
    ("GRPC_CALL_TIMEOUT", "0"),
    ("GRPC_DRAIN_TIME", "-1"),
    ("GRPC_SHUTDOWN_TIMEOUT", "0"),
    ("GRPC_REFLECTION", "perhaps"),
    ("GRPC_TLS_CERT", "cert.pem"),
    ("GRPC_TLS_KEY", "key.pem"),
    ("GRPC_TLS_CLIENT_CA", "ca.pem"),
    ("HTTP_PORT", "0"),
    ("HTTP_PORT", "65536"),
    ("HTTP_PORT", "http"),
    ("PRIVATE_PORT", "0"),
    ("PRIVATE_PORT", "65536"),
    ("HTTP_WORKERS", "0"),
    ("HTTP_HEADER_TIMEOUT", "0.0001"),
    ("HTTP_HEADER_TIMEOUT", "61"),
    ("HTTP_BODY_TIMEOUT", "0"),
    ("HTTP_DRAIN_TIME", "-1"),
    ("HTTP_SHUTDOWN_TIMEOUT", "0"),
    ("API_DOCUMENT", "maybe"),
    ("DASHBOARD", "maybe"),
    ("DASHBOARD_READ_ONLY", "maybe"),
    ("DASHBOARD_PORT", "0"),
    ("DASHBOARD_URL", "ops.example.com"),
    ("DASHBOARD_URL", "https://ops.example.com/ops?x=1"),
    ("DASHBOARD_URL", "https://ops.example.com/a/../b"),
    ("DASHBOARD_URL", "https://ops.example.com/%2e%2e"),
    ("DASHBOARD_URL", "https://ops.example.com//ops"),
    ("DASHBOARD_SESSION_IDLE", "59"),
    ("DASHBOARD_SESSION_LIFETIME", "2592001"),
    ("CORS_ALLOWED_ORIGINS", "app.example.com"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.com/path"),
    ("CORS_ALLOWED_ORIGINS", "https://*.example.com"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.com,*"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.com,"),
    ("CORS_ALLOWED_ORIGINS", "https://a.example https://b.example"),
    ("CORS_ALLOWED_ORIGINS", "https://user@app.example.com"),
    ("CORS_ALLOWED_ORIGINS", "https://b\u00fccher.example"),
    ("CORS_ALLOWED_ORIGINS", "null"),
    ("TRUSTED_PROXIES", "proxy.example.com"),
    ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("TRUSTED_PROXIES", "10.0.0.0/33"),
    ("TRUSTED_PROXIES", "10.0.0.1,"),
    ("TRUSTED_PROXIES", "10.0.0.1,none"),
    ("TRUSTED_PROXIES", "10.0.0.1:8080"),
    ("TRUSTED_PROXIES", "*"),
    ("TRUSTED_PROXIES", "0.0.0.0/0"),
    ("TRUSTED_PROXIES", "::/0"),
    ("TRUSTED_PROXIES", "::ffff:0.0.0.0/96"),
    *((name, value) for name in QUOTAS for value in NO_QUOTAS),
    ("WORKER_CONCURRENCY", "0"),
    ("WORKER_PROCESSES", "0"),
    ("WORKER_QUEUES", "critical"),
    ("WORKER_QUEUES", "critical:0"),
    ("WORKER_QUEUES", "critical:6;low:1"),
    ("WORKER_QUEUES", "low:1,low:2"),
    ("WORKER_QUEUE_LIMITS", "low:2,low:3"),
    ("WORKER_QUEUE_LIMITS", "low:2/1,low:3/1"),
    ("WORKER_QUEUE_LIMITS", "low"),
    ("WORKER_QUEUE_LIMITS", "low:0"),
    ("WORKER_QUEUE_LIMITS", "low:2/0"),
    ("WORKER_QUEUE_LIMITS", "low:2,"),
    ("WORKER_STRICT_PRIORITY", "perhaps"),
    ("WORKER_LEASE", "0"),
    ("WORKER_LEASE", "0.001"),
    ("UNKNOWN_TASK_GRACE", "-1"),
    ("TASK_MAX_BYTES", "100"),
    ("TASK_PAYLOAD_KEYS", "secret"),
    ("WORKER_SHUTDOWN_TIMEOUT", "-1"),
    ("RUNTIME_DIRECTORY", "var/run"),
    ("OUTBOX_RETENTION_DAYS", "0"),
    ("SECURITY_EVENT_RETENTION_DAYS", "0"),
    ("MAIL_CONCURRENCY", "0"),
    ("MAIL_URL", "file://relative/mail"),
    ("MAIL_URL", "smtp://"),
    ("MAIL_URL", "smtp://localhost:99999"),
    ("MAIL_URL", "imap://localhost"),
    ("MAIL_URL", "file:///mail%00s"),
    ("MAIL_URL", "file:///mail?s"),
    ("MAIL_URL", "smtp://localhost?tls=1"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "Users <users@example.com>, Ada <ada@example.com>"),
    ("JWT_TTL", "0"),
    ("JWT_TTL", "901"),
    ("JWT_ALGORITHM", "none"),
    ("JWT_ALGORITHM", "RS256"),
    ("JWT_ALGORITHM", "HS256,HS256"),
    ("JWT_ALGORITHM", "EdDSA, HS256"),
    ("JWT_PRIVATE_KEY", "nonsense"),
    ("JWT_PRIVATE_KEY", PRIVATE_KEY[:-4]),
    ("JWT_PRIVATE_KEY", f"A{PRIVATE_KEY[1:]}"),
    ("JWT_PRIVATE_KEY", PRIVATE_KEY[-44:]),
    ("JWT_PREVIOUS_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----"),
    ("PASSWORD_MIN_LENGTH", "7"),
    ("PASSWORD_BREACH_CHECK_URL", "api.pwnedpasswords.com/range"),
    ("PASSWORD_BREACH_CHECK_URL", "https://user:password@breaches.example.com/range"),
    ("PASSWORD_BREACH_CHECK_URL", "https://breaches.example.com/range?mode=ntlm"),
    ("PASSWORD_HASH_MEMORY", "7"),
    ("PASSWORD_HASH_TIME", "0"),
    ("PASSWORD_HASH_PARALLELISM", "0"),
    ("PASSWORD_HASH_THREADS", "0"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("LOG_TASKS", "sometimes"),
]
# Any text will do for these; what production asks of JWT_SECRET is tested below.
FREE_TEXT = {"DASHBOARD_HOST", "GRPC_HOST", "HTTP_HOST", "JWT_PREVIOUS_SECRET", "JWT_SECRET", "PRIVATE_HOST"}

PRODUCTION = {
    "APP_ENV": "production",
    "APP_BASE_URL": "https://users.example.com",
    "DATABASE_URL": "postgresql://app:hunter2@db/app",
    "REDIS_ADDR": "redis:6379",
    "MAIL_URL": "smtps://mail.example.com",
    "JWT_SECRET": "7f3c1e9a5b2d8046e1c7a9f03b5d2864",
    "TRUSTED_PROXIES": "none",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("APP_ENV")
    return monkeypatch


def problems_of(environment: pytest.MonkeyPatch, variables: dict[str, str]) -> list[str]:
    for name, value in variables.items():
        environment.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    return refused.value.problems


@pytest.mark.usefixtures("environment")
def test_needs_no_configuration_in_development() -> None:
    settings = load_settings()

    assert settings.app_env is Environment.DEVELOPMENT
    assert settings.http_port == 8080
    assert settings.redis == "redis://localhost:6379/0"
    assert settings.named_services == frozenset()


@pytest.mark.parametrize(("variable", "value"), WRONG_VALUES)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    environment: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    [problem] = problems_of(environment, {variable: value})

    assert problem.startswith(f"{variable}: ")
    assert "\n" not in problem


NUMBERS = sorted(
    name.upper()
    for name, field in Settings.model_fields.items()
    if {int, float} & {field.annotation, *get_args(field.annotation)}
)


@pytest.mark.parametrize("variable", NUMBERS)
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "Infinity", "1e308", "-1", "9" * 30, "4294967296"])
def test_no_number_is_absurd(environment: pytest.MonkeyPatch, variable: str, value: str) -> None:
    [problem] = problems_of(environment, {variable: value})

    assert problem.startswith(f"{variable}: ")


@pytest.mark.parametrize("variable", sorted(name.upper() for name in Settings.model_fields))
@pytest.mark.parametrize("separator", ["\n", "\r\n", "\t", "\x1b[2J", "\x7f", "\u2028", "\x85"])
def test_no_text_has_a_line_break_or_another_control_character(
    environment: pytest.MonkeyPatch, variable: str, separator: str
) -> None:
    [problem] = problems_of(environment, {variable: f"x{separator}Bcc: eve@example.com"})

    assert problem == f"{variable}: must be one line without control characters"


@pytest.mark.parametrize("variable", sorted(name.upper() for name in Settings.model_fields))
def test_every_value_is_utf_8(environment: pytest.MonkeyPatch, variable: str) -> None:
    [problem] = problems_of(environment, {variable: os.fsdecode(b"caf\xe9 au lait, 36 bytes of it or more")})

    assert problem == f"{variable}: must be UTF-8"


@pytest.mark.parametrize(
    ("variables", "blamed"),
    [
        ({"PASSWORD_HASH_MEMORY": str(2**32 - 1)}, "PASSWORD_HASH_MEMORY"),
        ({"PASSWORD_HASH_MEMORY": str(2**22), "PASSWORD_HASH_THREADS": "1024"}, "PASSWORD_HASH_THREADS"),
        ({"PASSWORD_HASH_MEMORY": "15", "PASSWORD_HASH_PARALLELISM": "2"}, "PASSWORD_HASH_MEMORY"),
    ],
    ids=["one hash", "several at once", "less than Argon2 needs"],
)
def test_hashes_fit_into_the_memory(
    environment: pytest.MonkeyPatch, variables: dict[str, str], blamed: str
) -> None:
    [problem] = problems_of(environment, variables)

    assert problem.startswith(f"{blamed}: ")


def test_without_a_number_of_hashes_they_take_half_of_the_memory_at_most() -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024

    assert 1 <= Settings().hashes_at_once <= (os.cpu_count() or 1)
    assert Settings(password_hash_memory=machine // 3).hashes_at_once == 1


@pytest.mark.parametrize(
    "secret",
    [
        "a" * 64,
        "ab" * 32,
        " " * 40,
        "password" * 4,
        "secret" * 6 + "1",
        "1234567890" * 4,
        "deadbeef" * 8,
        "0123456789abcdef" * 2,
        "abcdefghijklmnopqrstuvwxyz012345",
        "zyxwvutsrqponmlkjihgfedcba987654",
        "aabbccddeeffgghhiijjkkllmmnnoopp",
        "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9",
        "please-change-me-to-something-random",
        "Your-Secret-of-32-bytes-for-production",
    ],
)
def test_production_refuses_a_secret_that_can_be_guessed(
    environment: pytest.MonkeyPatch, secret: str
) -> None:
    [problem] = problems_of(environment, {**PRODUCTION, "JWT_SECRET": secret})

    assert problem.startswith("JWT_SECRET: ")
    assert secret not in problem


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=st.one_of(
        st.randoms(use_true_random=True).map(lambda source: f"{source.getrandbits(128):032x}"),
        st.randoms(use_true_random=True).map(lambda source: f"{source.randrange(10**32):032}"),
        st.randoms(use_true_random=True).map(lambda source: b64encode(source.randbytes(32)).decode()),
    )
)
def test_production_accepts_random_secrets(environment: pytest.MonkeyPatch, secret: str) -> None:
    with environment.context() as patched:
        for name, value in {**PRODUCTION, "JWT_SECRET": secret}.items():
            patched.setenv(name, value)

        assert load_settings().jwt_secret == secret


def test_every_variable_has_a_wrong_value_or_takes_any_text() -> None:
    tested = {variable for variable, _ in WRONG_VALUES} | FREE_TEXT

    assert tested == {name.upper() for name in Settings.model_fields}


def test_names_every_wrong_variable_at_once(environment: pytest.MonkeyPatch) -> None:
    problems = problems_of(environment, {"HTTP_PORT": "0", "LOG_FORMAT": "xml", "JWT_TTL": "soon"})

    assert {problem.split(":")[0] for problem in problems} == {"HTTP_PORT", "LOG_FORMAT", "JWT_TTL"}


@pytest.mark.parametrize(
    "value",
    [
        "mysql://app:hunter2@db/app",
        "postgresql://app:hunter2#more@db/app",  # what is before the "#" is read as a port
        "postgresql://app:hunter2/more@db/app",
    ],
)
def test_a_problem_does_not_show_the_value(environment: pytest.MonkeyPatch, value: str) -> None:
    problems = problems_of(environment, {"DATABASE_URL": value})

    assert "hunter2" not in "".join(problems)


def test_production_runs_with_settings_of_its_own(environment: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        environment.setenv(name, value)

    settings = load_settings()

    assert settings.app_env is Environment.PRODUCTION


def test_production_refuses_the_defaults_and_names_every_bad_variable(
    environment: pytest.MonkeyPatch,
) -> None:
    problems = problems_of(environment, {"APP_ENV": "production"})

    assert {problem.split(":")[0] for problem in problems} == {
        "JWT_SECRET",
        "DATABASE_URL",
        "REDIS_URL",
        "MAIL_URL",
        "APP_BASE_URL",
        "TRUSTED_PROXIES",
    }


UNSAFE = [
    ("JWT_SECRET", "31 bytes is not long enough ..."),
    ("JWT_PREVIOUS_SECRET", "31 bytes is not long enough ..."),
    ("JWT_PREVIOUS_SECRET", DEVELOPMENT_SECRET),
    ("JWT_PREVIOUS_SECRET", PRODUCTION["JWT_SECRET"]),
    ("JWT_PRIVATE_KEY", GUESSED_KEY),
    ("JWT_PREVIOUS_PRIVATE_KEY", GUESSED_KEY),
    ("DATABASE_URL", "postgresql://pyhexaclean:pyhexaclean@db/pyhexaclean"),
    ("DATABASE_URL", "postgresql://app:@db/app"),
    ("MAIL_URL", "smtp://mail.example.com"),
    ("MAIL_URL", "file:///tmp/mail"),
    ("APP_BASE_URL", "http://users.example.com"),
    ("PASSWORD_BREACH_CHECK_URL", "http://breaches.example.com/range"),
    ("CORS_ALLOWED_ORIGINS", "*"),
    ("CORS_ALLOWED_ORIGINS", " * "),
    ("RATE_LIMIT_LOGIN_FAILURES", "101/day"),
]


@pytest.mark.parametrize(("variable", "value"), UNSAFE)
def test_production_refuses_what_is_not_safe(
    environment: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    [problem] = problems_of(environment, {**PRODUCTION, variable: value})

    assert problem.startswith(f"{variable}: ")


def test_production_names_everything_that_is_not_safe_at_once(environment: pytest.MonkeyPatch) -> None:
    cheap = {"PASSWORD_HASH_MEMORY": "8", "PASSWORD_HASH_TIME": "1"}

    problems = problems_of(environment, {**PRODUCTION, **dict(UNSAFE[::-1]), **cheap, "TRUSTED_PROXIES": ""})

    assert sorted(problem.split(":")[0] for problem in problems) == sorted(
        {"TRUSTED_PROXIES", *cheap, *(variable for variable, _ in UNSAFE)}
    )


def test_production_refuses_the_present_key_as_the_previous_one(environment: pytest.MonkeyPatch) -> None:
    keys = {"JWT_PRIVATE_KEY": PRIVATE_KEY, "JWT_PREVIOUS_PRIVATE_KEY": PRIVATE_KEY}

    [problem] = problems_of(environment, {**PRODUCTION, **keys})

    assert problem.startswith("JWT_PREVIOUS_PRIVATE_KEY: ")
    assert PRIVATE_KEY not in problem


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"GRPC_TLS_CERT": "/cert.pem"}, "GRPC_TLS_KEY: must be given with GRPC_TLS_CERT"),
        ({"GRPC_TLS_KEY": "/key.pem"}, "GRPC_TLS_CERT: must be given with GRPC_TLS_KEY"),
        ({"GRPC_TLS_CLIENT_CA": "/ca.pem"}, "GRPC_TLS_CERT: must be given with GRPC_TLS_CLIENT_CA"),
    ],
)
def test_the_files_for_tls_are_given_together(
    environment: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    assert problems_of(environment, given) == [missing]


@pytest.mark.parametrize("algorithm", ["EdDSA", "HS256,EdDSA", "EdDSA,HS256"])
def test_eddsa_needs_a_private_key(environment: pytest.MonkeyPatch, algorithm: str) -> None:
    previous = {"JWT_PREVIOUS_PRIVATE_KEY": PRIVATE_KEY}

    [problem] = problems_of(environment, {"JWT_ALGORITHM": algorithm, **previous})

    assert problem == f"JWT_PRIVATE_KEY: must be given for JWT_ALGORITHM={algorithm}"


def test_takes_a_private_key_as_openssl_writes_it(environment: pytest.MonkeyPatch) -> None:
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    for name, value in {**PRODUCTION, "JWT_ALGORITHM": "EdDSA"}.items():
        environment.setenv(name, value)
    environment.setenv("JWT_PRIVATE_KEY", b64encode(der).decode())

    settings = load_settings()

    assert settings.jwt_private_keys == (der[-32:],)
    assert b64encode(der).decode() not in repr(settings)


def test_a_previous_secret_comes_after_the_present_one(environment: pytest.MonkeyPatch) -> None:
    previous = "0b6e4d2c8f1a7935c0d4e8b26f9a1357"
    for name, value in {**PRODUCTION, "JWT_PREVIOUS_SECRET": previous}.items():
        environment.setenv(name, value)

    assert load_settings().jwt_secrets == (PRODUCTION["JWT_SECRET"], previous)


def test_production_names_what_is_not_safe_beside_what_is_wrong(environment: pytest.MonkeyPatch) -> None:
    weak = {"PASSWORD_HASH_MEMORY": "7", "PASSWORD_HASH_TIME": "1"}
    problems = problems_of(environment, {"APP_ENV": "production", "MAIL_URL": "imap://mail", **weak})

    assert sorted(problem.split(":")[0] for problem in problems) == [
        "APP_BASE_URL",
        "DATABASE_URL",
        "JWT_SECRET",
        "MAIL_URL",
        "PASSWORD_HASH_MEMORY",
        "PASSWORD_HASH_TIME",
        "REDIS_URL",
        "TRUSTED_PROXIES",
    ]


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_ADDR", "REDIS_URL", "MAIL_URL", "APP_BASE_URL"])
def test_production_asks_nothing_more_of_a_variable_that_is_wrong(
    environment: pytest.MonkeyPatch, variable: str
) -> None:
    [problem] = problems_of(environment, {**PRODUCTION, variable: "nonsense"})

    assert problem.startswith(f"{variable}: ")


def test_reads_the_dot_env_file_in_development_only(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_NAME=From the file\n")

    in_development = load_settings()
    environment.setenv("APP_ENV", "test")
    in_test = load_settings()

    assert in_development.app_name == "From the file"
    assert in_test.app_name == "PyHexaClean"


def test_a_problem_in_the_dot_env_file_names_the_file(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("HTTP_PORT=0\nJWT_TTL=soon\nLOG_FORMAT=xml\n")

    problems = problems_of(environment, {"LOG_FORMAT": "yaml"})

    assert sorted(problem.partition(": ")[0] for problem in problems) == [
        "HTTP_PORT in .env",
        "JWT_TTL in .env",
        "LOG_FORMAT",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"APP_NAME=Users\nHTTP_PORT\n", ".env: line 2 is not NAME=value"),
        (b"APP_NAME=Users\n\n'HTTP_PORT=1\n", ".env: line 3 is not NAME=value"),
        (b"APP_NAME=\xff\xfe\n", ".env: is not UTF-8"),
    ],
)
def test_a_dot_env_file_of_another_form_is_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / ".env").write_bytes(content)

    assert problems_of(environment, {}) == [problem]


def test_a_directory_in_place_of_the_dot_env_file_is_one_line(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").mkdir()

    [problem] = problems_of(environment, {})

    assert problem.startswith(".env: cannot be read")


def test_a_byte_order_mark_hides_no_setting(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - the directory is the fixture's
    (tmp_path / ".env").write_bytes("\ufeffAPP_NAME=Users\n".encode())

    assert load_settings().app_name == "Users"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HTTP_PROT", "HTTP_PORT"),
        ("http_prot", "HTTP_PORT"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("REDIS_URI", "REDIS_URL"),
        ("WORKERS_CONCURRENCY", "WORKER_CONCURRENCY"),
        ("JWT_SECRET_KEY", "JWT_SECRET"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("OUTBOX_RETENTION", "OUTBOX_RETENTION_DAYS"),
        ("WORKER_SHUTDOWN", "WORKER_SHUTDOWN_TIMEOUT"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_misspelt_name_is_noticed(
    environment: pytest.MonkeyPatch, tmp_path: Path, place: str, name: str, meant: str
) -> None:
    if place == "environment":
        environment.setenv(name, "1")
    else:
        (tmp_path / ".env").write_text(f"{name}=1\n")

    assert misspelt_settings()[name.upper()] == meant


@pytest.mark.parametrize(
    "name",
    [
        *(
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "HOST",
            "PORT",
            "PATH",
            "LANG",
            "TERM",
            "SHELL",
            "HOSTNAME",
        ),
        *("REDIS_PORT", "REDIS_HOST", "REDIS_SERVICE_HOST", "REDIS_PORT_6379_TCP_ADDR", "REDIS_PASSWORD"),
        *("DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "POSTGRES_PASSWORD"),
        *("MAIL_HOST", "MAIL_PORT", "WORKER_REPLICAS", "TEST_DATABASE_URL", "TEST_REDIS_URL", "LOG_FILE"),
        *("APP_HOME", "APP_VERSION", "RAILS_ENV", "NODE_ENV", "PASSWORD", "SECRET_KEY", "PGPASSWORD"),
    ],
)
def test_the_names_of_others_are_left_alone(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "1")

    assert name not in misspelt_settings()


def test_the_redis_url_wins_over_the_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REDIS_ADDR", "elsewhere:6379")
    environment.setenv("REDIS_URL", "rediss://redis:6380/2")

    settings = load_settings()

    assert settings.redis == "rediss://redis:6380/2"
    assert settings.named_services == {"REDIS_URL"}


def test_redis_is_found_through_sentinels(environment: pytest.MonkeyPatch) -> None:
    url = "redis+sentinel://app:hunter2@one:26379,two:26379/tasks/2?sentinel_password=hunter3"
    environment.setenv("REDIS_URL", url)

    settings = load_settings()

    assert settings.redis == url
    assert "hunter" not in repr(settings)


def test_a_queue_may_have_two_limits(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WORKER_QUEUE_LIMITS", "low:2,default:10/60,low:100/3600")

    assert load_settings().queue_limits == {
        "low": (2, Rate(100, timedelta(hours=1))),
        "default": (None, Rate(10, timedelta(minutes=1))),
    }


def test_an_empty_variable_is_one_that_is_not_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTP_PORT", "")

    assert load_settings().http_port == 8080


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    variable=st.sampled_from(sorted(Settings.model_fields)),
    value=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
)
def test_no_value_ends_in_another_error(environment: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with environment.context() as patched:
        patched.setenv(variable.upper(), value)
        try:
            load_settings()
        except InvalidSettings as error:
            assert all(":" in problem for problem in error.problems)  # noqa: PT017 - both outcomes are good


@pytest.mark.parametrize(
    ("given", "mails"),
    [({}, 5), ({"worker_concurrency": 1}, 1), ({"mail_concurrency": 7}, 7)],
    ids=["half of the slots", "at least one", "what is said"],
)
def test_how_many_mails_are_sent_at_once(given: dict[str, int], mails: int) -> None:
    assert Settings(**given).mails_at_once == mails  # type: ignore[arg-type]  # fields of several types
