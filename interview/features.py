"""A question and an answer → numbers per key point, from which the grader's classifier judges. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ingest.embedder import Vectors
from interview import cues
from interview.bank import KeyPoint, Misconception, Question
from interview.cues import LEAST_GLUE
from interview.reading import Reading

Numbers = NDArray[np.float32]

SIMILARITY, OVERLAP = 0.75, 0.25
"""Weights of nearness in meaning and of shared words where the best unit of a point is chosen."""
RELATED = 0.5
"""Least similarity of a correction, or a claim, to the key point that the misconception contradicts."""
ON_THE_SUBJECT = 0.3
"""Least similarity of a sentence to the question or to a point for it to belong to the answer at all."""
REPEATED = 0.9
"""Similarity from which a unit of the answer is the question given back."""
READ = 2
"""How many units are read beside each point, the likeliest first."""

NEITHER = (0.0, 0.0, 1.0)

Stances = Callable[[Sequence[tuple[str, str]]], Vectors]
"""How the second text of each pair stands to the first, as `PairReader.stances`."""


@dataclass(frozen=True)
class Words:
    """What a text's words are worth: the retriever's stems and their rarity."""

    terms: Callable[[str], Sequence[str]]
    rarity: Callable[[str], float]


@dataclass(frozen=True)
class Material:
    """A question with the vectors of its texts."""

    question: Question
    wrong: tuple[Misconception, ...]
    """The question's own misconceptions, or for one from outside the handbook's for its section."""
    vectors: Mapping[str, Vectors]
    words: Words

    @property
    def points(self) -> tuple[KeyPoint, ...]:
        """The key points."""
        return self.question.key_points

    @cached_property
    def ways(self) -> list[Vectors]:
        """Per point the vectors of its text and its other ways, (ways, dimension)."""
        return [np.stack([self.vectors[way] for way in (p.text, *p.says)]) for p in self.points]

    @cached_property
    def texts(self) -> Vectors:
        """The vectors of the points' texts, (points, dimension)."""
        return np.stack([self.vectors[point.text] for point in self.points])

    @cached_property
    def claims(self) -> Vectors:
        """The vectors of the wrong claims, (claims, dimension)."""
        return self._stacked([wrong.claim for wrong in self.wrong])

    @cached_property
    def corrections(self) -> Vectors:
        """The vectors of their corrections, (claims, dimension)."""
        return self._stacked([wrong.correction for wrong in self.wrong])

    @cached_property
    def belongs(self) -> Numbers:
        """How near each misconception is to each point, (claims, points); 0 below `RELATED`."""
        if not self.wrong:
            return np.zeros((0, len(self.points)), np.float32)
        near = np.maximum(self.corrections @ self.texts.T, 0.95 * (self.claims @ self.texts.T))
        return np.where(near >= RELATED, near, 0.0).astype(np.float32)

    @cached_property
    def given(self) -> frozenset[str]:
        """The stems that the question gave away: saying them again earns nothing."""
        return frozenset(self.words.terms(self.question.question))

    @cached_property
    def weights(self) -> list[dict[str, float]]:
        """Per point, the rarity of each of its stems that the question did not give away."""
        return [
            {term: self.words.rarity(term) for term in self.words.terms(p.text) if term not in self.given}
            for p in self.points
        ]

    def _stacked(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.texts.shape[1]), np.float32)
        return np.stack([self.vectors[text] for text in texts])


@dataclass(frozen=True)
class Features:
    """What the classifier sees of an answer, and where."""

    values: Numbers
    """(points, features), the columns of `NAMES`."""
    best: NDArray[np.intp]
    """Per point, the unit that says it best."""
    against: NDArray[np.intp]
    """Per point, the unit that contradicts it most."""
    contradicts: Numbers
    """Per point, how likely that unit does, as the pair reader reads it alone."""
    right: Numbers
    """Per unit, its similarity to the nearest point, however put."""
    repeated: float
    """The share of the sentences that are the question given back."""


