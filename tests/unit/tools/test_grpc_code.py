"""`make proto` and its check, on a copy of the .proto files."""

import shutil
from pathlib import Path

import pytest

from tools import grpc_code

USER = Path("user/user.proto")


@pytest.fixture
def proto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may edit."""
    package = tmp_path / "internal" / "infrastructure" / "grpc"
    shutil.copytree(grpc_code.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(grpc_code, "ROOT", tmp_path)
    monkeypatch.setattr(grpc_code, "PROTO", package / "proto")
    monkeypatch.setattr(grpc_code, "GENERATED", package / "generated")
    monkeypatch.setattr(grpc_code, "ACCEPTED", package / "proto" / grpc_code.ACCEPTED.name)
    return package / "proto"


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_the_checked_in_code_is_up_to_date() -> None:
    assert grpc_code.main(["--check"]) == 0


@pytest.mark.usefixtures("proto")
def test_finds_code_that_somebody_edited(capsys: pytest.CaptureFixture[str]) -> None:
    edit(grpc_code.GENERATED / "user" / "user_pb2.pyi", "class LoginRequest", "class LogInRequest")

    assert grpc_code.main(["--check"]) == 1
    assert "make proto" in capsys.readouterr().err


@pytest.mark.usefixtures("proto")
def test_finds_code_that_nothing_generates() -> None:
    (grpc_code.GENERATED / "user" / "stale_pb2.py").touch()

    assert grpc_code.main(["--check"]) == 1


def test_finds_a_new_field_that_nobody_accepted_until_it_is_generated(proto: Path) -> None:
    edit(proto / USER, "  bool is_verified = 8;", "  bool is_verified = 8;\n  string nickname = 9;")
    assert grpc_code.main(["--check"]) == 1

    assert grpc_code.main([]) == 0
    assert grpc_code.main(["--check"]) == 0
    assert "nickname" in (grpc_code.GENERATED / "user" / "user_pb2.pyi").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("string password = 3;", "string password = 4;"),
        ("string password = 3;", "bytes password = 3;"),
        ("  rpc DeleteUser(DeleteUserRequest) returns (DeleteUserResponse);\n", ""),
        ("message DeleteUserResponse", "message deleteUserResponse"),
        ("string password = 3;", "string  password = 3;"),
    ],
    ids=["another number", "another type", "a method less", "a bad name", "a bad format"],
)
def test_refuses_what_breaks_clients_or_a_rule(proto: Path, before: str, after: str) -> None:
    accepted = grpc_code.ACCEPTED.read_bytes()
    edit(proto / USER, before, after)

    assert grpc_code.main([]) != 0
    assert grpc_code.ACCEPTED.read_bytes() == accepted
