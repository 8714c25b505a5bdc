"""Whether what is asked is answered, and only that: the refusal's two errors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chat.extractive import ExtractiveAnswerer
from chat.sufficiency import ANSWERED, LONG_WEIGHTS, WEIGHTS, weigh
from errors import QuestionBankError
from evals.metrics import mean
from evals.plain import read_plain
from evals.questions import Half, half_of, read_json_lines, read_questions
from evals.reading import ASKED, is_kept
from ingest.glossary import read_glossary
from interview.bank import read_bank
from retriever.facets import is_long
from retriever.query import MOST_CHARACTERS
from retriever.search import Retriever
from settings import Settings

OUTSIDE = Path(__file__).parent / "outside.yaml"
COMMON = Path(__file__).parent / "common.yaml"
"""What thousands type: “How do I …”, “X vs Y”, a symptom, a few words for a search box."""
BRIEFS = Path(__file__).parent / "briefs.yaml"
"""Pages of requirements as people write them, half of them none of the handbook's business."""
SHORT = ("What is {}?", "{}", "explain {}", "What does {} do?", "How do I use {}?", "when should I use {}")
"""How a term of the glossary is asked for, in turn: the shortest questions there are."""
REFUSED = 0.03
"""Share of the tuning half's questions in scope that the fitted threshold refuses."""
LEARNT_WEIGHTS = {"term": 0.4, "short": 0.5}
"""Where weights are fitted, questions by recipe, and those learnt from elsewhere, count less."""
BRIEFS_REFUSED = 0.01
"""The same of the bank's pages of requirements."""
SHORTEST = 2
"""Words that carry meaning in the shortest questions."""


@dataclass(frozen=True)
class Asked:
    """A question, and whether the handbook answers it."""

    id: str
    question: str
    in_scope: bool
    half: Half
    kind: str = "any"


def own_questions(settings: Settings) -> list[Asked]:
    """Our own: what the handbook answers, its terms asked for briefly, and what it does not answer."""
    inside = [Asked(q.id, q.question, True, q.half, q.kind) for q in read_questions()]
    common = [
        Asked(entry["question"], entry["question"], True, half_of(entry["question"]), "common")
        for entry in yaml.safe_load(COMMON.read_text("utf-8"))
    ]
    terms = [
        Asked(term.term, SHORT[turn % len(SHORT)].format(term.term), True, half_of(term.section), "term")
        for turn, term in enumerate(read_glossary(settings.corpus))
    ]
    outside = [
        Asked(entry["id"], entry["question"], False, half_of(entry["id"]), entry["kind"])
        for entry in yaml.safe_load(OUTSIDE.read_text("utf-8"))
    ]
    return [*inside, *common, *terms, *outside]


def own_briefs(settings: Settings) -> list[Asked]:
    """Pages of requirements: the bank's, which the handbook answers, and others as people write them."""
    inside = [
        Asked(question.id, question.question, True, half_of(question.section), "brief")
        for question in read_bank(settings.corpus).values()
        if is_long(question.question) and len(question.question) <= MOST_CHARACTERS
    ]
    entries = yaml.safe_load(BRIEFS.read_text("utf-8"))
    others = [Asked(e["id"], e["question"], e["in_scope"], half_of(e["id"]), "brief") for e in entries]
    return [*inside, *others]


def read_asked(path: Path) -> list[Asked]:
    """Questions of a file: JSON lines with `id`, `question` and `in_scope`.

    Raises:
        QuestionBankError: a line is malformed; with its number.
    """
    asked = []
    for number, entry in read_json_lines(path):
        if not isinstance(entry.get("question"), str) or not isinstance(entry.get("in_scope"), bool):
            raise QuestionBankError(
                f'{path}:{number}: expected "question", a text, and "in_scope", a boolean'
            )
        identity = str(entry.get("id", number))
        asked.append(Asked(identity, entry["question"], entry["in_scope"], half_of(identity)))
    return asked


