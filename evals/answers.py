"""What the answers say: the bank's key points found in them, and that every sentence is cited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat.citations import FEWEST_WORDS, Answer
from chat.compose import WORTH_WITH_LESSONS, candidates_of
from chat.extractive import ExtractiveAnswerer
from evals.metrics import interval, mean
from evals.questions import half_of, read_json_lines, read_questions
from evals.reading import SENTENCES
from ingest.pipeline import read_handbook
from interview.bank import Question, read_bank
from interview.grading import OfflineGrader
from retriever.query import MOST_CHARACTERS
from retriever.search import Retriever
from settings import Settings

MOST_WORDS = 220


@dataclass(frozen=True)
class Found:
    """How one answer did."""

    half: str
    recall: float
    words: int
    refused: bool


def measure(settings: Settings) -> dict[str, Any]:
    """Recall of the bank's key points in answers to its questions, and the citations of every answer."""
    retriever = Retriever(settings)
    answerer, grader = ExtractiveAnswerer(retriever), OfflineGrader(retriever)
    texts = {
        section.number: section.text
        for document in read_handbook(settings.corpus)
        for section in document.sections
    }
    found, faults, answers = [], [], 0
    for question in read_bank(settings.corpus).values():
        (answer,) = answerer.stream(question.question[:MOST_CHARACTERS])
        found.append(_found(grader, question, answer))
        faults += [f"{question.id}: {fault}" for fault in _faults(answer, texts)]
        answers += 1
    for asked in read_questions():
        (answer,) = answerer.stream(asked.question)
        faults += [f"{asked.id}: {fault}" for fault in _faults(answer, texts)]
        answers += 1
    halves = {"reported half": [row for row in found if row.half == "reported"], "all": found}
    return {
        "halves": {name: _summary(rows) for name, rows in halves.items()},
        "answers": answers,
        "citation faults": faults,
    }


def fit(settings: Settings) -> dict[str, float]:
    """The weights of `WORTH_WITH_LESSONS` that fit the tuning half best, the bias first.

    What `evals/sentences.jsonl` does not label counts as not said: it was far down in what was found.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    retriever = Retriever(settings)
    bank = read_bank(settings.corpus)
    model = WORTH_WITH_LESSONS
    rows, said = [], []
    for _, entry in read_json_lines(SENTENCES):
        question = bank[entry["id"]]
        if half_of(question.section) != "tuning":
            continue
        useful = {one["text"] for one in entry["sentences"] if one.get("states") or one.get("useful")}
        for candidate in candidates_of(retriever.find(question.question), retriever):
            rows.append([*candidate.signs, *(candidate.chunk.heading == name for name in model.blocks)])
            said.append(not useful.isdisjoint((candidate.sentence.text, candidate.sentence.embedding_text())))
    fitted = LogisticRegression(max_iter=5000).fit(np.array(rows, dtype=float), said)
    names = (*model.signs, *model.blocks)
    return {"bias": float(fitted.intercept_[0]), **dict(zip(names, map(float, fitted.coef_[0]), strict=True))}


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown."""
    lines = [
        "| Half | questions | key points found | words: mean, longest | refused |",
        "|---|---|---|---|---|",
    ]
    for name, row in measured["halves"].items():
        lines.append(
            f"| {name} | {row['questions']} | {row['recall']:.3f} ({row['low']:.2f}–{row['high']:.2f}) "
            f"| {row['words']:.0f}, {row['longest']} | {row['refused']:.3f} |"
        )
    faults = measured["citation faults"]
    lines += ["", f"{measured['answers']} answers, {len(faults)} faults of citation", *faults]
    return "\n".join(lines)


def _found(grader: OfflineGrader, question: Question, answer: Answer) -> Found:
    half = half_of(question.section)
    if answer.refused or not answer.statements:
        return Found(half, 0.0, 0, True)
    said = "\n".join(statement.text for statement in answer.statements if statement.kind != "code")
    words = len(said.split())
    verdicts = grader.grade(question, " ".join(said.split(" ")[:MOST_WORDS])).verdicts
    return Found(half, mean([float(v.verdict == "covered") for v in verdicts]), words, False)


def _faults(answer: Answer, texts: Mapping[str, str]) -> list[str]:
    """What is wrong with an answer's citations; nothing should be."""
    faults = []
    for number, statement in enumerate(answer.statements, start=1):
        source = statement.citation
        if source.number != number:
            faults.append(f"[{source.number}] stands where [{number}] should")
        if source.quote not in texts.get(source.section, ""):
            faults.append(f"[{number}] does not stand in section {source.section}")
        if statement.kind == "sentence" and len(source.quote.split()) < FEWEST_WORDS:
            faults.append(f"[{number}] quotes fewer than {FEWEST_WORDS} words")
        if f"[{number}]" not in answer.text:
            faults.append(f"[{number}] is not in the answer")
    return faults


def _summary(rows: Sequence[Found]) -> dict[str, Any]:
    values = [row.recall for row in rows]
    low, high = interval(values)
    return {
        "questions": len(rows),
        "recall": mean(values),
        "low": low,
        "high": high,
        "words": mean([row.words for row in rows if not row.refused]),
        "longest": max((row.words for row in rows), default=0),
        "refused": mean([float(row.refused) for row in rows]),
    }
