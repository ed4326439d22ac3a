"""Postgres refuses to run as root. For a root user, find another account without creating one."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_NOBODY = 65534
# Open to every account, and not cleared when the machine restarts.
_SHARED = Path("/var/tmp")  # noqa: S108 - directories in it get random names


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The paths of a program and its data, and what the process does before it starts the program.

    `owner` is the user and group id that must own the data.
    """

    programs: Path
    data: Path
    become: Callable[[], None] | None
    owner: int | None

    @classmethod
    def choose(cls, *, programs: Path, data: Path) -> Self:
        """The user's own account. For root: a user namespace, or `nobody` if namespaces do not work."""
        if os.geteuid() != 0:
            return cls(programs=programs, data=data, become=None, owner=None)
        if _user_namespace_reaches(programs, data):
            return cls(programs=programs, data=data, become=_enter_user_namespace, owner=None)
        return cls.nobody(programs=programs, data=data)

    @classmethod
    def nobody(cls, *, programs: Path, data: Path) -> Self:
        """Put everything outside the home directory, which `nobody` cannot enter if its mode is 0700."""
        link = data / "elsewhere"
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(_new_shared_directory(programs))
        home = link.readlink()
        return cls(programs=home / programs.name, data=home / "data", become=_become_nobody, owner=_NOBODY)


def _new_shared_directory(programs: Path) -> Path:
    home = Path(tempfile.mkdtemp(prefix="pyhexaclean-", dir=_SHARED))
    home.chmod(0o755)
    for source in programs.parent.glob(f"{programs.name}*"):  # the package and its libraries next to it
        shutil.copytree(source, home / source.name, symlinks=True)
    owned = home / "data"
    owned.mkdir(mode=0o700)
    os.chown(owned, _NOBODY, _NOBODY)
    return home


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _enter_user_namespace() -> None:
    """Appear as `nobody` to the program, but stay root to the file system: root's files remain accessible."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not available")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")


def _user_namespace_reaches(programs: Path, data: Path) -> bool:
    """Whether namespaces exist, and the files are accessible there: root has no extra rights inside one."""
    child = os.fork()
    if child == 0:
        try:
            _enter_user_namespace()
            reached = os.access(programs, os.R_OK | os.X_OK) and os.access(data, os.R_OK | os.W_OK | os.X_OK)
        except OSError:
            reached = False
        os._exit(0 if reached else 1)
    _, status = os.waitpid(child, 0)
    return status == 0
