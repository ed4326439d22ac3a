"""Everything that a person reads is plain English: words are an error, long sentences a warning."""

import warnings

import pytest

from tests.support.passages import Passage, files, passages_of
from tests.support.plain_english import (
    MOST_WORDS,
    long_sentences,
    not_yet_checked,
    problems_in,
    wrong_words,
)

UNCHECKED = not_yet_checked()


class LongSentence(UserWarning):
    pass


def test_no_text_uses_a_word_that_the_house_style_avoids() -> None:
    unchecked = {path for paths in UNCHECKED.values() for path in paths}

    findings = [finding for path in files() if path not in unchecked for finding in wrong_words(path)]

    assert findings == [], "\n".join(map(str, findings))


def test_the_list_of_unchecked_texts_only_has_those_that_need_work() -> None:
    done = [listed for listed, paths in UNCHECKED.items() if not any(map(wrong_words, paths))]

    assert done == [], f"remove these lines from tests/docs/not_yet_checked.txt: {done}"


@pytest.mark.filterwarnings("always::tests.docs.test_plain_english.LongSentence")
def test_long_sentences_are_reported() -> None:
    found = [finding for path in files() for finding in long_sentences(path)]

    if found:
        places = len({finding.path for finding in found})
        message = f"{len(found)} sentences in {places} files have more than {MOST_WORDS} words"
        warnings.warn(f"{message}: python -m tests.support.plain_english", LongSentence, stacklevel=1)


@pytest.mark.parametrize(
    "text",
    [
        "A key that is none is refused.",
        "There are so many of them.",
        "The build begins anew.",
        "We mend it.",
        "It stands in the log.",
        "It starts by itself.",
        "Ask whoever connects.",
        "What was rejected is not stored.",
        "Is it dead, the next one takes over.",
        "An operator has it run again.",
        "So is the server.",
        "It is no number.",
    ],
)
def test_finds_what_the_house_style_names(text: str) -> None:
    assert problems_in(Passage(1, text)) != []


@pytest.mark.parametrize(
    "text",
    [
        "What is a lease? A promise.",
        "There is no limit, and it is no longer checked.",
        "None of them is None.",
        "It stands for a task.",
        "Is it dead? Then the next one takes over.",
        "Have an account.",
    ],
)
def test_leaves_plain_sentences_alone(text: str) -> None:
    assert problems_in(Passage(1, text)) == []


def texts(name: str, *lines: str) -> list[str]:
    return [passage.text for passage in passages_of(name, "\n".join(lines))]


def test_reads_documents_without_their_code() -> None:
    page = ["# Title", "", "One `code`", "line.", "- an item", "", "| a cell | [a link](x.md) |"]
    code = ["", "```sh", "make run", "```"]

    assert texts("docs/page.md", *page, *code) == ["Title", "One CODE line.", "an item", "a cell", "a link"]


def test_reads_comments_docstrings_and_messages() -> None:
    module = [
        '"""The module."""',
        "# Two lines",
        "# of comment.",
        "one = 1  # one",
        'print(f"it takes {one} s")',
        'print("short")',
    ]

    assert set(texts("internal/module.py", *module)) == {
        "The module.",
        "Two lines of comment.",
        "one",
        "it takes CODE s",
    }


def test_reads_the_names_of_tests() -> None:
    assert texts("tests/test_it.py", "def test_a_name_is_read() -> None:", "    pass") == ["A name is read"]


def test_reads_lua_and_make() -> None:
    assert texts("script.lua", "-- Two lines", "-- of comment.", "local x = 1") == ["Two lines of comment."]
    assert texts("Makefile", "run: ## start it", "\t@exec x") == ["start it"]
