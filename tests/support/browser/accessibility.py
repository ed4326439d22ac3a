"""axe-core on a page."""

from collections.abc import Collection

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.browser.pages import SCHEMES

_AXE = Axe()


def assert_accessible(page: Page, *, within: str = "html", without: Collection[str] = ()) -> None:
    """Require that axe-core finds no violation in light and in dark. `without` are rules that do not run."""
    rules = {rule: {"enabled": False} for rule in without}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        results = _AXE.run(page, context=within, options={"rules": rules, "resultTypes": ["violations"]})
        assert results.violations_count == 0, f"{page.url}, {scheme}: {results.generate_report()}"
