import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.domain.display_name import DisplayName, InvalidDisplayName

ZWNJ, ZWJ, VS16 = "\u200c", "\u200d", "\ufe0f"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = ZWJ.join("\U0001f469\U0001f467\U0001f466")
EMOJI = [
    "\U0001f600",
    "\u2764" + VS16,
    "\u00a9" + VS16,
    "\U0001f44d\U0001f3fd",  # a skin tone
    "\U0001f1ee\U0001f1f7",  # a flag
    ENGLAND,
    "\U0001f3f3" + VS16 + ZWJ + "\U0001f308",  # the rainbow flag
    "1" + VS16 + "\u20e3",  # a keycap
    FAMILY,
    "\U0001f9d1\U0001f3fe" + ZWJ + "\U0001f680",  # an astronaut
    "\u2764" + VS16 + ZWJ + "\U0001f525",  # a heart on fire
    "\U0001f3c3" + ZWJ + "\u2640" + VS16 + ZWJ + "\u27a1" + VS16,  # a woman who runs to the right
    "\U0001f642" + ZWJ + "\u2194" + VS16,  # a head that shakes
    "\U0001f426" + ZWJ + "\u2b1b",  # a black bird
    "\U0001fa77",  # a pink heart, of Unicode 15
    "\U0001fae9",  # a face with bags under its eyes, of Unicode 16
]
NAMES = [
    "X",
    "Al",
    "\u674e",  # Li
    "\u738b\u82b3",  # Wang Fang
    "\u674e\U000323af",  # Li and a character of Unicode 15
    "\U0002ebf0\u82b3",  # one of Unicode 15.1, which has those of China's registers of names
    "\u845b\U000e0100\u57ce",  # Katsuragi, with the variant of its first character chosen
    "\u0639\u0644\u06cc" + ZWNJ + "\u0631\u0636\u0627",  # Ali-Reza, in Persian
    "\u0932\u0915\u094d" + ZWJ + "\u0937\u094d\u092e\u0940",  # Lakshmi, in Hindi
    "\u0dc1\u0dca" + ZWJ + "\u0dbb\u0dd3",  # Sri, in Sinhala
    "\u09b0" + ZWJ + "\u09cd\u09af\u09be",  # Rya, in Bengali: the joiner precedes a mark
    "\u182e\u1820\u1828\u180b",  # a Mongolian word that chooses a form
    "\ud64d\uae38\ub3d9",
    "\u05d3\u05b8\u05bc\u05d5\u05b4\u05d3",  # David, in Hebrew with points
    "O\u2019Brien-Smith, Jr.",
    "\u02bbOkina",
    "\u00d1ame\u00a0\u3000Two",
    "<b>{{7*7}}</b>",
    "\U0001f600 Ada",
    "Z" + "\u0334\u0335" * 150,
]
INVISIBLE = [
    "\x00",
    "\r",
    "\n",
    "\x1b",
    "\x85",
    "\u00ad",  # soft hyphen
    "\u061c",  # Arabic letter mark
    "\u180e",  # Mongolian vowel separator
    "\u200b",  # zero width space
    "\u200e",  # left-to-right mark
    "\u202a",  # left-to-right embedding
    "\u202d",  # left-to-right override
    "\u202e",  # right-to-left override
    "\u2060",  # word joiner
    "\u2067",  # right-to-left isolate
    "\ufeff",
    "\ufff9",  # interlinear annotation
    "\ud800",  # lone surrogate
    "\ue000",  # private use
    "\U0010fffd",
    "\u0378",  # unassigned
    "\uffff",  # unassigned for ever
    "\U0001fffe",
    "\U0002ffff",
    "\u2028",  # line separator
    "\u2029",  # paragraph separator
    "\u115f",  # Hangul fillers: letters, but blank
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u2800",  # Braille without a dot
    "\U0001d159",  # null notehead
    "\U000e0041",  # a tag, which hides a letter
    "\U000e0001",
]
UNSEEN_MARKS = ["\u034f", "\u17b5", "\u180b", "\u180f", "\ufe00", VS16, "\U000e0100", "\U000e01ef"]

characters = st.characters() | st.sampled_from(
    [*INVISIBLE, *UNSEEN_MARKS, ZWNJ, ZWJ, *"aB1 -", *"".join(EMOJI)]
)
letters = st.characters(categories=["Lu", "Ll", "Lo"]).filter(lambda letter: letter not in INVISIBLE)
NAME_PARTS = st.sampled_from([*"\u0915\u0639A\u0301\u094d\U0001f600", "\u2764" + VS16])


def is_of_later_unicode(character: str) -> bool:
    """Whether it is where emoji and Chinese characters are, which Python may not know yet."""
    return "\U0001f000" <= character <= "\U0001faff" or "\U00020000" <= character <= "\U0003fffd"


def precheck(text: str) -> list[str]:
    with pytest.raises(InvalidDisplayName) as refused:
        DisplayName.parse(text)
    return list(refused.value.errors["name"])


