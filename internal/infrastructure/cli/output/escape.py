"""Text from anywhere, made safe for a terminal: a payload or an error may hold what a terminal obeys."""


def escape(text: str, *, keep_lines: bool = False) -> str:
    """Write control and format characters as escapes; with `keep_lines`, line feeds stay."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or (keep_lines and character == "\n") else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
