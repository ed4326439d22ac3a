import re
from typing import Any

import pytest

from internal.infrastructure.config.production_rules import DEVELOPMENT_DATABASE_PASSWORD, DEVELOPMENT_SECRET
from internal.infrastructure.config.settings import (
    COMPOSE_DATABASE_URL,
    COMPOSE_REDIS_ADDR,
    Settings,
)
from tests.support.image.compose import PRODUCTION, services

APP = ["migrate", "server", "grpc", "worker"]
BACKING = ["mailpit", "postgres", "redis"]
# The image sets the addresses to listen on, so they are not settings of the operator.
OF_THE_IMAGE = {"HTTP_HOST", "HTTP_PORT", "PRIVATE_HOST", "PRIVATE_PORT", "RUNTIME_DIRECTORY"}
OF_THE_IMAGE |= {"DASHBOARD_HOST", "DASHBOARD_PORT", "GRPC_HOST", "GRPC_PORT"}


@pytest.fixture(scope="module")
def production() -> dict[str, Any]:
    return services(PRODUCTION, JWT_SECRET="s3cret", POSTGRES_PASSWORD="p4ss")


@pytest.fixture(params=[*APP, *BACKING])
def service(request: pytest.FixtureRequest, compose_services: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose_services[request.param]
    return found


@pytest.fixture(params=APP)
def app_service(request: pytest.FixtureRequest, compose_services: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose_services[request.param]
    return found


def test_these_are_the_services(compose_services: dict[str, Any]) -> None:
    assert sorted(compose_services) == sorted([*APP, *BACKING])


def test_every_service_has_limits(service: dict[str, Any]) -> None:
    assert int(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0
    assert service["stop_grace_period"] == "30s"
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_image_has_a_version_or_is_built_here(service: dict[str, Any]) -> None:
    assert service["image"] == "pyhexaclean" or re.search(r":v?\d", service["image"])


def test_ports_are_published_to_this_machine_alone(compose_services: dict[str, Any]) -> None:
    published = {
        name: [(port["host_ip"], port["published"]) for port in service.get("ports", [])]
        for name, service in compose_services.items()
    }

    assert published == {
        "server": [("127.0.0.1", "8080")],
        "grpc": [("127.0.0.1", "50051")],
        "postgres": [("127.0.0.1", "5432")],
        "redis": [("127.0.0.1", "6379")],
        "mailpit": [("127.0.0.1", "8025")],
        "migrate": [],
        "worker": [],
    }


def test_long_running_services_are_restarted_and_their_health_is_checked(
    compose_services: dict[str, Any],
) -> None:
    lasting = [service for name, service in compose_services.items() if name != "migrate"]

    assert {service["restart"] for service in lasting} == {"unless-stopped"}
    assert all(service["healthcheck"]["test"] for service in lasting)
    assert compose_services["migrate"]["restart"] == "no"
    assert compose_services["migrate"]["healthcheck"] == {"disable": True}


def test_nothing_starts_before_what_it_needs(compose_services: dict[str, Any]) -> None:
    needs = {
        name: {needed: how["condition"] for needed, how in compose_services[name]["depends_on"].items()}
        for name in APP
    }

    migrated = {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }
    assert needs == {
        "migrate": {"postgres": "service_healthy"},
        "server": migrated,
        "grpc": migrated,
        "worker": {**migrated, "mailpit": "service_healthy"},
    }


def test_the_program_has_no_privileges_and_writes_to_tmp_alone(app_service: dict[str, Any]) -> None:
    assert app_service["read_only"] is True
    assert app_service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    assert app_service["cap_drop"] == ["ALL"]
    assert "user" not in app_service  # the image's
    assert "volumes" not in app_service


def test_every_part_of_the_program_has_the_same_environment(compose_services: dict[str, Any]) -> None:
    server, *others = (compose_services[name]["environment"] for name in APP)

    assert others == [server] * len(others)


def test_workers_can_be_scaled(compose_services: dict[str, Any]) -> None:
    assert "container_name" not in compose_services["worker"]
    assert "hostname" not in compose_services["worker"]


def test_one_service_alone_builds_the_image(compose_services: dict[str, Any]) -> None:
    assert [name for name, service in compose_services.items() if "build" in service] == ["migrate"]


def test_redis_loses_no_task(compose_services: dict[str, Any]) -> None:
    _, *directives = compose_services["redis"]["command"]

    settings = dict(zip(directives[::2], directives[1::2], strict=True))
    assert settings["--appendonly"] == "yes"
    assert settings["--maxmemory-policy"] == "noeviction"


def test_the_defaults_are_those_that_production_refuses(compose_services: dict[str, Any]) -> None:
    environment = compose_services["server"]["environment"]

    assert environment["JWT_SECRET"] == DEVELOPMENT_SECRET
    assert f":{DEVELOPMENT_DATABASE_PASSWORD}@" in environment["DATABASE_URL"]


def test_a_program_outside_finds_postgres_and_redis_by_its_defaults(compose_services: dict[str, Any]) -> None:
    environment = compose_services["server"]["environment"]

    assert environment["DATABASE_URL"].replace("@postgres:", "@localhost:") == COMPOSE_DATABASE_URL
    assert environment["REDIS_ADDR"].replace("redis:", "localhost:") == COMPOSE_REDIS_ADDR


def test_secrets_come_from_the_environment() -> None:
    configured = services(POSTGRES_PASSWORD="p4ss", JWT_SECRET="s3cret", MAIL_URL="smtps://mail.example.com")

    environment = configured["server"]["environment"]
    assert environment["DATABASE_URL"] == "postgresql://pyhexaclean:p4ss@postgres:5432/pyhexaclean"
    assert environment["JWT_SECRET"] == "s3cret"
    assert environment["MAIL_URL"] == "smtps://mail.example.com"
    assert configured["postgres"]["environment"]["POSTGRES_PASSWORD"] == "p4ss"


def test_variables_about_workers_are_passed_on() -> None:
    configured = services(WORKER_PROCESSES="4", WORKER_QUEUES="critical:1", UNKNOWN_TASK_GRACE="60")

    for name in ("server", "worker"):  # a server publishes to the queues that workers serve
        environment = configured[name]["environment"]
        assert environment["WORKER_PROCESSES"] == "4"
        assert environment["WORKER_QUEUES"] == "critical:1"
        assert environment["UNKNOWN_TASK_GRACE"] == "60"
        assert environment["WORKER_CONCURRENCY"] == ""  # counts as not set


def test_production_has_no_mail_catcher_and_publishes_only_the_apis(production: dict[str, Any]) -> None:
    assert sorted(production) == ["grpc", "migrate", "postgres", "redis", "server", "worker"]
    assert sorted(name for name, service in production.items() if service.get("ports")) == ["grpc", "server"]
    assert "mailpit" not in production["worker"]["depends_on"]


def test_production_has_no_password_that_nobody_has_set() -> None:
    unset = services(PRODUCTION)

    environment = unset["server"]["environment"]
    assert environment["APP_ENV"] == "production"
    assert environment["DATABASE_URL"] == "postgresql://pyhexaclean:@postgres:5432/pyhexaclean"
    assert unset["postgres"]["environment"]["POSTGRES_PASSWORD"] == ""
    assert {environment[name] for name in ("JWT_SECRET", "MAIL_URL", "APP_BASE_URL")} == {""}


def test_every_setting_is_passed_on() -> None:
    names = {name.upper() for name in Settings.model_fields} - OF_THE_IMAGE

    passed = services(PRODUCTION, **dict.fromkeys(names, "given"))["worker"]["environment"]

    assert passed == dict.fromkeys(names, "given")


def test_ports_and_their_address_are_variables() -> None:
    configured = services(
        HTTP_PUBLISH_ADDRESS="0.0.0.0",  # noqa: S104 - what somebody may choose
        HTTP_PORT="8081",
        GRPC_PUBLISH_ADDRESS="0.0.0.0",  # noqa: S104 - as above
        GRPC_PORT="50052",
        POSTGRES_PORT="5433",
        REDIS_PORT="6380",
        MAILPIT_PORT="8026",
    )

    published = {
        name: (service["ports"][0]["host_ip"], service["ports"][0]["published"])
        for name, service in configured.items()
        if service.get("ports")
    }
    assert published == {
        "server": ("0.0.0.0", "8081"),  # noqa: S104 - as above
        "grpc": ("0.0.0.0", "50052"),  # noqa: S104 - as above
        "postgres": ("127.0.0.1", "5433"),
        "redis": ("127.0.0.1", "6380"),
        "mailpit": ("127.0.0.1", "8026"),
    }


def test_no_argument_of_a_health_check_has_a_space(service: dict[str, Any]) -> None:
    arguments = service["healthcheck"].get("test", [])

    assert [argument for argument in arguments if re.search(r"\s", argument)] == []


def test_logs_are_rotated(service: dict[str, Any]) -> None:
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}


@pytest.mark.parametrize(("variables", "replicas"), [({}, 1), ({"WORKER_REPLICAS": "4"}, 4)])
def test_the_number_of_workers_is_a_variable(variables: dict[str, str], replicas: int) -> None:
    assert services(PRODUCTION, **variables)["worker"]["deploy"]["replicas"] == replicas


def test_the_dashboard_alone_is_a_service_that_an_operator_asks_for() -> None:
    found = services(COMPOSE_PROFILES="dashboard")
    dashboard, server = found["dashboard"], found["server"]

    assert [(port["host_ip"], port["published"]) for port in dashboard["ports"]] == [("127.0.0.1", "8081")]
    assert dashboard["command"] == ["python", "-m", "cmd.dashboard"]
    assert dashboard["healthcheck"]["test"][-2:] == ["server", "ping"]
    assert dashboard["environment"] == server["environment"]
    assert dashboard["read_only"] is True