@pytest.mark.parametrize("text", [*NAMES, *EMOJI], ids=ascii)
def test_accepts_a_name_of_any_script_and_emoji(text: str) -> None:
    assert DisplayName.parse(text).value == text


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("  Ada Lovelace ", "Ada Lovelace"),
        ("\u3000\u00a0Ada\u2003", "Ada"),
        ("A\u0301da", "\u00c1da"),
        ("\u1112\u1169\u11bc", "\ud64d"),
        ("a\u0301" * 100, "\u00e1" * 100),
        ("\u1fb3\u0313\u0300" * 100, "\u1f82" * 100),
    ],
)
def test_normalises(text: str, normalised: str) -> None:
    assert DisplayName.parse(text).value == normalised


@pytest.mark.parametrize("longest", ["a" * 100, "e\u0334" * 100, FAMILY * 33 + "a", "Z" + "\u0334" * 399])
def test_accepts_the_longest_names(longest: str) -> None:
    assert str(DisplayName.parse(longest)) == longest


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", *UNSEEN_MARKS, "".join(UNSEEN_MARKS), "\u0301", ZWJ, ZWNJ * 3]
)
def test_rejects_a_name_in_which_nothing_counts(text: str) -> None:
    assert precheck(text) == ["must be between 1 and 100 characters"]


@pytest.mark.parametrize("text", ["a" * 101, "e\u0334" * 101, FAMILY * 34, "1" * 101])
def test_rejects_a_name_of_more_than_100_characters(text: str) -> None:
    assert precheck(text) == ["must be between 1 and 100 characters"]


@pytest.mark.parametrize(
    "text", ["Z" + "\u0334" * 400, "a" * 401, ENGLAND * 58, "\u0301" * 30_000, "\u0958" * 201]
)
def test_rejects_a_name_of_more_than_400_code_points(text: str) -> None:
    assert precheck(text) == ["must be between 1 and 100 characters, of at most 400 code points"]


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("around", ["Ada{}Eve", "\U0001f600{}\U0001f600", "a {} a", "Ada{}", "{}Ada"])
def test_rejects_characters_that_cannot_be_seen(around: str, character: str) -> None:
    assert precheck(around.format(character)) == ["must not contain control or invisible characters"]


@pytest.mark.parametrize(
    "text",
    ["1", "2030", "-", "...", "\u2026", "7-7", "$", "\u2588", "1" + VS16, "-\u034f", "1 \u0301"],
    ids=ascii,
)
def test_rejects_a_name_without_letter_mark_or_emoji(text: str) -> None:
    assert precheck(text) == ["must contain a letter or an emoji"]


@pytest.mark.parametrize("joiner", [ZWNJ, ZWJ], ids=ascii)
@pytest.mark.parametrize(
    "around", ["{}Ada", "Ada{}", "Ada {}Eve", "Ada{} Eve", "Ada{}-Eve", "Ada{}1", "Ada{0}{0}Eve"]
)
def test_rejects_a_joiner_that_joins_nothing(around: str, joiner: str) -> None:
    assert precheck(around.format(joiner)) == [
        "must not contain joiners except between letters, marks or emoji"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A" + ENGLAND[1:],
        ENGLAND[:-1],
        ENGLAND[:2] + ENGLAND[-1],
        ENGLAND[:-1] + ENGLAND[1:] * 2,
        "\U0001f600" + ENGLAND[1:],
    ],
    ids=ascii,
)
def test_rejects_tags_that_make_no_flag(text: str) -> None:
    assert precheck(text) == ["must not contain control or invisible characters"]


@given(st.text(characters, max_size=120))
def test_parsing_either_refuses_or_normalises_once_and_for_all(text: str) -> None:
    try:
        once = DisplayName.parse(text)
    except InvalidDisplayName:
        return

    name = str(once)
    assert DisplayName.parse(name) == once
    assert unicodedata.is_normalized("NFC", name)
    counted = [character for character in name if unicodedata.category(character) not in {"Mn", "Me", "Cf"}]
    assert 1 <= len(counted) <= 100
    assert any(unicodedata.category(c)[0] in "LMS" or is_of_later_unicode(c) for c in name)
    without_flags = name.replace(ENGLAND, "")
    assert not set(without_flags) & set(INVISIBLE)
    others = {c for c in without_flags if unicodedata.category(c)[0] == "C"} - {ZWNJ, ZWJ}
    assert all(map(is_of_later_unicode, others))


@given(st.text(letters, min_size=1, max_size=100))
def test_accepts_any_letters(text: str) -> None:
    assert str(DisplayName.parse(text)) == unicodedata.normalize("NFC", text)


@given(st.lists(NAME_PARTS, min_size=2, max_size=20), st.sampled_from([ZWNJ, ZWJ]))
def test_accepts_joiners_between_letters_marks_and_emoji(parts: list[str], joiner: str) -> None:
    DisplayName.parse("A" + joiner.join(parts))


@given(st.text(st.sampled_from([*INVISIBLE, *UNSEEN_MARKS, ZWNJ, ZWJ, " "])))
def test_rejects_names_of_which_nothing_is_seen(text: str) -> None:
    assert precheck(text)


def test_rejects_every_control_and_noncharacter() -> None:
    controls = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in {"Cc", "Cf"}}
    noncharacters = {chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)}

    for character in (controls | noncharacters) - {ZWNJ, ZWJ}:
        assert precheck(f"Ada{character}Eve")


def test_rejects_a_body_full_of_combining_marks_at_once() -> None:
    started = time.process_time()

    precheck("e" + "\u0301\u0316" * 16_000)

    assert time.process_time() - started < 0.1
