"""The question as typed → the question as searched: cleaned, spelt right, with today's names beside it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property

from errors import QuestionError
from ingest.chunks import Cloud
from ingest.glossary import Term
from retriever.lexical import terms

MOST_CHARACTERS = 4000
"""A page of requirements; a longer question is sent back rather than cut in silence."""
CLOUD_NAMES: Mapping[Cloud, re.Pattern[str]] = {
    "aws": re.compile(r"\b(aws|amazon|s3|ec2|kinesis|glue)\b", re.IGNORECASE),
    "azure": re.compile(r"\b(azure|adls|entra|event hubs?|microsoft)\b", re.IGNORECASE),
    "gcp": re.compile(r"\b(gcp|gcs|google|pub/?sub)\b", re.IGNORECASE),
}
MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|</?[a-zA-Z][^<>]*>")
"""Images and tags, which say nothing about what is asked."""
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_SOURCE = re.compile(r"(?<!\w)\[\d{1,3}\]")
"""The number of a source, copied from an answer."""
FEWEST_LETTERS = 4
"""A shorter word that nobody knows is an acronym or a name more often than a slip."""
SETTING, LONG_SETTING = 10, 22
"""Characters of a setting's name from which one slip, and two, make no other name of it."""
LONG_WORD = 7
"""From so many letters on, two slips in a word are mended, else one."""

_PLACE = re.compile(
    r"(?<=\w)\s+(?:in|on|of|with)\s+(?:(?:the|an?)\s+)?(?:(?:azure|apache)\s+)?"
    r"(?:databricks(?: sql)?|(?:spark )?structured streaming|spark(?: streaming)?|delta(?: lake| tables?)?"
    r"|unity catalog|lakehouse|lakeflow(?: jobs)?)\W*$",
    re.IGNORECASE,
)
"""Where the thing asked for is at home: “… in Spark?”"""
_PLAIN_WORD = re.compile(r"(?<![\w.`_/])[A-Za-z]+(?![\w`_])")
_SETTING = re.compile(r"(?<![\w.])[A-Za-z]\w*(?:\.\w+)+(?![\w.]*\w)")
"""A name with dots: of a setting, a function or a table."""
_WORD = re.compile(r"[a-z]+")
_NAME = re.compile(r"[a-z0-9]+")


def clean_question(question: str) -> str:
    """The question without control and invisible characters and surplus space.

    Raises:
        QuestionError: it is empty, too long, or holds no letter or digit.
    """
    if len(question) > MOST_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; ask in at most {MOST_CHARACTERS:,}"
        )
    visible = (c for c in question if unicodedata.category(c) != "Cf")
    printable = "".join(c if c.isprintable() else " " for c in visible)
    clean = " ".join(printable.encode("utf-8", "ignore").decode("utf-8").split())
    if not clean:
        raise QuestionError("the question is empty; ask something such as “What does VACUUM delete?”")
    if not any(character.isalnum() for character in clean):
        raise QuestionError(f"the question “{clean[:40]}” has no words; ask it in English words")
    return clean


def without_markup(question: str) -> str:
    """The question without scripts, images, tags and sources' numbers; as it is where nothing else is in it.

    Letters in another width or style become plain ones.
    """
    letters = "".join(unicodedata.normalize("NFKC", c) if c.isalnum() else c for c in question)
    words = MARKUP.sub(" ", _SCRIPT.sub(" ", letters))
    plain = " ".join(_SOURCE.sub(" ", words).split())
    return plain if any(character.isalnum() for character in plain) else question


def without_place(question: str) -> str:
    """The question without “in Spark” or the like at its end, which tells no two things of it apart."""
    return _PLACE.sub("", question)


def cloud_asked(question: str) -> Cloud:
    """The one cloud that a question names; empty if it names none, or several."""
    named = [cloud for cloud, names in CLOUD_NAMES.items() if names.search(question)]
    return named[0] if len(named) == 1 else ""


