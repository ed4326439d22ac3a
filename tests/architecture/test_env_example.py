"""`.env.example` documents the settings as they are: every variable, and every default."""

import re
from pathlib import Path

from internal.infrastructure.config.production_rules import DEVELOPMENT_SECRET
from internal.infrastructure.config.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"^(?P<comment>#?)(?P<name>[A-Z_]+)=(?P<value>.*)$", re.MULTILINE)


def test_names_every_variable_once() -> None:
    names = [match["name"].lower() for match in LINE.finditer(EXAMPLE.read_text())]

    assert sorted(names) == sorted(Settings.model_fields)


def test_gives_the_defaults() -> None:
    given = {
        match["name"].lower(): match["value"]
        for match in LINE.finditer(EXAMPLE.read_text())
        if match["value"]
    }
    defaults = {name: str(Settings.model_fields[name].default) for name in given}
    for name in ("dashboard", "dashboard_read_only", "log_tasks", "worker_strict_priority"):
        defaults[name] = defaults[name].lower()

    assert given == defaults
    assert given["jwt_secret"] == DEVELOPMENT_SECRET


def test_leaves_the_services_to_be_found_where_it_is_copied_unchanged() -> None:
    active = {match["name"].lower() for match in LINE.finditer(EXAMPLE.read_text()) if not match["comment"]}

    assert not active & {"database_url", "redis_addr", "redis_url", "mail_url", "password_hash_threads"}
