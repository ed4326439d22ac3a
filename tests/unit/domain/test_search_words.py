import pytest

from internal.domain.search_words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("O'Brien <ob+x@Example.com>", ("o", "brien", "ob", "x", "example", "com")),
        ("Zoë Müller-Łuk", ("zoë", "müller", "łuk")),
        ("जयशंकर  प्रसाद", ("जयशंकर", "प्रसाद")),
        ("' OR 1=1; --", ("or", "1", "1")),
        ('\\ " % _ : * ! & | ( ) \x7f', ()),
        ("", ()),
    ],
)
def test_splits_at_everything_in_ascii_but_letters_and_digits(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words
