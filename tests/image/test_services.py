"""The compose file's migrate, server and worker, run from the replayed image."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from internal.infrastructure.embedded.process import stop
from tests.support.image.backing import BackingServices
from tests.support.image.compose import PRODUCTION, health_command, services
from tests.support.image.container import Container
from tests.support.image.namespaces import ROOT_USER
from tests.support.image.replay import Stage

UP_WITHIN = 60  # seconds

ContainerOf = Callable[..., Container]


@contextmanager
def running(container: Container, service: dict[str, Any], log: Path) -> Iterator[Container]:
    """The container once its health check passes; at the end it has to stop in order."""
    process = container.start(service["command"] or container.image.command, log=log)
    try:
        container.wait_until_passes(health_command(service), within=UP_WITHIN)
        yield container
    finally:
        code = stop(process)
    assert code == 0, log.read_text()


@pytest.fixture(scope="module")
def migrated(container: ContainerOf, compose_services: dict[str, Any]) -> None:
    migration = container("migrate").run(compose_services["migrate"]["command"], within=UP_WITHIN)

    assert migration.returncode == 0, migration.stderr


@pytest.fixture(scope="module")
def server(
    migrated: None,  # noqa: ARG001 - as depends_on has it
    container: ContainerOf,
    compose_services: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Container]:
    log = tmp_path_factory.mktemp("server") / "log"
    with running(container("server"), compose_services["server"], log) as server:
        yield server


@pytest.fixture(scope="module")
def worker(
    migrated: None,  # noqa: ARG001 - as depends_on has it
    container: ContainerOf,
    compose_services: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Container]:
    log = tmp_path_factory.mktemp("worker") / "log"
    with running(container("worker"), compose_services["worker"], log) as worker:
        yield worker


@pytest.mark.usefixtures("migrated")
def test_migrating_again_changes_nothing(container: ContainerOf, compose_services: dict[str, Any]) -> None:
    again = container("migrate").run(compose_services["migrate"]["command"], within=UP_WITHIN)

    assert again.returncode == 0, again.stderr


@pytest.mark.usefixtures("server", "worker")
def test_who_signs_up_is_sent_a_welcome_mail(backing: BackingServices) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{backing.http_port}/api/v1/auth/register",
        json={"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"},
        trust_env=False,
    )

    assert answer.status_code == HTTPStatus.CREATED, answer.text
    mail = backing.mail.next(within=UP_WITHIN)
    assert mail["To"] == "ada@example.com"
    assert mail["X-Mail-Kind"] == "welcome"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_image_s_own_health_check_passes(server: Container) -> None:
    check = server.run(server.image.healthcheck, within=5)

    assert check.returncode == 0, check.stderr


def test_the_image_s_own_health_check_fails_where_no_server_runs(server: Container) -> None:
    elsewhere = Container(
        image=server.image, environment={**server.environment, "PRIVATE_PORT": "1"}, hostname="server"
    )

    assert elsewhere.run(server.image.healthcheck, within=5).returncode != 0


def test_a_worker_s_health_check_speaks_for_its_own_container(
    worker: Container, container: ContainerOf, compose_services: dict[str, Any], tmp_path: Path
) -> None:
    service = compose_services["worker"]
    second = container("worker", hostname="worker-2")
    with running(second, service, tmp_path / "log"):
        assert worker.run(health_command(service), within=10).returncode == 0

    stopped = second.run(health_command(service), within=10)

    assert stopped.returncode == 1
    assert stopped.stderr == "cmd.admin: no worker runs on this machine\n"
    assert worker.run(health_command(service), within=10).returncode == 0


@pytest.mark.parametrize("user", [None, ROOT_USER])
def test_the_root_is_read_only_even_for_its_owner(server: Container, user: str | None) -> None:
    attempts = [server.run(["touch", file], within=5, user=user) for file in ("/app/x", "/opt/venv/x", "/x")]

    assert all("Read-only file system" in attempt.stderr for attempt in attempts)


def test_the_program_is_an_ordinary_user_without_privileges(server: Container) -> None:
    identity = server.run(["id", "-u"], within=5)
    status = server.run(["grep", "-E", "^(CapEff|NoNewPrivs)", "/proc/self/status"], within=5)
    scratch = server.run(["touch", "/tmp/x"], within=5)  # noqa: S108 - the container's own

    assert identity.stdout == "65532\n"
    assert status.stdout.split() == ["CapEff:", "0" * 16, "NoNewPrivs:", "1"]
    assert scratch.returncode == 0, scratch.stderr


def test_production_refuses_the_development_defaults(image: Stage) -> None:
    environment = services(APP_ENV="production")["server"]["environment"]
    production = Container(image=image, environment=environment, hostname="server")

    refused = production.run(image.command, within=30)

    assert refused.returncode == 2, refused.stderr
    refusals = [line.removeprefix("cmd.server: ").split(":")[0] for line in refused.stderr.splitlines()]
    assert sorted(refusals) == ["APP_BASE_URL", "DATABASE_URL", "JWT_SECRET", "MAIL_URL", "TRUSTED_PROXIES"]


def test_production_names_every_variable_that_is_missing(image: Stage) -> None:
    environment = services(PRODUCTION)["server"]["environment"]
    production = Container(image=image, environment=environment, hostname="server")

    refused = production.run(image.command, within=30)

    refusals = [line.removeprefix("cmd.server: ").split(":")[0] for line in refused.stderr.splitlines()]
    assert sorted(refusals) == ["APP_BASE_URL", "DATABASE_URL", "JWT_SECRET", "MAIL_URL", "TRUSTED_PROXIES"]


def test_the_standard_library_has_bytecode(image: Stage) -> None:
    """Of all modules that a health check imports."""
    uncompiled = (
        "import os, sys; import cmd.admin;"
        "files = [getattr(module, '__cached__', None) for module in list(sys.modules.values())];"
        "print([file for file in files if file and not os.path.exists(file)])"
    )
    container = Container(image=image, environment={}, hostname="server")

    listed = container.run(["python", "-c", uncompiled], within=30)

    assert listed.stdout == "[]\n", listed.stderr


def test_production_accepts_secrets_and_addresses_of_its_own(image: Stage) -> None:
    configured = services(
        PRODUCTION,
        APP_BASE_URL="https://users.example.com",
        JWT_SECRET="7f3c1e9a5b2d8046e1c7a9f03b5d2864",
        MAIL_URL="smtps://mail.example.com",
        POSTGRES_PASSWORD="p4ssw0rd",
        TRUSTED_PROXIES="none",
    )
    production = Container(image=image, environment=configured["server"]["environment"], hostname="server")

    loaded = production.run(
        [
            "python",
            "-c",
            "from internal.infrastructure.config.settings import load_settings; load_settings()",
        ],
        within=30,
    )

    assert loaded.returncode == 0, loaded.stderr
