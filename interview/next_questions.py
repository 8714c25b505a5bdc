"""What a person may ask the handbook next: questions made of what it says, near what was just answered."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from chat.citations import plain
from ingest.glossary import Term
from ingest.sections import Section
from interview.bank import Question

OFFERED = 3
TRIED = 12
"""Candidates looked at before fewer are offered."""
LONGEST = 110
"""Characters of a question that still reads as one on a button."""

_MISTAKE = re.compile(r'^- \*\*["“](.+?)["”]\*\*', re.MULTILINE)

_ADVICE = re.compile(
    r"(add|allow|always|ask|avoid|block|build|buy|check|choose|copy|create|cut|define|delete|disable|do|drop"
    r"|enable|filter|fix|give|grant|increase|just|keep|let|load|make|move|never|partition|pick|point|put|raise"
    r"|read|rebuild|remove|replace|restart|restore|run|schedule|send|set|show|size|split|start|stop|store|switch"
    r"|take|test|then|treat|try|turn|use|wait|write)\b",
    re.IGNORECASE,
)
"""Wrong advice rather than a wrong claim: no “that” goes before it."""
_NOT_ONE_CLAIM = re.compile(r"[.;:?] ?|\b(I|we|our|us|my)\b", re.IGNORECASE)
_SMALL = frozenset(
    ["a", "all", "an", "any", "because", "each", "every", "if", "more", "most", "one", "only", "the", "two"]
)


@dataclass(frozen=True)
class Next:
    """A question and the section that should answer it."""

    question: str
    section: str


def offered(
    candidates: Iterator[Next], asked: Sequence[str], is_answered: Callable[[Next], bool]
) -> tuple[str, ...]:
    """The first few candidates that were not asked before and that the handbook answers.

    Args:
        candidates: best first.
        asked: what was asked in this conversation already.
        is_answered: whether the handbook answers a question; called for few of them.
    """
    before = {_alike(question) for question in asked}
    found: list[str] = []
    for _, candidate in zip(range(TRIED), candidates, strict=False):
        if _alike(candidate.question) not in before and is_answered(candidate):
            found.append(candidate.question)
        if len(found) == OFFERED:
            break
    return tuple(found)


def candidates(
    cited: Sequence[str],
    sections: Mapping[str, Section],
    terms: Sequence[Term],
    bank: Mapping[str, Question],
) -> Iterator[Next]:
    """Questions about the cited sections and those that the bank's questions draw on as well.

    Args:
        cited: the sections of an answer, most important first.
        sections: the handbook's, by number.
        terms: the glossary's.
        bank: the questions by id; those of a cited section name its neighbours.
    """
    here = [sections[number] for number in dict.fromkeys(cited) if number in sections]
    about = {section.number for section in here}
    drawn_on = Counter(also for q in bank.values() if q.section in about for also in q.also)
    beside = [sections[n] for n, _ in drawn_on.most_common() if n in sections and n not in about]
    kinds = (
        [Next(question, section.number) for section in here for question in _mistakes(section)],
        [_meaning(term) for section in here for term in terms if term.section == section.number],
        [Next(f"What are the trade-offs of {section.title}?", section.number) for section in beside],
    )
    for row in zip_longest(*kinds):
        yield from (candidate for candidate in row if candidate and len(candidate.question) <= LONGEST)


def _mistakes(section: Section) -> Iterator[str]:
    """The claims that a section corrects, as questions; those that cannot stand in one are left out."""
    for claim in _MISTAKE.findall(section.text):
        words = plain(claim).rstrip(".!")
        inside = _inside(words, section.text)
        if inside and not _ADVICE.match(words) and not _NOT_ONE_CLAIM.search(words):
            yield f"Is it true that {inside}?"


def _meaning(term: Term) -> Next:
    return Next(f"What does “{plain(term.term)}” mean?", term.section)


def _inside(claim: str, text: str) -> str:
    """A claim as it stands inside a sentence, or nothing if its first word may be a name or not."""
    first = re.match(r"[A-Z][a-z]*(?!\w)", claim)
    if not first:
        return claim
    word = first[0]
    small = word.lower()
    is_name = bool(re.search(rf"(?<!\w)[a-z]\w*,? {word}\b", text))
    is_word = bool(re.search(rf"(?<= ){small}\b", text)) and not is_name
    if small in _SMALL or is_word:
        return small + claim[len(word) :]
    return claim if is_name else ""


def _alike(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))
