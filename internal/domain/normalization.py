import unicodedata

# The most code points that compose to one: U+1F82 is an alpha with three marks.
_MOST_COMPOSED = 4


def nfc(text: str, *, up_to: int) -> str:
    """Return `text` in Unicode's Normalization Form C, or unchanged if even that exceeds `up_to` code points.

    The time to normalize grows with the square of a run of combining marks: 1.5 s for 64 KiB of them.
    """
    return text if len(text) > up_to * _MOST_COMPOSED else unicodedata.normalize("NFC", text)
