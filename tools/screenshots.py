"""Draw the pages of tools/shots.py into docs/screenshots/, wide and narrow, light and dark.

The site runs on services of its own, on free ports.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.browser.chromium import NEEDS_CHROMIUM, chromium, running_chromium
from tests.support.browser.pages import NARROW, SCHEMES, WIDE, Look, visit
from tests.support.browser.site import Site, running_site
from tools.shots import SHOTS, TOKEN, Shot, adas_session
from tools.terminal_shot import NAME as TERMINAL
from tools.terminal_shot import terminal_as_png, terminal_as_svg

FOLDER = Path(__file__).parents[1] / "docs/screenshots"
HEIGHTS = {WIDE: 900, NARROW: 844}
COLOURS = 128
# Scripts hear of another size or scheme before the next frame.
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Ports, tokens, times and the address that the start page makes up are the same in every picture.
_SAME_TEXTS = """token => {
    const same = text => text
        .replace(/127\\.0\\.0\\.1:\\d+/g, "127.0.0.1:8080")
        .replace(/token=[\\w-]+/g, `token=${token}`)
        .replace(/ada\\.\\w+@/g, "ada.1815@");
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = same(texts.currentNode.data);
    document.querySelectorAll("input").forEach(each => { each.value = same(each.value); });
    document.querySelectorAll("time").forEach(each => { each.textContent = "1 Jan 2030, 12:00"; });
}"""


def draw(browser: Browser, site: Site, shot: Shot) -> None:
    with visit(browser, site.url, Look()) as visited:
        page = visited.page
        visited.watch.allowed = {404}
        shot.show(page, site)
        for frame in page.frames:
            frame.evaluate(_SAME_TEXTS, TOKEN)
        for width, height in HEIGHTS.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.evaluate(_DRAWN)
                drawn = page.screenshot(full_page=shot.is_whole, animations="disabled", caret="hide")
                (FOLDER / f"{shot.name}-{scheme}-{width}.png").write_bytes(_with_few_colours(drawn))


def _with_few_colours(png: bytes) -> bytes:
    """The same picture with a palette, which takes a third of the bytes. Small dots keep their colour."""
    few = (
        Image.open(BytesIO(png))
        .convert("RGB")
        .quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    file = BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


@contextmanager
def _site() -> Generator[Site]:
    with TemporaryDirectory(prefix="pyhexaclean-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder, password=token_hex(), durable=False)
        redis = EmbeddedRedis(folder, password=token_hex())
        try:
            upgrade_to_head(postgres.start())
            redis.start()
            with running_site(database_url=postgres.url, redis_url=redis.url, folder=folder) as site:
                yield site
        finally:
            redis.stop()
            postgres.destroy()


def main() -> int:
    program = chromium()
    if program is None:
        print(NEEDS_CHROMIUM, file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    terminal = terminal_as_svg()
    with _site() as site, running_chromium(program) as browser:
        adas_session(site)
        for shot in SHOTS:
            draw(browser, site, shot)
            print(shot.name)
        (FOLDER / f"{TERMINAL}.png").write_bytes(_with_few_colours(terminal_as_png(browser, terminal)))
        print(TERMINAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
