from pathlib import Path

import pytest

from internal.infrastructure.embedded.password import kept_password


class Killed(BaseException):
    pass


def test_is_made_once_and_kept(tmp_path: Path) -> None:
    first = kept_password(tmp_path / "password")

    assert len(first) >= 32
    assert kept_password(tmp_path / "password") == first


def test_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    kept_password(tmp_path / "password")

    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("last_step", ["os.fdopen", "os.fsync", "pathlib.Path.replace"])
def test_exists_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_step: str
) -> None:
    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(last_step, die)
        with pytest.raises(Killed):
            kept_password(tmp_path / "password")

    assert not (tmp_path / "password").exists()
    assert len(kept_password(tmp_path / "password")) >= 32
