"""Searches sections of texts by words, and ranks rare words first."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MOST_FOUND, MOST_SHOWN = 5, 1500
"""How many sections are found, and how many characters of each are shown."""

_IN_HEADING = 5
"""A word in a heading counts as often."""

_WORD = re.compile(r"[a-z0-9]+")
_HEADINGS = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Section(NamedTuple):
    """A part of a text under its heading, and the address of the whole."""

    uri: str
    heading: str
    text: str


class Index:
    """Knows which words stand in which section, and how rare they are."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = [(section, _counted(section)) for section in sections]
        spread = Counter(word for _, counts in self._sections for word in counts)
        self._weights = {
            word: math.log(1 + len(sections) / number) for word, number in spread.items()
        }

    def found(self, words: str) -> str:
        """The sections that fit the words best, each with its address and its beginning."""
        asked = {word for word in _words(words) if word in self._weights}
        scored = ((self._score(asked, counts), section) for section, counts in self._sections)
        best = sorted((one for one in scored if one[0]), key=lambda one: -one[0])[:MOST_FOUND]
        if not best:
            return "Nothing was found: use other words, or see resources/list."
        return "\n\n".join(_shown(section) for _, section in best)

    def _score(self, asked: set[str], counts: Counter[str]) -> float:
        """BM25 without the length of a text, whose sections are alike in that."""
        return sum(
            self._weights[word] * counts[word] / (counts[word] + 1.5)
            for word in asked
            if word in counts
        )


def sections_of(uri: str, text: str) -> Iterator[Section]:
    """The sections of a page in Markdown, from heading to heading."""
    marks = [*_HEADINGS.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        yield Section(uri, mark[1], text[mark.end() : end].strip())


def _counted(section: Section) -> Counter[str]:
    counts = Counter(_words(section.text))
    for word in _words(section.heading):
        counts[word] += _IN_HEADING
    return counts


def _words(text: str) -> list[str]:
    """The words of a text; those of a name in camelCase, and the name as well."""
    parted = _HUMP.sub(" ", text)
    return [
        *_WORD.findall(text.lower()),
        *(_WORD.findall(parted.lower()) if parted != text else ()),
    ]


def _shown(section: Section) -> str:
    text = section.text
    shown = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
    return f"## {section.heading}\n{section.uri}\n\n{shown}"
