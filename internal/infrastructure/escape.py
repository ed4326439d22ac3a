"""Makes text safe to show: payloads and errors may contain control codes and marks that reverse text."""

ELLIPSIS = "…"


def cut(text: str, most: int) -> str:
    """The text, or its beginning if it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}{ELLIPSIS}"


def escape(text: str, *, keep_lines: bool = False) -> str:
    """Replace control and format characters by escapes. `keep_lines` keeps line feeds."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or (keep_lines and character == "\n") else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
