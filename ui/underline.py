"""A section's text with its references to other sections and the glossary's terms as links. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.chunks import SKIPPED_BLOCKS
from ingest.glossary import Term
from ingest.sections import Section, slug

EVERYDAY = 0.1
"""A plain word in a larger share of the sections is explained in its own chapter only: elsewhere
“share” or “task” mean what they mean to everybody."""
FAMILIAR = 0.25
"""So is any other name: whoever reads on has met it."""

_ACRONYM = re.compile(r"[A-Z][A-Za-z]{0,3}[A-Z]s?")
_PLAIN = re.compile(r"[a-z]+")
_QUALIFIER = re.compile(r"\s*\([^)]*\)$")
_WORD = re.compile(r"(?<![\w`/.-])\w+")
_REFERENCE = re.compile(r"\bsections?\s+\d+\.\d+(?:(?:,| and| or| to|, and) \d+\.\d+)*")
_NUMBER = re.compile(r"\d+\.\d+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE_OR_LINK = re.compile(r"(`+).+?\1|!?\[[^\]]*\](?:\([^)]*\))?|<[^>\s]+>|https?://\S+")


@dataclass(frozen=True)
class _Name:
    """A name of a term, as it is looked for."""

    pattern: re.Pattern[str]
    length: int
    plain: bool
    term: Term


class Underliner:
    """Finds the terms that a section uses. Made once for a handbook; safe to share between threads."""

    def __init__(self, glossary: Sequence[Term], sections: Sequence[Section]) -> None:
        self._sections = {section.number for section in sections}
        self._names: dict[str, list[_Name]] = {}
        for term in glossary:
            for name in _names(term):
                self._names.setdefault(_first(name), []).append(_name(name, term))
        for names in self._names.values():
            names.sort(key=lambda name: -name.length)
        using = Counter(
            name for section in sections for name in {name for _, _, name in self._found(section.text)}
        )
        most = {name: len(sections) * (EVERYDAY if name.plain else FAMILIAR) for name in using}
        self._common = {name for name, count in using.items() if count > most[name]}

    def underlined(self, section: Section, text: str) -> tuple[str, Mapping[str, Term]]:
        """The text with links: the first use of each term in each block, and each reference to a section.

        Args:
            section: what the text belongs to.
            text: the section's Markdown, or a part of it.

        Returns:
            The text, and the terms by the keys of their links, `#term-KEY`.
        """
        terms: dict[str, Term] = {}
        links = [
            (begin, end, f"handbook?section={text[begin:end]}")
            for begin, end in self._referred(section, text)
        ]
        for begin, end, name in self._found(text):
            if self._is_worth_it(name, section):
                key = slug(name.term.term)
                terms[key] = name.term
                links.append((begin, end, f"#term-{key}"))
        pieces, at = [], 0
        for begin, end, target in sorted(links):
            pieces += [text[at:begin], f"[{text[begin:end]}]({target})"]
            at = end
        return "".join((*pieces, text[at:])), terms

    def _referred(self, section: Section, text: str) -> Iterator[tuple[int, int]]:
        """Where the numbers of other sections stand in references such as “section 2.1”."""
        for begin, line in _prose(text):
            for reference in _REFERENCE.finditer(_masked(line)):
                for number in _NUMBER.finditer(reference[0]):
                    if number[0] in self._sections and number[0] != section.number:
                        at = begin + reference.start()
                        yield at + number.start(), at + number.end()

    def _is_worth_it(self, name: _Name, section: Section) -> bool:
        at_home = name.term.section.partition(".")[0] == str(section.chapter)
        return (at_home or name not in self._common) and not name.pattern.search(section.title)

    def _found(self, text: str) -> Iterator[tuple[int, int, _Name]]:
        """Where the terms stand, each once in a block; nothing in code, links, headings or table heads."""
        seen: set[Term] = set()
        for begin, line in _prose(text):
            if line.startswith("###"):
                seen = set()
                continue
            masked = _masked(line)
            end = 0
            for word in _WORD.finditer(masked):
                found = self._at(masked, word) if word.start() >= end else None
                if not found:
                    continue
                end, name = found
                if name.term not in seen:
                    seen.add(name.term)
                    yield begin + word.start(), begin + end, name

    def _at(self, line: str, word: re.Match[str]) -> tuple[int, _Name] | None:
        for first in _singulars(word[0].lower()):
            for name in self._names.get(first, ()):
                if match := name.pattern.match(line, word.start()):
                    return match.end(), name
        return None


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Lines in which terms may be marked, and block headings, with their places in the text."""
    at, fence, skipped = 0, False, False
    lines = text.split("\n")
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else ""
        table_head = line.startswith("|") and re.fullmatch(r"[\s|:-]+", following)
        if _FENCE.match(line):
            fence = not fence
        elif line.startswith("#") and not fence:
            skipped = line.lstrip("# ") in SKIPPED_BLOCKS
            yield at, "###"
        elif not (fence or skipped or table_head):
            yield at, line
        at += len(line) + 1


def _masked(line: str) -> str:
    """The line with code and links made unreadable, each letter in its place."""
    return _CODE_OR_LINK.sub(lambda match: "`" * len(match[0]), line)


def _names(term: Term) -> tuple[str, ...]:
    """What stands for a term in the text: its name, former names and acronyms, not any paraphrase."""
    acronyms = (also for also in term.also if _ACRONYM.fullmatch(also))
    return tuple(dict.fromkeys((_QUALIFIER.sub("", term.term), *term.was, *acronyms)))


def _name(name: str, term: Term) -> _Name:
    case = re.IGNORECASE if name == name.lower() else re.NOFLAG
    pattern = re.compile(rf"{re.escape(name)}(?:e?s)?(?![\w-])", case)
    return _Name(pattern, len(name), bool(_PLAIN.fullmatch(name)), term)


def _first(name: str) -> str:
    word = re.match(r"\w+", name)
    return word[0].lower() if word else ""


def _singulars(word: str) -> tuple[str, ...]:
    return (word, *(word[: -len(end)] for end in ("s", "es") if word.endswith(end)))