# The length of an answer and its bullet points are left out on purpose: they tell the levels of our own
# graded answers apart (Pearson 0.89 instead of 0.85 by cross-validation), and padding would earn points.
NAMES = (
    "text", "way", "text at best", "way at best", "overlap at best", "overlap", "next best", "margin",
    "point to question", "less question", "figures said", "figures at best", "no figures", "other figures",
    "names said", "no names", "denies", "denied", "opposed", "opposed here", "glue", "list", "length",
    "hedged", "reported", "says", "answer: way", "answer: best way", "answer: glue", "answer: opposed",
    "answer: overlap", "answer: denies", "rank", "kept", "centre", "share of best", "answer: figures",
    "answer: hedged", "answer: absolute", "absolute", "answer: excused", "answer: margin", "answer: at best",
    "states", "states at best", "contradicts", "contradicts at best", "states less contradicts",
    "answer: states", "answer: contradicts", "answer: likely states", "answer: likely contradicts",
)  # fmt: skip


def features(material: Material, reading: Reading, stances: Stances) -> Features:
    """Describe an answer, point by point."""
    stated = np.array([cues.glue(unit) for unit in reading.units], np.float32)
    asked = reading.vectors @ material.vectors[material.question.question]
    vectors = np.where((asked >= REPEATED)[:, None], 0.0, reading.vectors)
    vectors[stated < LEAST_GLUE] = 0.0
    text = vectors @ material.texts.T
    way = np.stack([(vectors @ ways.T).max(axis=1) for ways in material.ways], axis=1)
    said = [set(material.words.terms(unit)) for unit in reading.units]
    overlap = np.array(
        [[_share(weights, terms) for weights in material.weights] for terms in said], np.float32
    )
    overlap[stated < LEAST_GLUE] = 0.0
    evidence = SIMILARITY * way + OVERLAP * overlap
    evidence[stated < LEAST_GLUE] = -1.0
    best = evidence.argmax(axis=0)
    read, judged = _read(material, reading.units, evidence, stances)
    against = read[np.arange(len(read)), judged[:, :, 1].argmax(axis=1)]
    # Demands, markup and padding must not colour what is said of the answer as a whole.
    near = np.maximum(way.max(axis=1), asked)[: reading.sentences] >= ON_THE_SUBJECT
    chosen = np.flatnonzero(near) if near.any() else np.arange(reading.sentences)
    everything = set().union(*(said[i] for i in chosen))
    whole = "\n".join(reading.units[i] for i in chosen)
    centre = _unit(reading.vectors[chosen].mean(axis=0))
    rows = []
    for p in range(len(material.points)):
        b = int(best[p])
        rows.append(
            [
                text[:, p].max(),
                way[:, p].max(),
                text[b, p],
                way[b, p],
                overlap[b, p],
                _share(material.weights[p], everything),
                _next_best(way[: reading.sentences, p]),
                way[b, p] - _others(way[b], p),
                float(material.texts[p] @ material.vectors[material.question.question]),
                way[b, p] - asked[b],
                *_words(material, p, reading.units[b], whole),
                stated[b],
                cues.commas(reading.units[b]),
                np.log1p(len(reading.units[b].split())),
                cues.is_hedged(reading.units[b]),
                cues.is_reported(reading.units[b]),
                len(material.points[p].says) > 0,
                way.max(axis=0).mean(),
                way.max(),
                cues.glue(whole),
                0.0,
                np.mean([_share(weights, everything) for weights in material.weights]),
                0.0,
                float((way[b] > way[b, p]).sum()) / len(material.points),
                _kept(material, p, said[b]),
                float(centre @ material.texts[p]),
                float((best == b).mean()),
                0.0,
                float(cues.is_hedged(whole)),
                cues.absolutes(whole),
                cues.absolutes(reading.units[b]),
                cues.contrasts(whole),
                float(np.mean([way[i, q] - _others(way[i], q) for q, i in enumerate(best)])),
                float(np.mean([overlap[i, q] for q, i in enumerate(best)])),
            ]
        )
    values = np.hstack([np.array(rows, np.float32), _as_columns(judged)])
    for target, source in (
        ("answer: opposed", "opposed"),
        ("answer: denies", "denied"),
        ("answer: figures", "other figures"),
    ):
        values[:, NAMES.index(target)] = values[:, NAMES.index(source)].mean()
    repeated = float((asked[: reading.sentences] >= REPEATED).mean())
    return Features(values, best, against, judged[:, :, 1].max(axis=1), way.max(axis=1), repeated)


