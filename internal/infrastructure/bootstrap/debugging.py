"""`--debug`: one process that owns the terminal, so that `breakpoint()` works."""

import asyncio
import os
import sys
from pdb import Pdb
from typing import Any

from granian.server.embed import Server

from internal.infrastructure.bootstrap.process_signals import STOP_SIGNALS


def let_breakpoints_be() -> None:
    """Make `breakpoint()` leave Ctrl-C alone, which pdb would handle itself. PYTHONBREAKPOINT wins."""
    if "PYTHONBREAKPOINT" not in os.environ:
        sys.breakpointhook = _break


def _break() -> None:
    Pdb(nosigint=True).set_trace(sys._getframe(1))  # noqa: SLF001 - what pdb.set_trace does


async def serve_here(**options: Any) -> None:
    """Serve until told to stop, on the loop of this process. `options` are Granian's."""
    server = Server(**options)
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.serve()
