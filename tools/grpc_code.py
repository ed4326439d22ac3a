"""Generate the Python code of the gRPC API from its .proto files. `--check` only says what is wrong.

buf lints the files and refuses changes that would break clients of the accepted API, which is in
proto/accepted.binpb. To break clients on purpose, delete that file first.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc_tools

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "internal" / "infrastructure" / "grpc"
PROTO = PACKAGE / "proto"
GENERATED = PACKAGE / "generated"
ACCEPTED = PROTO / "accepted.binpb"
OUTDATED = "the code is not what the .proto files generate: run `make proto` and commit the result"

_TOOLS = Path(sys.executable).parent
_WELL_KNOWN_TYPES = Path(grpc_tools.__file__).parent / "_proto"
# Protoc imports by the path of the .proto file, without the package that the code is in.
_OWN_IMPORT = re.compile(r"^from ((?!google\b)[\w.]+) import (\w+_pb2)\b", re.MULTILINE)


def sources() -> list[str]:
    return sorted(path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto"))


def generated() -> Mapping[str, str]:
    """The code by its path below GENERATED."""
    with TemporaryDirectory() as directory:
        _run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{_WELL_KNOWN_TYPES}"),
                f"--plugin=protoc-gen-mypy={_TOOLS / 'protoc-gen-mypy'}",
                f"--plugin=protoc-gen-mypy_grpc={_TOOLS / 'protoc-gen-mypy_grpc'}",
                *(f"--{kind}={directory}" for kind in ("python_out", "grpc_python_out")),
                *(f"--{kind}=quiet:{directory}" for kind in ("mypy_out", "mypy_grpc_out")),
                *sources(),
            ]
        )
        files = [path for path in Path(directory).rglob("*") if path.is_file()]
        code = {path.relative_to(directory).as_posix(): _completed(path.read_text()) for path in files}
    folders = {folder for path in code for folder in Path(path).parents}
    return {**code, **{(folder / "__init__.py").as_posix(): "" for folder in folders}}


def checked_in() -> Mapping[str, str]:
    files = [path for kind in ("*.py", "*.pyi") for path in GENERATED.rglob(kind)]
    return {path.relative_to(GENERATED).as_posix(): path.read_text() for path in files}


def _completed(code: str) -> str:
    package = ".".join(GENERATED.relative_to(ROOT).parts)
    return _OWN_IMPORT.sub(rf"from {package}.\1 import \2", code)


def write(code: Mapping[str, str]) -> None:
    for name in checked_in().keys() - code.keys():
        (GENERATED / name).unlink()
    for name, text in code.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    _buf("build", "--output", str(ACCEPTED))


def require_compatible() -> None:
    """Raise CalledProcessError, after buf has printed why, if a rule or a client would be broken."""
    _buf("lint")
    _buf("format", "--diff", "--exit-code")
    if ACCEPTED.exists():
        _buf("breaking", "--against", str(ACCEPTED))


def is_up_to_date() -> bool:
    with TemporaryDirectory() as directory:
        image = Path(directory) / ACCEPTED.name
        _buf("build", "--output", str(image))
        is_accepted = ACCEPTED.exists() and ACCEPTED.read_bytes() == image.read_bytes()
    return is_accepted and checked_in() == generated()


def _buf(*arguments: str) -> None:
    _run([str(_TOOLS / "buf"), *arguments])


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, cwd=PROTO, check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.grpc_code", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if outdated")
    only_checks = parser.parse_args(arguments).check
    try:
        require_compatible()
        if not only_checks:
            write(generated())
        elif not is_up_to_date():
            print(OUTDATED, file=sys.stderr)
            return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
