"""The processes: `python -m cmd.server`, `cmd.dashboard`, `cmd.worker`, `cmd.dev`, `cmd.admin`.

The layout fixes this package's name, which shadows the standard library's `cmd`. Code that imports that
module, such as pdb (and through it pytest and Litestar), finds this package instead. So this package
re-exports the names of the standard library's module.
"""

import os
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

_spec = PathFinder.find_spec("cmd", [str(Path(os.__file__).parent)])
if _spec is None or _spec.loader is None:
    raise ImportError("the standard library's cmd module was not found")
_standard_library_cmd = module_from_spec(_spec)
_spec.loader.exec_module(_standard_library_cmd)

Cmd = _standard_library_cmd.Cmd
IDENTCHARS = _standard_library_cmd.IDENTCHARS
PROMPT = _standard_library_cmd.PROMPT

__all__ = ["IDENTCHARS", "PROMPT", "Cmd"]
