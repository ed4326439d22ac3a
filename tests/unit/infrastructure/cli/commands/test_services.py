from dataclasses import replace

from internal.infrastructure.cli.command_needs import RedisRefusals
from internal.infrastructure.database.postgres_info import PostgresInfo
from internal.ports.unavailable import Unavailable
from tests.support.operator_terminal import POSTGRES, REDIS, FakeInstallation, Operator


class WithoutPostgres(FakeInstallation):
    async def _postgres_info(self) -> PostgresInfo:
        raise Unavailable("Postgres cannot be reached")


def test_shows_both_services(operator: Operator) -> None:
    lines = operator.does("services").stdout.splitlines()

    assert lines[0] == "Healthy: no problems."
    assert "redis             valkey 9.1.0, primary" in lines
    assert "memory            3.0 MiB, no limit" in lines
    assert "append-only file  on" in lines
    assert "snapshots         off" in lines
    assert "schema       0012, current" in lines
    assert "connections  9 of 100" in lines
    assert "replicas     1, at most 2s behind" in lines


def test_shows_first_what_to_fix(operator: Operator) -> None:
    operator.installation.redis = replace(REDIS, is_append_only=False, eviction="allkeys-lru")
    operator.installation.postgres = replace(POSTGRES, is_schema_current=False)
    operator.installation.refusals = RedisRefusals(of_tasks="it is full")

    lines = operator.does("services").stdout.splitlines()

    assert lines[:4] == [
        "Redis refuses new tasks: it is full.",
        "A full Redis deletes tasks: set maxmemory-policy to noeviction, not allkeys-lru.",
        "A restart of Redis loses every task: set appendonly to yes.",
        "The schema of Postgres is old. Run ./admin db migrate.",
    ]


def test_shows_them_to_a_script(operator: Operator) -> None:
    read = operator.reads("services")

    assert read["problems"] == []
    assert read["redis"]["used_memory_bytes"] == 3 * 1024 * 1024
    assert (read["redis"]["why_no_writes"], read["redis"]["is_append_only"]) == (None, True)
    assert (read["postgres"]["schema"], read["postgres"]["lag_seconds"]) == ("0012", 2.0)


def test_a_service_that_is_away_is_a_problem_and_not_an_error() -> None:
    operator = Operator(WithoutPostgres())

    shown, read = operator.does("services"), operator.reads("services")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0] == "Postgres does not answer. Nobody can log in or sign up."
    assert "postgres  Postgres cannot be reached" in shown.stdout
    assert read["postgres"] == {"why_away": "Postgres cannot be reached"}
