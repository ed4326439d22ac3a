"""The words and sentences that the house style avoids.

`python -m tests.support.plain_english` lists all of them, in checked and in unchecked files.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support.passages import ROOT, Passage, files, passages

MOST_WORDS = 30  # of a sentence
_NOT_YET_CHECKED = ROOT / "tests" / "docs" / "not_yet_checked.txt"

# A pattern, and a better wording.
_WORDS = {
    r"\b(?:is|are|was|were|be) (?-i:none)\b": "no ..., or not a ...",
    r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|\w+er than\b)\w+": "is not a",
    r"\bso many\b": "the number",
    r"\banew\b": "again, from the start",
    r"\b(?:mend|mends|mended|mending)\b": "fix",
    r"\b(?:stands?|stood) (?:in|there|on|at|beside|before|between|above|below|behind)\b": "is in",
    r"\blies? (?:in|there|on)\b": "is in",
    r"\bby (?:itself|themselves|himself)\b": "alone, automatically",
    r"\b(?:whoever|whosoever|whomever)\b": "the caller, users who",
    r"\bhow (?:it|they) (?:does|do|is|are) (?:it|so)\b": "say what happens",
    r"\bwhat (?:becomes|became|had become|has become) of\b": "the result of",
    r"\ball the same\b": "anyway",
    r"\bbut for\b": "except for",
    r"\bever (?:more|less) \w+": "less and less often, with growing delays",
    r"\b(?:thereby|therein|thereof|wherein|whereof|hence|whence|lest|whilst|upon|shall)\b": "a plain word",
    r"\b(?:has|have|had|having) (?:it|them|him|her|this|these) \w+(?:ed|en|nt|pt|un|one)\b": "X is done by",
    r"\bcomes? to rest\b|\bcame to rest\b": "finish",
    r"\b(?:goes|go|went|going) round\b": "run",
    r"\bsees? to it that\b": "make sure that, or the plain verb",
    r"\bat (?:a|any) rate\b": "leave it out",
    r"\btells? of\b": "report",
    r"\bis to be had\b|\bcan be had\b": "is available",
    r"\bof (?:one's|somebody's|someone's|an? \w+'s) own\b": "its own, your own",
    r"\b(?:says?|said|tells?|told) of\b": "reports, describes",
    r"\bonce more\b": "again",
    r"\bfor good\b": "permanently",
    r"\bin vain\b": "without success",
    r"\bmistaken\b": "wrong",
    r"\bmeanwhile\b": "during ..., or leave it out",
}
_VERBS = "is|was|are|were|has|had|can|cannot|must|should|ends|follows|runs|waits"
_STARTS = {
    rf"^What (?:\w+ ){{0,2}}?(?:{_VERBS})\b(?!.*\?$)": "a noun as the subject",
    r"^(?:Is|Are|Was|Were|Has|Does|Did|Should|Had)"
    r" (?:it|they|this|that|the|a|an|there|one|no|its|somebody|someone|nobody)\b(?!.*\?$)": "if ...",
    r"^(?:So|Nor|Neither) (?:is|are|was|were|does|do|did|has|have)\b": "too, also, not either",
    r"^(?:That|Those) (?:which|who|that)\b": "a noun as the subject",
    r"^Of (?:an?|the|those|these|many|one)\b": "the subject first",
}
_WORD_PATTERNS = [(re.compile(pattern, re.IGNORECASE), better) for pattern, better in _WORDS.items()]
_START_PATTERNS = [(re.compile(pattern), better) for pattern, better in _STARTS.items()]
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")


class Finding(NamedTuple):
    path: Path
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.problem}"


def problems_in(passage: Passage) -> list[tuple[str, str]]:
    """Return each wrong word with a better one."""
    found = [
        (match[0], better) for pattern, better in _WORD_PATTERNS for match in pattern.finditer(passage.text)
    ]
    if passage.is_prose:
        found += [
            (match[0], better)
            for sentence in _SENTENCE_END.split(passage.text)
            for pattern, better in _START_PATTERNS
            for match in pattern.finditer(sentence)
        ]
    return found


def wrong_words(path: Path) -> list[Finding]:
    return [
        Finding(path, passage.line, f"{found!r}: better {better!r}")
        for passage in passages(path)
        for found, better in problems_in(passage)
    ]


def long_sentences(path: Path) -> list[Finding]:
    return [
        Finding(path, passage.line, f"{length} words: {sentence}")
        for passage in passages(path)
        if passage.is_prose
        for sentence in _SENTENCE_END.split(passage.text)
        if (length := len(sentence.split())) > MOST_WORDS
    ]


def not_yet_checked() -> dict[str, list[Path]]:
    """Return the listed files and folders, each with its files."""
    lines = _NOT_YET_CHECKED.read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    return {line: [path for path in files() if _is_within(path, line)] for line in listed}


def _is_within(path: Path, listed: str) -> bool:
    name = str(path.relative_to(ROOT))
    return name == listed or (listed.endswith("/") and name.startswith(listed))


def main() -> None:
    for path in files():
        for finding in [*wrong_words(path), *long_sentences(path)]:
            sys.stdout.write(f"{finding}\n")


if __name__ == "__main__":
    main()
