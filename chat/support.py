"""Does a passage say what a sentence says? Nearness in meaning, shared words, figures and denials."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from chat.citations import is_quotable, plain
from ingest.chunks import Chunk, Sentence
from ingest.embedder import Vectors
from retriever.search import Retriever

SIMILARITY, OVERLAP = 0.6, 0.4
"""Weights of nearness in meaning and of shared words in the evidence."""
SUPPORTED = 0.62
"""Least evidence for `supported`."""
LEAST_OVERLAP = 0.4
"""Least share of the sentence's words, weighed by rarity, that the passage must use."""
LEAST_SIMILARITY = 0.45
"""Least similarity of one quote to a sentence that its passage supports, since the quote is what is shown."""
NEAR = 0.35
"""Least similarity of a quote to the sentence whose place it takes."""
CLAIM = 0.6
"""Least similarity to a wrong claim to be taken for it."""
SAME_MATTER = 0.3
"""Least similarity of the sentence that holds a figure to the sentence that repeats it."""
SAME_WORDS = 0.7
"""Share of the shorter sentence's words that two have in common when one may deny the other."""
NEARLY_ALL_WORDS = 0.8
"""Share of the longer one's words from which a negation more or less is a denial."""
OPPOSED = 0.5
"""Least similarity of a sentence to its denial."""

_NUMBER_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30", "hundred": "100",
    "thousand": "1000",
}  # fmt: skip
_UNIT = (
    r"milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?"
    r"|bytes?|[kmgtp]i?b|[kmgtp]b|%|percent|times|x|dbus?|dollars?|cores?|rows?|files?|columns?|workers?|nodes?"
)
_FIGURE = re.compile(rf"(?<![\w.])([$€£]?)(\d[\d,]*(?:\.\d+)?)(?:[\s-]?({_UNIT})(?!\w))?", re.IGNORECASE)
_NAME = re.compile(
    r"`([^`\n]+)`"  # whatever the writer marks as code
    r"|(?<![\w.])((?:https?://|www\.)\S*\w)"
    r"|(?<![\w.])([A-Za-z]\w*(?:[._]\w+)+)"  # spark.sql.shuffle.partitions, _delta_log
    r"|\b([A-Z]?[a-z]+(?:[A-Z][a-z0-9]*)+)\b"  # mergeSchema
)
_NEGATION = re.compile(
    r"\b(not|no|never|none|neither|nor|cannot|without|nothing|nobody)\b|n['’]t\b", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"[,;:.()–—]|\b(?:and|or|but|so|because|since|while|when|if|unless|until)\b")
_OPPOSITES = tuple(
    (re.compile(rf"\b({one})\b", re.IGNORECASE), re.compile(rf"\b({other})\b", re.IGNORECASE))
    for one, other in (
        (r"always", r"never"),
        (r"before", r"after"),
        (r"enabl\w+", r"disabl\w+"),
        (r"increas\w+|rais\w+|grow\w*", r"decreas\w+|reduc\w+|lower\w*|shrink\w*"),
        (r"faster|quicker", r"slower"),
        (r"cheaper", r"dearer|costlier|more expensive"),
        (r"more", r"fewer|less"),
        (r"larger|bigger", r"smaller"),
        (r"minimum|at least", r"maximum|at most"),
        (r"allows?|permits?|lets?", r"prevents?|forbids?|blocks?|rejects?"),
        (r"keeps?|retains?", r"deletes?|removes?|drops?"),
        (r"synchronous\w*", r"asynchronous\w*"),
        (r"managed", r"external"),
        (r"every|all", r"only some|no"),
    )
)


@dataclass(frozen=True)
class Support:
    """The quote that comes nearest to a sentence, and whether its passage says what the sentence says."""

    supported: bool
    chunk: Chunk
    quote: Sentence
    evidence: float
    """0 to 1; what decides between passages."""
    similarity: float
    """Cosine similarity of the sentence to the quote, -1 to 1."""