def measure(settings: Settings, asked: Sequence[Asked]) -> dict[str, Any]:
    """AUROC of the confidence, both errors as shipped and along the curve, by half and by kind."""
    answerer = ExtractiveAnswerer(Retriever(settings))
    sure, refused = [], []
    for question in asked:
        (answer,) = answerer.stream(question.question)
        sure.append(answer.confidence if answer.mode != "small-talk" else 0.0)
        refused.append(answer.refused or answer.mode == "small-talk")
    halves: dict[str, list[bool]] = {
        "reported half": [question.half == "reported" for question in asked],
        "all": [True] * len(asked),
    }
    kinds = sorted({question.kind for question in asked})
    return {
        "halves": {name: _errors(asked, sure, refused, chosen) for name, chosen in halves.items()},
        "reported half by kind": {
            kind: mean(
                [
                    float(was == question.in_scope)
                    for question, was in zip(asked, refused, strict=True)
                    if question.kind == kind and question.half == "reported"
                ]
            )
            for kind in kinds
        },
        "threshold": ANSWERED,
    }


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown tables."""
    lines = [
        "| Half | in scope | outside | AUROC | wrong answers | wrong refusals | wrong answers at 3% |",
        "|---|---|---|---|---|---|---|",
    ]
    briefs = {f"pages of requirements, {name}": row for name, row in measured.get("briefs", {}).items()}
    for name, row in (measured["halves"] | briefs).items():
        lines.append(
            f"| {name} | {row['in_scope']} | {row['out_of_scope']} | {row['auroc']:.3f} "
            f"| {row['wrong_answers']:.3f} | {row['wrong_refusals']:.3f} | {row['wrong_answers_at_3%']:.3f} |"
        )
    lines += ["", "| Kind | handled wrongly (reported half) |", "|---|---|"]
    lines += [f"| {kind} | {share:.3f} |" for kind, share in measured["reported half by kind"].items()]
    return "\n".join(lines)


def plot(measured: Mapping[str, Any], file: Path) -> None:
    """Draw the risk–coverage curve of the reported half."""
    from matplotlib.figure import Figure

    curve = measured["halves"]["reported half"]["curve"]
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([point["coverage"] for point in curve], [point["risk"] for point in curve], color="#a03d1a")
    axes.set(xlabel="share of questions answered", ylabel="share of answers to what is out of scope")
    axes.set_title("Risk and coverage, reported half")
    figure.savefig(file, dpi=150)


def fit(settings: Settings, asked: Sequence[Asked]) -> dict[str, float]:
    """The weights of the refusal's signals that fit the tuning half best.

    The bias is such that `REFUSED` of the questions in scope fall below the threshold.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    retriever = Retriever(settings)
    tuning = [question for question in asked if question.half == "tuning"]
    learnt = [*tuning, *_written(retriever)]
    found = [weigh(retriever.find(question.question), retriever).signals for question in learnt]
    values = np.array([[row[name] for name in WEIGHTS] for row in found])
    model = LogisticRegression(C=100, max_iter=5000, class_weight="balanced")
    model.fit(
        values,
        [question.in_scope for question in learnt],
        sample_weight=[LEARNT_WEIGHTS.get(question.kind, 1.0) for question in learnt],
    )
    inside = values[: len(tuning)][[question.in_scope for question in tuning]] @ model.coef_[0]
    bias = math.log(ANSWERED / (1 - ANSWERED)) - float(np.quantile(inside, REFUSED))
    return {"bias": bias, **dict(zip(WEIGHTS, map(float, model.coef_[0]), strict=True))}


def fit_long(settings: Settings, briefs: Sequence[Asked]) -> dict[str, float]:
    """The same for questions of several requirements, of which `BRIEFS_REFUSED` fall below the threshold."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    retriever = Retriever(settings)
    tuning = [question for question in briefs if question.half == "tuning"]
    found = [weigh(retriever.find(question.question), retriever).signals for question in tuning]
    long = [(row, question.in_scope) for row, question in zip(found, tuning, strict=True) if "facets" in row]
    values = np.array([[row[name] for name in LONG_WEIGHTS] for row, _ in long])
    scopes = [scope for _, scope in long]
    model = LogisticRegression(C=100, max_iter=5000, class_weight="balanced").fit(values, scopes)
    bias = -float(np.quantile(values[scopes] @ model.coef_[0], BRIEFS_REFUSED))
    weights = zip(LONG_WEIGHTS, map(float, model.coef_[0]), strict=True)
    return {"long bias": bias, **{f"long {name}": weight for name, weight in weights}}


def _written(retriever: Retriever) -> list[Asked]:
    """Of the questions made for the pair reader: those it has not learnt from, and the shortest.

    It has read the answers to the others, and would be trusted too much. The shortest are needed,
    because all short ones of our own that are in scope are terms of the glossary.
    """
    plain = [(entry["question"], bool(entry["section"])) for entry in read_plain("tuning")]
    written = [Asked("", question, inside, "tuning", "plain") for question, inside in plain]
    for _, entry in read_json_lines(ASKED):
        kept = is_kept(entry["section"])
        for question in (*entry["in"], *entry["out"]):
            if kept or len(retriever.find(question).terms) <= SHORTEST:
                inside = question in entry["in"]
                written.append(Asked("", question, inside, "tuning", "any" if kept else "short"))
    return written


def _errors(
    asked: Sequence[Asked], sure: Sequence[float], refused: Sequence[bool], chosen: Sequence[bool]
) -> dict[str, Any]:
    inside = [s for q, s, c in zip(asked, sure, chosen, strict=True) if c and q.in_scope]
    outside = [s for q, s, c in zip(asked, sure, chosen, strict=True) if c and not q.in_scope]
    rows = [(q.in_scope, r) for q, r, c in zip(asked, refused, chosen, strict=True) if c]
    lowest = sorted(inside)[int(0.03 * len(inside))] if inside else 0.0
    return {
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "auroc": auroc(inside, outside),
        "wrong_answers": mean([float(not was) for scope, was in rows if not scope]),
        "wrong_refusals": mean([float(was) for scope, was in rows if scope]),
        "wrong_answers_at_3%": mean([float(score >= lowest) for score in outside]),
        "curve": risk_coverage(inside, outside),
    }


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """The chance that a question in scope is surer than one that is not; a tie counts half."""
    pairs = [(a > b) + 0.5 * (a == b) for a in inside for b in outside]
    return mean(pairs)


def risk_coverage(inside: Sequence[float], outside: Sequence[float]) -> list[dict[str, float]]:
    """The share answered, and the share of the answered that is out of scope, the surest first."""
    ordered = sorted([(s, False) for s in inside] + [(s, True) for s in outside], key=lambda row: -row[0])
    curve, wrong = [], 0
    for count, (_, is_outside) in enumerate(ordered, start=1):
        wrong += is_outside
        curve.append({"coverage": count / len(ordered), "risk": wrong / count})
    return curve
