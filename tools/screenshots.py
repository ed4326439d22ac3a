"""Draw the pages of tools/shots.py into docs/screenshots/, wide and narrow, light and dark.

Each condition has a site, on services of its own and on free ports.
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import chain
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import cast

from PIL import Image
from playwright.sync_api import Browser

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.browser.chromium import NEEDS_CHROMIUM, chromium, running_chromium
from tests.support.browser.condition import Condition, bring_into
from tests.support.browser.pages import NARROW, SCHEMES, WIDE, Look, visit
from tests.support.browser.site import Site, running_site
from tools.shots import SHOTS, TOKEN, Shot
from tools.terminal_shot import NAME as TERMINAL
from tools.terminal_shot import terminal_as_png, terminal_as_svg

FOLDER = Path(__file__).parents[1] / "docs/screenshots"
HEIGHTS = {WIDE: 900, NARROW: 844}
COLOURS = 256
Colour = tuple[int, int, int]
# Of colours that share a place in the palette: the sum of their differences in red, green and blue.
_DISTANCES = range(12, 80, 4)
# The colours of areas, which differ less.
_EXACT = 24
# Scripts hear of another size or scheme before the next frame.
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_HEIGHT = "() => document.documentElement.scrollHeight"
# Ports, tokens, dates and the address that the start page makes up are the same in every picture.
_SAME_TEXTS = """token => {
    const same = text => text
        .replace(/127\\.0\\.0\\.1:\\d+/g, "127.0.0.1:8080")
        .replace(/token=[\\w-]+/g, `token=${token}`)
        .replace(/ada\\.\\w+@/g, "ada.1815@")
        .replace(/\\d+ \\w{3} \\d{4}, \\d\\d:\\d\\d/g, "1 Jan 2030, 12:00");
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = same(texts.currentNode.data);
    document.querySelectorAll("input").forEach(each => { each.value = same(each.value); });
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
            if shot.is_whole:
                # A picture of the whole page would end the navigation where the window ends.
                page.set_viewport_size({"width": width, "height": page.evaluate(_HEIGHT)})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.evaluate(_DRAWN)
                drawn = page.screenshot(animations="disabled", caret="hide")
                (FOLDER / f"{shot.name}-{scheme}-{width}.png").write_bytes(_with_few_colours(drawn))


def _with_few_colours(png: bytes) -> bytes:
    """The same picture with a palette, which takes a third of the bytes. Small dots keep their colour."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    counted = cast("list[tuple[int, Colour]]", picture.getcolors(picture.width * picture.height))
    frequent_first = [colour for _, colour in sorted(counted, reverse=True)]
    palette: list[Colour] = []
    for distance in _DISTANCES:
        palette = _palette(frequent_first, distance=distance)
        if len(palette) <= COLOURS:
            break
    nearest = {colour: _nearest(colour, palette) for colour in frequent_first}
    pixels = zip(*[iter(picture.tobytes())] * 3, strict=True)
    few = Image.frombytes("P", picture.size, bytes(map(nearest.__getitem__, pixels)))
    few.putpalette(list(chain(*palette)))
    file = BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _palette(colours: Sequence[Colour], *, distance: int) -> list[Colour]:
    """The first colours, and each other one that is at least `distance` away from those before it."""
    palette = list(colours[:_EXACT])
    for colour in colours[_EXACT:]:
        if all(_distance(colour, other) >= distance for other in palette):
            palette.append(colour)
    return palette


def _nearest(colour: Colour, palette: Sequence[Colour]) -> int:
    return min(range(len(palette)), key=lambda place: _distance(colour, palette[place]))


def _distance(one: Colour, other: Colour) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) + abs(one[2] - other[2])


@contextmanager
def _site(condition: Condition) -> Generator[Site]:
    with TemporaryDirectory(prefix="pyhexaclean-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder, password=token_hex(), durable=False)
        redis = EmbeddedRedis(folder, password=token_hex())
        try:
            upgrade_to_head(postgres.start())
            redis.start()
            with running_site(database_url=postgres.url, redis_url=redis.url, folder=folder) as site:
                bring_into(site, condition)
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
    with running_chromium(program) as browser:
        for condition, shots in SHOTS.items():
            with _site(condition) as site:
                for shot in shots:
                    draw(browser, site, shot)
                    print(shot.name)
        (FOLDER / f"{TERMINAL}.png").write_bytes(_with_few_colours(terminal_as_png(browser, terminal)))
        print(TERMINAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
