import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from internal.infrastructure.cli.installation import Installation, Tools

T = TypeVar("T")


def installation_of(context: typer.Context) -> Installation:
    """What the application was started with: `app(obj=...)`."""
    installation: Installation = context.obj
    return installation


def run(context: typer.Context, work: Callable[[Tools], Awaitable[T]]) -> T:
    """Do something with open connections, and close them."""

    async def opened() -> T:
        async with installation_of(context).open() as tools:
            return await work(tools)

    return asyncio.run(opened())
