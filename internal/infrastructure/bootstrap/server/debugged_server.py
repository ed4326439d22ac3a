"""`cmd.server --debug`: serve in the process that owns the terminal."""

import asyncio
from typing import Any

from granian.server.embed import Server

from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS


async def serve_here(**options: Any) -> None:
    """Serve until told to stop, on the loop of this process. `options` are Granian's."""
    server = Server(**options)
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.serve()
