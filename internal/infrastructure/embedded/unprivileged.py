"""Postgres refuses to run as root, so a root user needs another account for it, without setting one up."""

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
# Open to every account, and kept over a restart of the machine.
_SHARED = Path("/var/tmp")  # noqa: S108 - what is made in it has a random name


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a program and its data are, and what its process does before it starts.

    `owner` is the user and group id that the data has to belong to.
    """

    programs: Path
    data: Path
    become: Callable[[], None] | None
    owner: int | None

    @classmethod
    def choose(cls, *, programs: Path, data: Path) -> Self:
        """An ordinary user's own account; for root a user namespace, or `nobody` where none would do."""
        if os.geteuid() != 0:
            return cls(programs=programs, data=data, become=None, owner=None)
        if _user_namespace_reaches(programs, data):
            return cls(programs=programs, data=data, become=_enter_user_namespace, owner=None)
        return cls.nobody(programs=programs, data=data)

    @classmethod
    def nobody(cls, *, programs: Path, data: Path) -> Self:
        """The account `nobody` cannot enter a home directory of mode 0700, so everything is put elsewhere."""
        link = data / "elsewhere"
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(_new_shared_directory(programs))
        home = link.readlink()
        return cls(programs=home / programs.name, data=home / "data", become=_become_nobody, owner=_NOBODY)


def _new_shared_directory(programs: Path) -> Path:
    home = Path(tempfile.mkdtemp(prefix="pyhexaclean-", dir=_SHARED))
    home.chmod(0o755)
    for source in programs.parent.glob(f"{programs.name}*"):  # the package, and its libraries beside it
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
    """Be `nobody` to the program, and root to the file system: root's files stay readable and root's own."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not available")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")


def _user_namespace_reaches(programs: Path, data: Path) -> bool:
    """There may be none; and in one root has no more rights than others, so another's home may be closed."""
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
