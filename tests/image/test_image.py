import re
import struct
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.support.image.compose import ROOT
from tests.support.image.dockerfile import parse
from tests.support.image.replay import Stage

LOCKED = ROOT / "requirements" / "runtime.txt"
# Debian bookworm's glibc is 2.36.
PLATFORMS = ["x86_64-manylinux_2_36", "aarch64-manylinux_2_36"]


def test_it_adds_nothing_but_the_program_and_its_packages(image: Stage) -> None:
    files = [path.relative_to(image.root) for path in image.root.rglob("*") if path.is_file()]

    assert {path.parts[:2] for path in files} == {
        ("app", "cmd"),
        ("app", "internal"),
        ("app", "pyproject.toml"),
        ("opt", "venv"),
    }


def test_it_has_the_locked_packages_and_no_others(image: Stage) -> None:
    (site_packages,) = image.root.glob("opt/venv/lib/python3*/site-packages")

    installed = {
        f"{_normalized(distribution.name)}=={distribution.version}"
        for distribution in distributions(path=[str(site_packages)])
    }
    locked = set(re.findall(r"^\S+==[^ ;]+", LOCKED.read_text(), flags=re.MULTILINE))
    assert "litestar" in {name.split("==")[0] for name in installed}
    assert installed <= locked


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_package_has_a_wheel_for_its_python(platform: str) -> None:
    base = parse((ROOT / "Dockerfile").read_text())[0].arguments
    version = base.removeprefix("python:").split("-")[0]

    resolution = subprocess.run(
        [
            Path(sys.executable).with_name("uv"),
            *("pip", "compile", "--quiet", "--no-deps", "--only-binary=:all:"),
            *(f"--python-version={version}", f"--python-platform={platform}"),
            LOCKED,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert resolution.returncode == 0, resolution.stderr


def test_the_program_s_bytecode_is_up_to_date(image: Stage) -> None:
    sources = list(image.path(".").rglob("*.py"))

    assert sources
    assert [source for source in sources if not _is_compiled(source)] == []


def test_the_user_owns_nothing(image: Stage) -> None:
    modes = {path: path.stat() for path in image.path(".").rglob("*")}

    assert [path for path, status in modes.items() if str(status.st_uid) == image.user.split(":")[0]] == []
    assert [path for path, status in modes.items() if status.st_mode & 0o022] == []


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_compiled(source: Path) -> bool:
    """Whether Python would use the bytecode: its header (PEP 552) has the source's time and size."""
    compiled = Path(cache_from_source(str(source)))
    if not compiled.exists():
        return False
    _, flags, modified, size = struct.unpack("<4sIII", compiled.read_bytes()[:16])
    return (flags, modified, size) == (0, int(source.stat().st_mtime), source.stat().st_size)
