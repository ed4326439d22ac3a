from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer

from internal.domain.errors import InvalidInput
from internal.infrastructure.cli.command_needs import Installation, Tools, UserTools

T = TypeVar("T")

# Options that have another name than the field of the use case.
_OPTIONS = {"q": "--search", "cursor": "--cursor", "actor": "--actor"}


def installation_of(context: typer.Context) -> Installation:
    """The `obj` that the application was started with."""
    installation: Installation = context.obj
    return installation


def run(context: typer.Context, work: Callable[[Tools], Awaitable[T]]) -> T:
    """Run `work` with open connections, then close them."""

    async def work_with_tools() -> T:
        async with installation_of(context).open() as tools:
            return await work(tools)

    return run_loop(work_with_tools())


def run_on_users(context: typer.Context, work: Callable[[UserTools], Awaitable[T]]) -> T:
    """Run `work` with the use cases on users. Invalid input is a usage error."""

    async def work_with_tools() -> T:
        async with installation_of(context).open_users() as tools:
            return await work(tools)

    try:
        return run_loop(work_with_tools())
    except InvalidInput as error:
        problems = [
            f"{_OPTIONS.get(name, name)} {problem}"
            for name, several in error.errors.items()
            for problem in several
        ]
        raise typer.BadParameter("; ".join(problems)) from error


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run an event loop until `work` is done."""
    import asyncio  # noqa: PLC0415 - `--help` runs nothing, and importing this takes a sixth of its time

    return asyncio.run(work)
