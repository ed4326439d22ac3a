"""Our package `cmd` hides a module of the standard library, and the users of that module must not notice."""

import os
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest

import cmd
from internal.infrastructure.embedded.process import free_port, spawn, stop

ROOT = Path(__file__).parents[2]
READY_WITHIN = 30  # seconds


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )


def test_is_our_package_with_the_standard_librarys_class() -> None:
    assert Path(str(cmd.__file__)) == ROOT / "cmd" / "__init__.py"
    assert cmd.Cmd.cmdloop.__code__.co_filename == str(Path(sysconfig.get_path("stdlib")) / "cmd.py")


def test_has_every_public_name_of_the_standard_library() -> None:
    public = "(name for name, value in vars(cmd).items() if name[0] != '_' and type(value) is not type(cmd))"
    names = run("-I", "-c", f"import cmd; print(*{public})").stdout.split()

    assert names
    assert all(hasattr(cmd, name) for name in names)


@pytest.mark.parametrize(
    ("arguments", "text", "output"),
    [
        (["-c", "import pdb; print(pdb.Pdb.__mro__)"], "", "cmd.Cmd"),
        (["-c", "answer = 6 * 7; breakpoint()"], "p answer\nc\n", "42"),
        (["-m", "pdb", "-c", "c", "-c", "q", "-m", "this"], "", "Beautiful is better"),
        (["-m", "cProfile", "-m", "this"], "", "function calls"),
        (["-m", "pytest", "--pdb", "--version"], "", ""),
        (["-m", "pstats"], "help\nquit\n", "Documented commands"),
    ],
    ids=["pdb", "breakpoint", "python -m pdb", "cProfile", "pytest --pdb", "pstats"],
)
def test_the_tools_that_need_it_still_work(arguments: list[str], text: str, output: str) -> None:
    finished = run(*arguments, text=text)

    assert finished.returncode == 0, finished.stderr
    assert output in finished.stdout


def test_the_server_boots_with_two_workers(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "server.log"
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "HTTP_PORT": str(port),
        "HTTP_WORKERS": "2",
    }
    process = spawn([sys.executable, "-m", "cmd.server"], env=env, log=log)
    try:
        await_workers(log)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5) as answer:
            status = answer.status
    finally:
        code = stop(process)

    assert (status, code) == (200, 0), log.read_text()


def await_workers(log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while log.read_text().count("Started worker-") < 2:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
