from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer

from internal.infrastructure.cli.command_needs import Installation, Tools

T = TypeVar("T")


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


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run an event loop until `work` is done."""
    import asyncio  # noqa: PLC0415 - `--help` runs nothing, and importing this takes a sixth of its time

    return asyncio.run(work)
