from pathlib import Path

from tools.mail_preview import SAMPLES, write


def test_the_page_shows_every_email(tmp_path: Path) -> None:
    page = write(tmp_path / "new" / "folder")

    shown = page.read_text()
    for kind in SAMPLES:
        assert f'src="{kind}.html"' in shown
        assert (page.parent / f"{kind}.html").read_text().startswith("<!doctype html>")
        assert (page.parent / f"{kind}.txt").read_text().startswith("Hello Ada Lovelace,")
