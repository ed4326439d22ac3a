"""`--debug`: one process that owns the terminal, so that `breakpoint()` works."""

import os
import sys
from pdb import Pdb


def let_breakpoints_be() -> None:
    """Make `breakpoint()` leave Ctrl-C alone, which pdb would handle itself. PYTHONBREAKPOINT wins."""
    if "PYTHONBREAKPOINT" not in os.environ:
        sys.breakpointhook = _break


def _break() -> None:
    Pdb(nosigint=True).set_trace(sys._getframe(1))  # noqa: SLF001 - what pdb.set_trace does
