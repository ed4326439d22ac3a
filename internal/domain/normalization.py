import unicodedata

# No character composes more than this many: U+1F82 is an alpha with three marks.
_MOST_COMPOSED = 4


def nfc(text: str, *, up_to: int) -> str:
    """`text` in Unicode's Normalization Form C, unless that is longer than `up_to` code points anyway.

    Such a text comes back as it is, still too long. Normalizing takes time that grows with the square of a
    run of combining marks: 1.5 s for those that fit into 64 KiB.
    """
    return text if len(text) > up_to * _MOST_COMPOSED else unicodedata.normalize("NFC", text)
