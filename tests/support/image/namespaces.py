"""Runs commands with a directory as their root, in namespaces of their own: what an engine would do."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT_USER = "0:0"

_ENTER = Path(__file__).with_name("enter.sh")
_NO_PRIVILEGES = [  # cap_drop: [ALL] and no-new-privileges
    "setpriv",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--no-new-privs",
    "--pdeathsig=TERM",  # the change of user cleared it
]


def command_in(
    root: Path,
    command: Sequence[str],
    *,
    user: str,
    workdir: str,
    hostname: str,
    read_only: bool,
    scratch: Path | None = None,
) -> list[str | Path]:
    """The command line that runs `command` in `root` as `user`, which is a numeric uid:gid.

    `scratch` is its /tmp; without one it has an empty one of its own.

    Where we are root, the user really is that one; where not, in a user namespace only.
    """
    privileged = os.geteuid() == 0
    return [
        "unshare",
        "--mount",
        "--uts",
        "--propagation=private",
        *([] if privileged else ["--user", "--map-root-user"]),
        "/bin/sh",
        _ENTER,
        root,
        # The interpreter of the tests, and not the first `python3`: that one may be a shim.
        sys.base_prefix,
        hostname,
        "ro" if read_only else "rw",
        scratch or "",
        workdir,
        *([] if user == ROOT_USER else _become(user, privileged=privileged)),
        *command,
    ]


def _become(user: str, *, privileged: bool) -> list[str]:
    uid, _, gid = user.partition(":")
    if privileged:
        return [*_NO_PRIVILEGES, f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", *_NO_PRIVILEGES]
