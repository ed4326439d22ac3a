from collections.abc import Mapping
from typing import Any

from dependency_injector import providers

from internal.infrastructure.bootstrap.container import Container


def use_cases_by_name(container: Container) -> Mapping[str, providers.Factory[Any]]:
    """Every use case, under the name of its provider and of the controllers' parameters."""
    return {
        name: provider
        for area in container.use_cases()
        for name, provider in area.providers.items()
        if isinstance(provider, providers.Factory)
    }
