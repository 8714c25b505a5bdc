"""A question → the lessons it resembles."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ingest.embedder import Vectors
from ingest.lessons import VECTORS, Lesson, read_lessons
from ingest.shipped import read_rows

NEAREST = 40
"""How many lessons are found besides those of the leading sections."""
BEST = 3
"""How many lessons speak for a section."""
NEAREST_SHARE = 0.5
"""How much of that the nearest says alone; the rest is the mean of all of them."""


class FoundLesson(NamedTuple):
    """A lesson that a search returned."""

    lesson: Lesson
    similarity: float
    """Cosine similarity of the two questions, -1 to 1."""


class LessonIndex:
    """The lessons of a handbook and their vectors; empty for other collections. Safe to share.

    Args:
        corpus: the handbook's folder; None for a collection, which has no lessons.
        store: the folder of its published index.
        embedder: the identity of the model that made it.
    """

    def __init__(self, corpus: Path | None, store: Path, embedder: str) -> None:
        known = read_rows(store / VECTORS, embedder) if corpus else {}
        taught = read_lessons(corpus) if corpus else {}
        self._lessons = [one for lessons in taught.values() for one in lessons if one.hash in known]
        self._vectors = np.stack([known[lesson.hash] for lesson in self._lessons]) if self._lessons else None
        self._chapters = np.array([int(lesson.section.partition(".")[0] or 0) for lesson in self._lessons])
        rows_of: dict[str, list[int]] = {}
        for row, lesson in enumerate(self._lessons):
            rows_of.setdefault(lesson.section, []).append(row)
        self._rows = {section: np.array(rows) for section, rows in rows_of.items()}
        answered = {
            section: [row for row in rows if self._lessons[row].answered] for section, rows in rows_of.items()
        }
        self._taught = [section for section, rows in answered.items() if rows]
        # One row a section, filled up with a place after the last lesson, so that all are sorted at once.
        longest = max(map(len, answered.values()), default=0)
        self._grid = np.full((len(self._taught), max(longest, BEST)), len(self._lessons))
        for place, section in enumerate(self._taught):
            self._grid[place, : len(answered[section])] = answered[section]

    def near(self, vector: Vectors, chapters: Sequence[int]) -> Vectors:
        """How near each lesson is to a question, -1 to 1; -1 for those of other chapters than these."""
        if self._vectors is None:
            return np.zeros(0, np.float32)
        # Not `@`, as in `Store`.
        near: Vectors = np.einsum("ij,j->i", self._vectors, vector)
        if chapters:
            near[~np.isin(self._chapters, [0, *chapters])] = -1.0
        return near

    def sections(self, near: Vectors) -> dict[str, float]:
        """How near each section's `BEST` nearest answered lessons are, the nearest above all.

        What a section lacks counts as the farthest of all lessons, as in `by_group`.
        """
        if not self._taught:
            return {}
        here = near[self._grid[:, 0]] > -1
        rows = np.append(near, near[near > -1].min(initial=1.0))[self._grid[here]]
        nearest = np.partition(rows, -BEST, axis=1)[:, -BEST:]
        best = NEAREST_SHARE * nearest.max(axis=1) + (1 - NEAREST_SHARE) * nearest.mean(axis=1)
        sections = (section for section, is_here in zip(self._taught, here, strict=True) if is_here)
        return dict(zip(sections, best.tolist(), strict=True))

    def found(self, near: Vectors, sections: Sequence[str]) -> tuple[FoundLesson, ...]:
        """The nearest lessons, and all of some sections; the nearest first."""
        if not len(near):
            return ()
        count = min(NEAREST, len(near))
        there = [self._rows[section] for section in sections if section in self._rows]
        rows = np.unique(np.concatenate([np.argpartition(near, -count)[-count:], *there]))
        rows = rows[near[rows] > -1]
        ordered = rows[np.argsort(-near[rows], kind="stable")]
        found = zip(ordered.tolist(), near[ordered].tolist(), strict=True)
        return tuple(FoundLesson(self._lessons[row], similarity) for row, similarity in found)
