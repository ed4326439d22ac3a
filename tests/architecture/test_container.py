"""Constructors do no I/O, so all objects can be built here; a use case without a provider fails here."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.use_cases import use_cases_by_name
from internal.infrastructure.config.settings import Settings

APPLICATION = Path(__file__).parents[2] / "internal" / "application"

use_case_names = sorted(
    file.stem
    for file in APPLICATION.glob("*/*.py")
    if file.name != "__init__.py" and file.parent.name != "tasks"
)


@pytest.fixture
def container() -> Container:
    return Container(settings=Settings())


def own_providers(container: Any) -> Iterator[tuple[str, providers.Provider[Any]]]:
    for name, provider in container.providers.items():
        if not isinstance(provider, providers.Dependency | providers.DependenciesContainer):
            yield name, provider


def areas(container: Container) -> Iterator[Any]:
    return (area() for _, area in own_providers(container) if isinstance(area, providers.Container))


def test_every_provider_builds_its_object(container: Container) -> None:
    """A misspelled dependency of another area fails only when the object is built."""
    built = [provider() for area in areas(container) for _, provider in own_providers(area)]

    assert len(built) > len(use_case_names)


@pytest.mark.parametrize("name", use_case_names)
def test_every_use_case_is_provided_under_the_name_of_its_file(container: Container, name: str) -> None:
    use_case = use_cases_by_name(container)[name]()

    assert type(use_case).__module__.rpartition(".")[2] == name


def test_no_two_areas_provide_a_use_case_of_the_same_name(container: Container) -> None:
    counts = Counter(name for area in container.use_cases() for name, _ in own_providers(area))

    assert {name for name, count in counts.items() if count > 1} == set()