def _words(material: Material, p: int, unit: str, whole: str) -> list[float]:
    """Figures, names, denials and opposites of a point beside those of the unit that says it best."""
    point = material.points[p]
    given = cues.numbers(material.question.question)
    figures = cues.numbers(point.text) - given
    here = cues.numbers(unit)
    known = given.union(*(cues.numbers(way) for way in (point.text, *point.says)))
    names = cues.names(point.text) - cues.names(material.question.question)
    low = whole.lower()
    own = set(cues.words(point.text))
    denied, points_denied = cues.denied(unit), cues.denied(point.text)
    shared = own & set(cues.words(unit))
    turned = (denied ^ points_denied) & shared
    total = len(own) or 1
    return [
        len(figures & cues.numbers(whole)) / len(figures) if figures else 0.0,
        len(figures & here) / len(figures) if figures else 0.0,
        float(not figures),
        float(bool(figures) and not figures & here) * min(1.0, len(here - known)),
        sum(name in low for name in names) / len(names) if names else 0.0,
        float(not names),
        float(cues.negates(unit) != cues.negates(point.text)),
        len(turned) / total,
        float(min(cues.opposed(way, unit) for way in (point.text, *point.says))),
        float(cues.opposed(point.text, unit)),
    ]


def _read(
    material: Material, units: Sequence[str], evidence: Numbers, stances: Stances
) -> tuple[NDArray[np.intp], Numbers]:
    """Per point, the units read, the likeliest first, and their stances (points, units read, stances)."""
    likeliest = np.argsort(-evidence, axis=0, kind="stable")[:READ].T
    pairs = [
        (point.text, units[unit])
        for point, chosen in zip(material.points, likeliest, strict=True)
        for unit in chosen
    ]
    judged = stances(pairs).reshape(*likeliest.shape, -1)
    # A pile of terms and the question given back state nothing.
    judged[np.take_along_axis(evidence.T, likeliest, axis=1) <= 0] = NEITHER
    return likeliest, judged


def _as_columns(judged: Numbers) -> Numbers:
    """The last columns of `NAMES`."""
    states, contradicts = judged[:, :, 0], judged[:, :, 1]
    points = len(judged)
    likely = _log_odds(states.max(axis=1)), _log_odds(contradicts.max(axis=1))
    return np.stack(
        [
            likely[0],
            _log_odds(states[:, 0]),
            likely[1],
            _log_odds(contradicts[:, 0]),
            likely[0] - likely[1],
            np.full(points, states.max(axis=1).mean()),
            np.full(points, contradicts.max(axis=1).mean()),
            np.full(points, likely[0].mean()),
            np.full(points, likely[1].mean()),
        ],
        axis=1,
    ).astype(np.float32)


def _log_odds(likely: Numbers) -> Numbers:
    return np.asarray(np.log((likely + 0.01) / (1.01 - likely)), np.float32)


def _share(weights: Mapping[str, float], terms: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


def _kept(material: Material, p: int, terms: set[str]) -> float:
    """The share of the point's own stems, given away or not, that a unit keeps."""
    own = set(material.words.terms(material.points[p].text))
    return len(own & terms) / len(own) if own else 0.0


def _next_best(way: Numbers) -> float:
    return float(np.sort(way)[-2]) if len(way) > 1 else 0.0


def _others(row: Numbers, p: int) -> float:
    rest = np.delete(row, p)
    return float(rest.max()) if len(rest) else 0.0


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0), np.float32)
