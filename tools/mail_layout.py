"""Compile the layout of all emails from MJML to HTML. `--check` only says whether the HTML is up to date."""

import argparse
import re
import sys
from collections.abc import Sequence

from mjml import mjml2html

from internal.infrastructure.email.mime import TEMPLATES

SOURCE = TEMPLATES / "layout.mjml"
COMPILED = TEMPLATES / "layout.html"
OUTDATED = "layout.html is not what layout.mjml compiles to: run `make mails` and commit both"


# After 200 characters a line ends where an attribute begins. A line of more than 998 bytes would be encoded.
_ENOUGH = re.compile(r'(.{200,}?) (?=[a-z-]+=")')


def compiled() -> str:
    # Without fonts, so no email loads one from elsewhere.
    html = mjml2html(SOURCE.read_text(), fonts={}, disable_comments=True)
    return _ENOUGH.sub(r"\1\n", f"{html}\n")


def is_up_to_date() -> bool:
    return COMPILED.exists() and COMPILED.read_text() == compiled()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mail_layout", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if outdated")
    if not parser.parse_args(arguments).check:
        COMPILED.write_text(compiled())
    elif not is_up_to_date():
        print(OUTDATED, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
