"""BM25 over stemmed words: the only importer of bm25s."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w\w+")
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about after all also am an and any are as at be because been before being but by can could did do
        does doing done down each ever explain describe tell few for from further give get gets getting got
        had has have having he her here hers him his how however i if in into is it its just know let like
        ll make many may me might more most much must my need no nor not now of off on once one only or
        other our out over own please really s same shall she should show so some such t than that the their
        them then there these they thing things think this those through to too under until up upon us use
        used uses using ve very want was way we well were what when where whether which while who whom whose
        why will with without work works would you your mean means meaning exactly actually someone
        something between versus vs difference differences different differ compare compared comparison
        happens happen go goes going better best good bad worse worst right first always never possible
        """,
    )
)
"""Words that say how something is asked and not what is asked."""
# The stemmer keeps a cache of its own that is not made for threads.
_stemming = threading.Lock()


def terms(text: str) -> tuple[str, ...]:
    """The stems of the words that carry meaning, in order; setting names stay whole words."""
    return stems([word for word in WORD.findall(text.lower()) if word not in STOP_WORDS])


def stems(words: Sequence[str]) -> tuple[str, ...]:
    """The stem of each word, lower case."""
    with _stemming:
        return tuple(_stemmer().stemWords(words))


class LexicalIndex:
    """Word statistics of the chunks and of their sections, built in memory when a store is opened.

    Args:
        texts: one a chunk.
        groups: the section of each chunk.
    """

    def __init__(self, texts: Sequence[str], groups: Sequence[str]) -> None:
        tokens = [terms(text) for text in texts]
        together: dict[str, list[str]] = {}
        for group, stemmed in zip(groups, tokens, strict=True):
            together.setdefault(group, []).extend(stemmed)
        self._groups = list(together)
        self._documents = len(texts)
        self._frequency = Counter(term for stemmed in tokens for term in set(stemmed))
        self._chunks = _index(tokens)
        self._sections = _index(list(together.values()))

    def scores(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """The BM25 score of every chunk, in the order the texts were given."""
        return self._scores(self._chunks, terms, self._documents)

    def group_scores(self, terms: Sequence[str]) -> dict[str, float]:
        """The BM25 score of every section that shares a word, read as one text."""
        scores = self._scores(self._sections, terms, len(self._groups))
        return {group: float(score) for group, score in zip(self._groups, scores, strict=True) if score > 0}

    def rarity(self, term: str) -> float:
        """Inverse document frequency, 0 to 1; 1 for a word that no chunk holds."""
        frequency = self._frequency[term]
        return float(np.log((self._documents + 1) / (frequency + 0.5)) / np.log((self._documents + 1) / 0.5))

    def _scores(self, index: Any, terms: Sequence[str], count: int) -> NDArray[np.float32]:
        known = [term for term in terms if term in self._frequency]
        if not known:
            return np.zeros(count, dtype=np.float32)
        return np.asarray(index.get_scores(known), dtype=np.float32)


def _index(tokens: Sequence[Sequence[str]]) -> Any:
    import bm25s

    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    return index


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