class Speller:
    """Mends words that neither the documents nor the language know. Safe to share between threads.

    Args:
        texts: what the documents say; their words are what a slip is mended to.
        english: words of the language, which are right although no document uses them.
        stem: the stems of words, so that an inflected word is known by its root.
    """

    def __init__(
        self, texts: Iterable[str], english: Collection[str], stem: Callable[[Sequence[str]], Sequence[str]]
    ) -> None:
        self._texts = texts
        self._english = english
        self._stem = stem

    def corrected(self, question: str) -> str:
        """The question with its slips mended, also in the names of settings that the documents have.

        Other code, paths and names with digits stay as they are.
        """
        mended = _SETTING.sub(lambda match: self._setting(match[0]), question)
        return _PLAIN_WORD.sub(lambda match: self._word(match[0]), mended)

    @cached_property
    def _settings(self) -> dict[str, str]:
        return {name.lower(): name for text in self._texts for name in _SETTING.findall(text)}

    def _setting(self, typed: str) -> str:
        name = typed.lower()
        if len(name) < SETTING or name in self._settings:
            return typed
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        slips = 1 if len(name) < LONG_SETTING else 2
        near = process.extractOne(name, self._settings.keys(), scorer=OSA.distance, score_cutoff=slips)
        return self._settings[near[0]] if near else typed

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(word for text in self._texts for word in _WORD.findall(text.lower()))

    @cached_property
    def _stems(self) -> frozenset[str]:
        words = {*self._english, *self._counts}
        return frozenset(self._stem([word for word in words if len(word) >= FEWEST_LETTERS]))

    @cached_property
    def _choices(self) -> list[str]:
        return [word for word in self._counts if len(word) >= FEWEST_LETTERS]

    def _word(self, typed: str) -> str:
        word = typed.lower()
        acronym = typed.isupper() or typed[:-1].isupper()
        if len(word) < FEWEST_LETTERS or acronym or self._is_known(word):
            return typed
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        slips = 1 if len(word) < LONG_WORD else 2
        near = process.extract(word, self._choices, scorer=OSA.distance, score_cutoff=slips, limit=20)
        likely = [
            (distance, sorted(choice) != sorted(word), -self._counts[choice], choice)
            for choice, distance, _ in near
            # Few people mistype the first letter, unless they swap it with the second.
            if choice[0] == word[0] or sorted(choice) == sorted(word)
        ]
        return min(likely)[-1] if likely else typed

    def _is_known(self, word: str) -> bool:
        return word in self._counts or word in self._english or not self._stems.isdisjoint(self._stem([word]))


class Expander:
    """Puts today's name beside a former name or an everyday word for it. Safe to share between threads."""

    def __init__(self, glossary: Sequence[Term]) -> None:
        self._terms: dict[str, list[str]] = {}
        self._explained: dict[frozenset[str], set[str]] = {}
        for term in glossary:
            for name in (term.term, *term.also, *term.was):
                self._explained.setdefault(frozenset(terms(name)), set()).add(term.section)
            for name in (*term.was, *term.also):
                if _spaced(name):
                    self._terms.setdefault(_spaced(name), []).append(term.term)
        self._position = {name: position for position, name in enumerate(self._terms)}
        self._most_words = max((name.count(" ") + 1 for name in self._terms), default=0)

    def expansion(self, question: str) -> tuple[str, ...]:
        """The terms of the glossary that the question means without saying so."""
        asked = _spaced(question)
        words = asked.split()
        said = {
            " ".join(words[begin : begin + count])
            for begin in range(len(words))
            for count in range(1, self._most_words + 1)
        }
        found = (
            term
            for name in sorted(said & self._terms.keys(), key=self._position.__getitem__)
            for term in self._terms[name]
            if f" {_spaced(term)} " not in f" {asked} "
        )
        return tuple(dict.fromkeys(found))

    def explained_in(self, question: str) -> frozenset[str]:
        """The sections that explain the term of the glossary that the question asks for, and nothing else."""
        asked = (frozenset(terms(text)) for text in (question, without_place(question)))
        return frozenset(next((self._explained[one] for one in asked if one and one in self._explained), ()))


def _spaced(text: str) -> str:
    """The words of a name, one space between them, so that names are compared as words."""
    return " ".join(_NAME.findall(text.lower()))
