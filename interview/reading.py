"""An answer as it was typed → what of it can be graded, cut into units."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.chunks import split_sentences
from ingest.embedder import Vectors
from interview.cues import glue

MOST_CHARACTERS = 20_000
"""About 3,000 words; what is beyond is not graded, and the feedback says so."""
FEWEST_WORDS = 4
MOST_SYMBOLS = 0.5
"""Brackets, operators and the like per word, from which a text is code."""

_ENGLISH = frozenset(
    re.findall(r"\w+", "the a an and or to of in is are it that for on with as by be not you so if this can")
)
_FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_SYMBOLS = re.compile(r"[(){}\[\]=;<>*+|\\]|--|\w\.\w+\(")


@dataclass(frozen=True)
class Reading:
    """An answer cut into units: sentences, then neighbouring pairs of them, each to the letter."""

    units: tuple[str, ...]
    sentences: int
    """How many of the units are sentences; they come first."""
    vectors: Vectors


def ungradable(answer: str) -> str:
    """Why an answer cannot be graded; empty if it can."""
    words = re.findall(r"\w+", answer)
    if not words:
        return "the answer is empty. Write what you would say, in a few sentences."
    if _is_code(answer):
        return "the answer is code only, and this grader reads sentences. Say what the code does and why."
    letters = [character for character in answer if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    common = sum(word.lower() in _ENGLISH for word in words)
    # Before the words are counted: Chinese puts no space between them.
    if not letters or latin < 0.7 * len(letters) or (len(words) >= 12 and common < 0.04 * len(words)):
        return "the answer does not read as English sentences, and this grader reads only those."
    if len(words) < FEWEST_WORDS:
        return f"“{answer.strip()[:40]}” is too short to state anything. Say it in a sentence."
    return ""


def read(answer: str, encode: Callable[[Sequence[str]], Vectors]) -> Reading:
    """Cut an answer into units and give each its vector; a pair's is the mean of its two sentences'."""
    lines = [line for line in answer.split("\n") if line.strip()]
    sentences = [sentence for line in lines for sentence in split_sentences(line)]
    spans: list[tuple[int, int]] = []
    end = 0
    for sentence in sentences:
        begin = answer.find(sentence, end)
        end = begin + len(sentence)
        spans.append((begin, end))
    pairs = [answer[spans[i][0] : spans[i + 1][1]] for i in range(len(spans) - 1)]
    vectors = encode(sentences)
    if pairs:
        sums = vectors[:-1] + vectors[1:]
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        vectors = np.concatenate([vectors, sums / np.where(lengths, lengths, 1.0)])
    return Reading((*sentences, *pairs), len(sentences), np.asarray(vectors, np.float32))


def _is_code(answer: str) -> bool:
    prose = _FENCED.sub(" ", answer)
    if not re.search(r"\w", prose):
        return True
    words = re.findall(r"\w+", prose)
    # The keywords of SQL are English words, in capitals.
    joined = glue(re.sub(r"\b[A-Z]{2,}\b", " ", prose))
    return len(_SYMBOLS.findall(prose)) > MOST_SYMBOLS * len(words) and joined < 0.3
