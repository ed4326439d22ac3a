from pathlib import Path

import pytest

from tools import mail_layout


def test_the_committed_layout_is_what_its_source_compiles_to() -> None:
    assert mail_layout.main(["--check"]) == 0


def test_the_check_notices_a_change_of_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "layout.mjml"
    changed.write_text(mail_layout.SOURCE.read_text().replace("#1d4ed8", "#1d4ed9"))
    monkeypatch.setattr(mail_layout, "SOURCE", changed)

    assert mail_layout.main(["--check"]) == 1
    assert "run `make mails`" in capsys.readouterr().err
