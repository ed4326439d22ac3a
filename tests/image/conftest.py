"""These tests install the packages of the image again, so they run only with `-m image`."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.image.backing import BackingServices, embedded_services
from tests.support.image.build_context import export_context
from tests.support.image.compose import ROOT, services
from tests.support.image.container import Container
from tests.support.image.dockerfile import parse
from tests.support.image.namespaces import ROOT_USER, command_in
from tests.support.image.replay import BASE_ENVIRONMENT, Replay, Stage

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.image)
        item.add_marker(pytest.mark.timeout(600))  # the first one builds
    if not config.option.markexpr:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    _require_namespaces(tmp_path_factory.mktemp("empty"))
    context, stages = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("stages")
    export_context(ROOT, context)
    _close_to_others(context)
    yield Replay(context=context, directory=stages).run(parse((ROOT / "Dockerfile").read_text()))
    shutil.rmtree(stages)  # pytest would keep those of the last three runs


@pytest.fixture(scope="session")
def compose_services() -> dict[str, Any]:
    return services()


@pytest.fixture(scope="session")
def backing(
    tmp_path_factory: pytest.TempPathFactory, compose_services: dict[str, Any]
) -> Iterator[BackingServices]:
    with embedded_services(tmp_path_factory.mktemp("backing"), services=compose_services) as backing:
        yield backing


@pytest.fixture(scope="session")
def container(
    image: Stage,
    backing: BackingServices,
    compose_services: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Container]:
    """Make a container of a service, by the service's name and the container's."""

    def container_of(service: str, *, hostname: str | None = None) -> Container:
        environment = backing.reached_from(compose_services[service]["environment"])
        scratch = tmp_path_factory.mktemp("scratch")
        scratch.chmod(0o1777)
        return Container(image=image, environment=environment, hostname=hostname or service, scratch=scratch)

    return container_of


def _close_to_others(directory: Path) -> None:
    """A checkout may look like this (umask 077), and its image must still work."""
    for path in directory.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _require_namespaces(empty: Path) -> None:
    """Skip for an ordinary user on a machine that grants them none; root has them, and so must a CI."""
    probe = subprocess.run(
        command_in(
            empty,
            ["python", "-m", "pip", "--version"],
            user=ROOT_USER,
            workdir="/",
            hostname="probe",
            read_only=True,
        ),
        env=BASE_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode != 0:
        give_up = pytest.fail if os.geteuid() == 0 or os.environ.get("CI") else pytest.skip
        give_up(f"needs Linux namespaces and a Python with pip: {probe.stderr.strip()}")
