import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from internal.domain.errors import InvalidInput
from internal.domain.normalization import nfc

MAX_LENGTH = 100
MAX_CODE_POINTS = 400

# A name's shape has one letter per character, chosen by its Unicode category. X is refused: controls,
# formatting, surrogates, private use, unassigned characters and line separators. They can forge headers or
# make two names look the same.
_KINDS = {"Mc": "C", "Mn": "M", "Me": "M", "Zs": "Z"}
_MAJOR_KINDS = {"L": "L", "N": "N", "P": "S", "S": "S"}
# Unicode calls these letters or symbols, but they look blank: Hangul fillers, the empty Braille pattern, the
# null notehead, Egyptian blanks.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159\U00013441\U00013442")
# All Unicode spaces. Line breaks, tabs and other controls are refused everywhere.
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_JOINERS = frozenset("\u200c\u200d")
# Invisible marks: grapheme joiner, Khmer inherent vowels, variation selectors, Khitan filler.
_UNSEEN_MARK = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U00016fe4\U000e0100-\U000e01ef]"
)
# The ranges of symbols and punctuation that hold emoji. The standard library does not list single emoji.
_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2194-\u21aa\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
# Unicode reserves the unassigned characters of these blocks for emoji. Python learns new emoji late.
_LATER_EMOJI = re.compile("[\U0001f000-\U0001faff]")
# Planes 2 and 3 hold only Chinese characters. Names use some that Python does not know yet.
_LATER_IDEOGRAPH = re.compile("[\U00020000-\U0002fffd\U00030000-\U0003fffd]")
# A black flag plus these tags is the flag of England, Scotland or Wales (UTS 51).
_REGION = re.compile("(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")

_LETTER_MARK_OR_EMOJI = re.compile(r"[LE]|[NS]V*[MC]")
_LOOSE_JOINER = re.compile(r"(?<![LCMVE])J|J(?![LCMVE])")
_UNCOUNTED = re.compile(r"[MVJ]")


class InvalidDisplayName(InvalidInput):
    def __init__(self, message: str) -> None:
        super().__init__({"name": [message]})


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A user's name: 1 to 100 characters in NFC, in any script. Emoji are allowed.

    Marks and joiners do not count as characters, but the name has at most 400 code points including them.
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalise `text` and strip the spaces around it.

        Raises:
            InvalidDisplayName: too short, too long, no letter or emoji, or invisible characters.
        """
        name = nfc(text.strip(_SPACES), up_to=MAX_CODE_POINTS)
        if len(name) > MAX_CODE_POINTS:
            raise InvalidDisplayName(
                f"must be between 1 and {MAX_LENGTH} characters, of at most {MAX_CODE_POINTS} code points"
            )
        shape = "".join(map(_kind, _REGION.sub("", name)))
        if not 1 <= len(_UNCOUNTED.sub("", shape)) <= MAX_LENGTH:
            raise InvalidDisplayName(f"must be between 1 and {MAX_LENGTH} characters")
        if "X" in shape:
            raise InvalidDisplayName("must not contain control or invisible characters")
        if not _LETTER_MARK_OR_EMOJI.search(shape):
            raise InvalidDisplayName("must contain a letter or an emoji")
        if _LOOSE_JOINER.search(shape):
            raise InvalidDisplayName("must not contain joiners except between letters, marks or emoji")
        return cls(name)

    def __str__(self) -> str:
        return self.value


def _kind(character: str) -> str:
    if character in _BLANK:
        return "X"
    if character in _JOINERS:
        return "J"
    if _UNSEEN_MARK.match(character):
        return "V"
    category = unicodedata.category(character)
    if category == "Cn" and _LATER_EMOJI.match(character):
        return "E"
    if category == "Cn" and _LATER_IDEOGRAPH.match(character):
        return "L"
    kind = _KINDS.get(category) or _MAJOR_KINDS.get(category[0], "X")
    return "E" if kind == "S" and _EMOJI.match(character) else kind