class Passages:
    """The numbered passages of one request, ready to be compared with."""

    def __init__(self, chunks: Sequence[Chunk], retriever: Retriever) -> None:
        self._retriever = retriever
        self._passages = [_Passage(chunk, retriever) for chunk in chunks]

    def __len__(self) -> int:
        return len(self._passages)

    def support(self, sentence: str, numbers: Sequence[int] = ()) -> Support | None:
        """The best support for a sentence.

        A sentence that the passages it cites do not support is looked for in the others: a wrong
        number is mended, a wrong sentence is not.

        Args:
            sentence: Markdown without its numbers.
            numbers: the passages it cites, from 1; what is not there is passed over.

        Returns:
            The support; for an unsupported sentence the nearest quote of what it cites. None if no
            passage can be quoted.
        """
        words = plain(sentence)
        (vector,) = self._retriever.encode([words])
        found = [support for p in self._passages if (support := self._compare(sentence, words, vector, p))]
        # What one passage denies, no other's nearness can support.
        if any(self._is_denied(words, vector, passage) for passage in self._passages):
            found = [replace(support, supported=False) for support in found]
        cited = [self._passages[number - 1].chunk for number in numbers if 1 <= number <= len(self)]
        of_cited = [support for support in found if support.chunk in cited]
        for choice in (of_cited, found):
            supporting = [support for support in choice if support.supported]
            if supporting:
                return max(supporting, key=lambda support: support.evidence)
        return max(of_cited or found, key=lambda support: support.similarity, default=None)

    def code(self, code: str, numbers: Sequence[int] = ()) -> Support | None:
        """The passage that holds every line of a piece of code to the letter; None if none does."""
        lines = [" ".join(line.split()) for line in code.split("\n") if line.strip()]
        order = sorted(range(len(self)), key=lambda at: at + 1 not in numbers)
        for passage in (self._passages[at] for at in order):
            for sentence in passage.quotes:
                there = [" ".join(line.split()) for line in sentence.text.split("\n")]
                if lines and sentence.kind == "code" and all(line in there for line in lines):
                    return Support(True, passage.chunk, sentence, 1.0, 1.0)
        return None

    def _compare(self, sentence: str, words: str, vector: Vectors, passage: "_Passage") -> Support | None:
        if not passage.quotes:
            return None
        similarities = passage.vectors @ vector
        near = similarities[: len(passage.quotes)]
        best = int(near.argmax())
        quote = passage.quotes[best]
        terms = set(self._retriever.terms(words))
        overlap = self._overlap(terms, passage.terms)
        evidence = SIMILARITY * max(0.0, float(similarities.max())) + OVERLAP * overlap
        supported = (
            evidence >= SUPPORTED
            and overlap >= LEAST_OVERLAP
            and near[best] >= LEAST_SIMILARITY
            and passage.has_names(sentence)
            and passage.has_figures(words, near)
        )
        return Support(supported, passage.chunk, quote, evidence, float(near[best]))

    def _is_denied(self, words: str, vector: Vectors, passage: "_Passage") -> bool:
        """Whether a passage says the contrary, or quotes the sentence as a claim that is wrong."""
        if not passage.quotes:
            return False
        near = passage.vectors[: len(passage.quotes)] @ vector
        return passage.calls_wrong(vector, float(near.max())) or any(
            self._denies(words, set(self._retriever.terms(words)), quote.text)
            for quote, similarity in zip(passage.quotes, near, strict=True)
            if similarity >= OPPOSED
        )

    def _overlap(self, terms: set[str], there: frozenset[str]) -> float:
        """The share of terms that a passage uses, weighed by rarity."""
        weights = {term: self._retriever.rarity(term) for term in terms}
        total = sum(weights.values())
        return sum(weight for term, weight in weights.items() if term in there) / total if total else 0.0

    def _denies(self, words: str, terms: set[str], other: str) -> bool:
        """Whether one sentence says the other's words with a negation too many, or with an opposite."""
        text = plain(other)
        theirs = set(self._retriever.terms(text))
        smaller = min(len(terms), len(theirs)) or 1
        if len(terms & theirs) < SAME_WORDS * smaller:
            return False
        ours_denied, theirs_denied = self._denied(words), self._denied(text)
        same = len(terms & theirs) >= NEARLY_ALL_WORDS * max(len(terms), len(theirs))
        if same and len(ours_denied) != len(theirs_denied):
            return True
        if _one_sided(ours_denied, theirs_denied, theirs) or _one_sided(theirs_denied, ours_denied, terms):
            return True
        return any(
            _opposed(words, text, one, two) or _opposed(words, text, two, one) for one, two in _OPPOSITES
        )

    def _denied(self, text: str) -> list[list[str]]:
        """What each negation of a text denies: the first words of its clause that carry meaning."""
        clauses = [_CLAUSE_END.split(text[match.end() :], 1)[0] for match in _NEGATION.finditer(text)]
        return [list(self._retriever.terms(clause)[:2]) for clause in clauses]


