"""docs/configuration.md: its tables have every setting, with the default and the range of the program."""

import re
from typing import Any

from internal.infrastructure.config.production_rules import production_problems
from internal.infrastructure.config.settings import Settings
from tests.support.access_tokens import GUESSED_KEY
from tests.support.documented_examples import CONFIGURATION, ROOT

TEXT = CONFIGURATION.read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) ?\| .+ \|$", re.MULTILINE)
FIELDS = {name.upper(): field for name, field in Settings.model_fields.items()}
ROWS = {name: (default.strip("`"), bounds) for name, default, bounds in ROW.findall(TEXT)}
# Defaults that the program computes or hides; the page describes them in words.
DESCRIBED = {
    "API_DOCUMENT": "true`, except in production",
    "CORS_ALLOWED_ORIGINS": "none",
    "DASHBOARD": "true",
    "DASHBOARD_READ_ONLY": "false",
    "GRPC_REFLECTION": "true`, except in production",
    "GRPC_TLS_CERT": "none",
    "GRPC_TLS_CLIENT_CA": "none",
    "GRPC_TLS_KEY": "none",
    "JWT_PREVIOUS_PRIVATE_KEY": "none",
    "JWT_PREVIOUS_SECRET": "none",
    "JWT_PRIVATE_KEY": "none",
    "JWT_SECRET": "a public one",
    "LOG_TASKS": "false",
    "MAIL_CONCURRENCY": "half of `WORKER_CONCURRENCY",
    "MAIL_URL": "the folder `var/mail",
    "PASSWORD_BREACH_CHECK_URL": "none",
    "PASSWORD_HASH_THREADS": "one for each core, as far as half of the memory allows",
    "REDIS_URL": "none",
    "RUNTIME_DIRECTORY": "pyhexaclean-UID` in the temporary directory",
    "TASK_PAYLOAD_KEYS": "none",
    "WORKER_QUEUE_LIMITS": "none",
    "WORKER_STRICT_PRIORITY": "false",
}


def bounds_of(schema: dict[str, Any]) -> str:
    """Return the bounds of a number or a text in the words of the page."""
    kinds = [schema, *schema.get("anyOf", [])]
    for kind in kinds:
        if "minimum" in kind:
            return f"{kind['minimum']:g} to {kind['maximum']:.0f}"
        if "maxLength" in kind:
            return f"at most {kind['maxLength']} characters"
    return ""


def test_every_setting_has_one_row() -> None:
    names = [name for name, _, _ in ROW.findall(TEXT)]

    assert sorted(names) == sorted(FIELDS)


def test_the_defaults_are_those_of_the_program() -> None:
    defaults = {name: str(field.default) for name, field in FIELDS.items()} | DESCRIBED

    assert {name: default for name, (default, _) in ROWS.items()} == defaults


def test_the_ranges_are_those_of_the_program() -> None:
    schemas = Settings.model_json_schema()["properties"]

    ranges = {name: bounds for name, (_, bounds) in ROWS.items()}

    assert ranges == {name.upper(): bounds_of(schema) for name, schema in schemas.items()}


def test_the_table_of_production_names_every_rule() -> None:
    _, _, section = TEXT.partition("## Production\n")
    insecure = Settings.model_construct(
        cors_allowed_origins="*",
        jwt_previous_secret="weak",
        jwt_private_key=GUESSED_KEY,
        jwt_previous_private_key=GUESSED_KEY,
        password_breach_check_url="http://breaches.example.com",
        password_hash_memory=8,
        password_hash_time=1,
        rate_limit_login_failures="101/day",
    )

    rules = production_problems(insecure.model_dump(), named=())

    first_cells = " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"[A-Z_]{2,}", first_cells)) == {name.upper() for name in rules} | {"REDIS_ADDR"}


def test_the_services_that_it_starts_are_those_of_the_compose_file() -> None:
    [services] = re.findall(r"docker compose up -d ([\w ]+)`", TEXT)

    compose = (ROOT / "docker-compose.yml").read_text()
    assert all(re.search(rf"^  {name}:", compose, re.MULTILINE) for name in services.split())
