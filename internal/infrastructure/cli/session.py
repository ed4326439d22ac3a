import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from internal.infrastructure.cli.installation import Installation, Tools

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

    return asyncio.run(work_with_tools())