class _Passage:
    """A passage with the vectors, words and figures it is compared by."""

    def __init__(self, chunk: Chunk, retriever: Retriever) -> None:
        self.chunk = chunk
        self.quotes = [sentence for sentence in chunk.sentences if is_quotable(sentence, chunk)]
        # A wrong claim that the passage quotes to correct it is not said by the passage.
        said = [plain(s.embedding_text() if s.kind == "row" else s.text) for s in self.quotes]
        claims = [plain(s.context) for s in self.quotes if s.kind == "correction"]
        pairs = [f"{one} {two}" for one, two in pairwise(said)]
        vectors = retriever.encode([*said, *pairs, *claims])
        self.vectors: Vectors = vectors[: len(said) + len(pairs)]
        self._claims: Vectors = vectors[len(said) + len(pairs) :]
        self._figures = [_figures(text) for text in said]
        text = " ".join((chunk.title, chunk.heading, *said))
        self._text = _folded(text)
        self.terms = frozenset(retriever.terms(text))

    def calls_wrong(self, vector: Vectors, similarity: float) -> bool:
        """Whether a vector is nearer to a claim that the passage corrects than to all it says."""
        return bool(len(self._claims)) and float((self._claims @ vector).max()) >= max(CLAIM, similarity)

    def has_names(self, sentence: str) -> bool:
        """Whether every setting, name in code style and address of a sentence stands in the passage."""
        return all(_folded(name) in self._text for name in _names(sentence))

    def has_figures(self, words: str, near: np.ndarray) -> bool:
        """Whether every figure of a sentence stands, with its unit, in a sentence on the same matter."""
        return all(
            any(
                figure in figures and similarity >= SAME_MATTER
                for figures, similarity in zip(self._figures, near, strict=True)
            )
            for figure in _figures(words)
        )


def _names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(text):
        yield next(group for group in match.groups() if group)


def _figures(text: str) -> set[tuple[str, str, str]]:
    """Currency, number and unit of every figure: `(“”, “7”, “day”)`."""
    digits = re.sub(r"\b[A-Za-z]+\b", lambda match: _NUMBER_WORDS.get(match[0].lower(), match[0]), text)
    figures = set()
    for sign, number, unit in _FIGURE.findall(digits):
        value = number.replace(",", "").rstrip(".")
        figures.add((sign, value, _unit(unit.lower())))
    return figures


def _unit(unit: str) -> str:
    same = {
        "percent": "%",
        "x": "time",
        "h": "hour",
        "hr": "hour",
        "s": "second",
        "sec": "second",
        "min": "minute",
    }
    singular = unit if unit in ("s", "ms") else unit.removesuffix("s")
    return same.get(singular, singular)


def _folded(text: str) -> str:
    return " ".join(text.lower().replace("`", "").split())


def _one_sided(denied: list[list[str]], denied_there: list[list[str]], there: Set[str]) -> bool:
    """Whether something is denied here that is said there and denied nowhere there."""
    everything = {term for terms in denied_there for term in terms}
    return any(terms and terms[0] in there and everything.isdisjoint(terms) for terms in denied)


def _opposed(words: str, text: str, one: re.Pattern[str], two: re.Pattern[str]) -> bool:
    return bool(one.search(words) and two.search(text) and not two.search(words) and not one.search(text))
