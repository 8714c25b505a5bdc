"""Found sentences → the few that answer, the best one first."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from chat.questions import Kind, kind_of, sides_of
from ingest.chunks import Chunk, Sentence
from retriever.learnt import FoundLesson
from retriever.query import without_place
from retriever.search import Findings, FoundSentence, Retriever, rank_sections

BLOCKS: Mapping[Kind, Mapping[str, float]] = {
    "definition": {"In short": 0.18, "How it works": 0.06},
    "comparison": {"In short": 0.10, "Trade-offs": 0.10, "How it works": 0.02},
    "how-to": {"Best practices": 0.08, "How it works": 0.05, "In short": 0.06},
    "drawback": {"Common mistakes": 0.12, "Trade-offs": 0.10, "Performance and cost": 0.04},
    "troubleshooting": {"How it works": 0.05, "Common mistakes": 0.06, "Best practices": 0.04},
    "number": {"Performance and cost": 0.05, "How it works": 0.05, "In short": 0.04},
    "open": {"In short": 0.10, "How it works": 0.05, "Best practices": 0.02},
}
"""Where each kind of question tends to be answered, added to a sentence's score."""
OVERLAP, STANDING = 0.25, 0.20
"""Weights of the question's words in the sentence, and of its section's rank."""
LEAD_BONUS = 0.06
"""The first sentence of "In short" is written to answer on its own."""
DEFINES_BONUS, DESCRIBES_BONUS = 0.3, 0.12
"""A sentence that says what the thing asked for is, and one that says what it does."""
VERDICT_BONUS = 0.15
"""A sentence that tells what to do, where the question asks what to do."""
CORRECTS_BONUS, CORRECTS_ASSUMED_BONUS, SAME_CLAIM = 0.6, 0.3, 0.12
"""A correction of what people wrongly say, where the question puts a claim to the test, and where it takes
something for granted; and how much farther off than the nearest sentence it may be, to be about the same."""
ROW_PENALTY = -0.16
"""A table row answers a comparison; elsewhere prose reads better."""
SHORT_PENALTY = -0.2
"""A sentence of a few words announces more often than it answers."""
FEW_WORDS = 8
FIGURES_PENALTY = -0.08
"""Several figures in one sentence are a calculation, where none was asked for."""


@dataclass(frozen=True)
class Worth:
    """How likely a sentence says what a good answer must, once the first has answered: a logistic model.

    Fitted on which sentences say the key points of the question bank, tuning half:
    `python -m evals answers --fit`.
    """

    bias: float
    signs: Mapping[str, float]
    """Weights, in the order of `_signs`, as far as they go."""
    blocks: Mapping[str, float]

    def log_odds(self, signs: Sequence[float], heading: str) -> float:
        """Of a sentence with such signs, under such a heading."""
        shown: float = sum(map(mul, self.signs.values(), signs))
        return self.bias + shown + self.blocks.get(heading, 0.0)


WORTH_WITH_LESSONS = Worth(
    -10.12,
    {
        "similarity": 0.01,
        "behind": -1.48,
        "overlap": 3.43,
        "first": 3.62,
        "second": 1.71,
        "passage": 3.12,
        "row": 0.26,
        "correction": -0.37,
        "length": 0.54,
        "short": -0.06,
        "figures": -0.5,
        "held": 3.86,
        "share": 3.28,
    },
    {
        "In short": -1.11,
        "How it works": -0.92,
        "Trade-offs": -1.15,
        "Performance and cost": -0.82,
        "Best practices": 0.04,
        "Common mistakes": -0.37,
    },
)
WORTH_WITHOUT_LESSONS = Worth(
    -6.4,
    {
        "similarity": 3.68,
        "behind": -0.84,
        "overlap": 3.08,
        "first": 0.8,
        "second": 0.12,
        "passage": 2.78,
        "row": -0.5,
        "correction": 0.26,
        "length": 0.68,
        "short": -0.24,
        "figures": -0.64,
    },
    {
        "In short": 0.11,
        "How it works": 0.46,
        "Trade-offs": 0.06,
        "Performance and cost": 0.35,
        "Best practices": 0.48,
        "Common mistakes": 0.26,
    },
)
"""For sections without lessons, such as all of a document of anybody's; fitted before there were any."""
SAME_CASE = 0.6
"""Similarity of a lesson that holds a fact of a worked case, from which the question is about such a case."""
LIKE_CASE = 0.5
"""The same for what only reads like such a fact."""
DEFINITION_PENALTY = -0.2
"""What a thing is does not tell how to do something, what goes wrong with it, or how much of it there is."""
CASE_PENALTY = -0.3
"""A fact of a worked case seldom opens an answer."""
OPENS = 0.7
"""Weight of a lesson's nearness, for a sentence that answers the lesson alone."""
BOTH_SIDES_BONUS = 0.25
"""A sentence that speaks of both things that a question compares."""
WORTH_SCORE, CLEAR_WORTH = 0.1, 2.0
"""What a sentence's worth, up to a clear one, adds to its score as the first."""
LEAST_WORTH = -3.2
"""A sentence less likely than about one in twenty-five is left out."""
SAID_SCORE, SAID_WORTH = 1.0, 2.0
"""What a sentence loses, as the first and as another, where the conversation has quoted it before."""
NEAR_COPY = 0.7
"""Share of words two sentences may have in common before the second says nothing new."""

# A scenario's or a worked example's facts are true of its own tables only.
LOCAL_BLOCKS = frozenset({"Scenario", "The brief", "Sizing and cost"})
LOCAL = re.compile(
    r"^(Situation|Reasoning|Decision)\b|\bexample\b|\bassumed\b"
    r"|\b(writer|job|table|file|team|row) [A-Z]\b|`[a-z]\d+`"
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|^(The|A|An) (retailer|bank|company|team|stream|order|job on \d)(?![\w-])"
    r"|^(Applied to|With) (about )?[\d,.]+ |^The worked design\b"
    r"|\bthe (same|failed|first|second|other|old|new|\d+) (UDF|job|table|rows?|files?|batch|stage|query)\b"
    r"|^The [\d,.]+ |\b\d\d:\d\d\b"
)
POINTS_ELSEWHERE = re.compile(
    r":\s*$|\?[\"”]?\*{0,2}$|^Sections? \d+\.\d+\b|^The (following|table|diagram|example|formula)\b"
)
"""A sentence that announces what follows it, asks, or sends the reader on, answers nothing alone."""
FIGURE = re.compile(r"(?<![\w.])\d[\d,.]*")
ARTICLE = re.compile(r"^(an?|the)\s+", re.IGNORECASE)
SUBJECT_WORDS = 9
"""Of a sentence, within which its subject ends."""
CLAIMS = re.compile(
    r"\b(right|correct|true|yes|no|isn['’]?t it|doesn['’]?t it|or not)\s*\?\s*$"
    r"|^\W*(is it true|true or false|so)\b"
    r"|^\W*(is|are|does|do|can|will|must) .*\b(always|never|only|every|all|any|together|automatically)\b"
    r"|\bwhy (is|are|does|do) .*\b(always|never)\b",
    re.IGNORECASE,
)
"""A question that puts a claim to the test."""
ASSUMES = re.compile(
    r"^\W*(since(?! \d)|given that|as(?! (an?|of|my|our)\b)|because(?! of\b)|now that|knowing that)\b"
    r"[^,]{8,}, ",
    re.IGNORECASE,
)
"""A question that takes something for granted, which is true more often than a claim put to the test."""
ASKS_FOR_VERDICT = re.compile(
    r"\b(should|when to|which|better|recommend\w*|best|prefer|choose|how (do|can|could|to|would))\b",
    re.IGNORECASE,
)
VERDICT = re.compile(
    r"^(Add|Apply|Assign|Avoid|Back up|Bind|Build|Check|Choose|Cluster|Combine|Compare|Connect|Convert"
    r"|Copy|Create|Declare|Delete|Deploy|Design|Distribute|Do not|Enable|Enforce|Export|Filter|Give"
    r"|Govern|Grant|Group|Keep|Land|Leave|Let|Limit|Load|Log|Make|Manage|Match|Measure|Migrate|Monitor"
    r"|Move|Never|Always|Optimize|Orchestrate|Pass|Pick|Pin|Plan|Prefer|Price|Promote|Publish|Put|Raise"
    r"|Read|Register|Remove|Replace|Replicate|Require|Restore|Restrict|Retry|Review|Roll back|Rotate|Run"
    r"|Score|Separate|Serve|Set|Share|Size|Split|Start|Store|Switch|Tag|Take|Test|Track|Train|Treat|Turn"
    r"|Use|Validate|Write)\b"
)


DEFINITION = re.compile(r"^(?:(?:An?|The) )?[\w`()' /.-]{2,60}? (?:is|are) (?:an?|the) ")
"""A sentence that says what a thing is."""
SHARPNESS = 12.0
"""How much more a nearer lesson says: e to this power for each unit of similarity."""
REMEMBERED = 30_000
"""Sentences whose traits are kept: every question meets the same ones again."""


@dataclass(frozen=True)
class Traits:
    """What the form of a sentence shows, whatever is asked."""

    words: int
    figures: int
    local: bool
    """True of its own example only."""
    leads_on: bool
    """Says nothing itself."""
    advises: bool
    defines: bool


@lru_cache(maxsize=REMEMBERED)
def traits_of(text: str) -> Traits:
    """The traits of a sentence."""
    return Traits(
        words=len(text.split()),
        figures=len(FIGURE.findall(text)),
        local=bool(LOCAL.search(text)),
        leads_on=bool(POINTS_ELSEWHERE.search(text)),
        advises=bool(VERDICT.match(text)),
        defines=bool(DEFINITION.match(text)),
    )


class Taught(NamedTuple):
    """What the lessons of its section say of a sentence."""

    held: float = 0.0
    """Similarity of the nearest lesson whose answer holds it."""
    share: float = 0.0
    """Of the lessons, the nearer ones counting more, how many answers hold it, 0 to 1."""
    opens: float = 0.0
    """Similarity of the nearest lesson that it answers alone."""


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted."""

    sentence: Sentence
    chunk: Chunk
    score: float
    """How well it answers as the first sentence."""
    worth: float
    """How much it adds to an answer: the log-odds of saying what must be said."""
    signs: tuple[float, ...]
    """What its worth was told from, in the order of `Worth.signs`."""
    terms: frozenset[str]


def compose(
    candidates: Sequence[Candidate],
    most_statements: int,
    most_words: int,
    said: Sequence[Candidate] = (),
    sooner: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Choose at most so many statements and words: the one that answers, then what else is worth saying.

    Nothing that repeats `said`, or another choice, is chosen. The first stays first, the rest comes in
    reading order.

    Args:
        candidates: best first.
        most_statements: at most so many are chosen.
        most_words: of all together; the first may have more.
        said: what was chosen already.
        sooner: what is chosen after the first, whatever else is worth saying.
    """
    prose = [candidate for candidate in candidates if candidate.sentence.kind not in ("row", "code")]
    chosen: list[Candidate] = []
    words = 0
    led = [*(prose or candidates)[:1], *sooner]
    worthy = [candidate for candidate in candidates if candidate.worth >= LEAST_WORTH]
    for candidate in (*led, *sorted(worthy, key=lambda candidate: -candidate.worth)):
        if len(chosen) == most_statements:
            break
        length = len(candidate.sentence.text.split())
        fits = not chosen or words + length <= most_words
        if fits and all(alike(candidate, other) <= NEAR_COPY for other in (*said, *chosen)):
            chosen.append(candidate)
            words += length
    return _in_reading_order(chosen)


def unsaid(candidates: Sequence[Candidate], said: Collection[str], strictly: bool) -> list[Candidate]:
    """The candidates, best first, those that were quoted before further back; not at all if `strictly`."""
    if strictly:
        return [candidate for candidate in candidates if candidate.sentence.text not in said]
    again = (
        replace(one, score=one.score - SAID_SCORE, worth=one.worth - SAID_WORTH)
        if one.sentence.text in said
        else one
        for one in candidates
    )
    return sorted(again, key=lambda candidate: -candidate.score)


def candidates_of(findings: Findings, retriever: Retriever) -> list[Candidate]:
    """What may be quoted, best first."""
    sections = rank_sections(findings.passages)
    best = max(sections.values(), default=0.0) or 1.0
    kind = kind_of(findings.question)
    if kind == "open" and findings.explained_in:
        kind = "definition"
    advice = bool(ASKS_FOR_VERDICT.search(findings.question))
    corrects = _corrects_bonus(findings.question)
    sides = _sides(findings.question, retriever)
    asked = {term: retriever.rarity(term) for term in findings.terms}
    thing = frozenset(retriever.terms(without_place(findings.question))) or frozenset(asked)
    things = (frozenset(asked), thing)
    total = sum(asked.values()) or 1.0
    places = list(sections)
    passages = {passage.chunk.id: passage.score for passage in findings.passages}
    nearest = max((found.similarity for found in findings.sentences), default=0.0)
    taught = _taught(findings.lessons)
    with_lessons = {section for section, _ in taught}
    candidates = []
    for found in findings.sentences:
        if found.sentence.kind == "code" and kind != "how-to":
            continue
        traits = traits_of(found.sentence.text)
        said = taught.get((found.chunk.section, found.sentence.text), Taught())
        leads_on = traits.leads_on and found.sentence.kind != "code"
        case = found.chunk.heading in LOCAL_BLOCKS
        local = traits.local or case
        # Whoever wrote a lesson that holds it found that it stands alone, under a question like that.
        if (
            (leads_on and not said.held)
            or (case and said.held < SAME_CASE)
            or (local and said.held < LIKE_CASE)
        ):
            continue
        terms = frozenset(retriever.terms(found.sentence.text))
        shared = sum(weight for term, weight in asked.items() if term in terms) / total
        score = (
            found.similarity
            + OVERLAP * shared
            + STANDING * sections.get(found.chunk.section, 0.0) / best
            + _bonus(found, kind, traits, advice)
        )
        score += OPENS * said.opens + CASE_PENALTY * local
        if found.sentence.kind == "correction" and found.similarity > nearest - SAME_CLAIM:
            score += corrects
        if sides and all(side <= terms for side in sides):
            score += BOTH_SIDES_BONUS
        if kind == "definition" and thing and terms.issuperset(thing):
            score += max(_says_what_it_is(found.sentence.text, one, retriever) for one in things)
        signs = _signs(found, traits, shared, nearest, places, passages.get(found.chunk.id, 0.0), said)
        model = WORTH_WITH_LESSONS if found.chunk.section in with_lessons else WORTH_WITHOUT_LESSONS
        worth = model.log_odds(signs, found.chunk.heading)
        score += WORTH_SCORE * min(worth, CLEAR_WORTH)
        candidates.append(Candidate(found.sentence, found.chunk, score, worth, signs, terms))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def of_each_side(question: str, candidates: Sequence[Candidate], retriever: Retriever) -> list[Candidate]:
    """Of a comparison, the best candidate for each thing that speaks of it and not of the other."""
    chosen = []
    sides = _sides(question, retriever)
    for side, other in (sides, sides[::-1]) if sides else ():
        alone = (
            c for c in candidates if side <= c.terms and not other <= c.terms and c.sentence.kind != "code"
        )
        chosen += [one for one in alone if one.worth >= LEAST_WORTH - 1][:1]
    return chosen


def _sides(question: str, retriever: Retriever) -> tuple[frozenset[str], frozenset[str]] | None:
    """The stems that tell apart the two things which a question compares."""
    sides = sides_of(question)
    if sides is None:
        return None
    one, other = (frozenset(retriever.terms(side)) for side in sides)
    return (one - other, other - one) if one - other and other - one else None


def _taught(lessons: Sequence[FoundLesson]) -> dict[tuple[str, str], Taught]:
    """What the lessons, the nearest first, say of a sentence; by section and sentence."""
    totals: dict[str, float] = {}
    sums: dict[str, dict[str, list[float]]] = {}
    for one in lessons:
        lesson, similarity = one.lesson, one.similarity
        if not lesson.holds:
            continue
        weight = math.exp(SHARPNESS * similarity)
        totals[lesson.section] = totals.get(lesson.section, 0.0) + weight
        here = sums.setdefault(lesson.section, {})
        for text in lesson.holds:
            found = here.setdefault(text, [similarity, 0.0, 0.0])
            found[1] += weight
            if not found[2] and text in lesson.first:
                found[2] = similarity
    return {
        (section, text): Taught(held, weight / totals[section], opens)
        for section, here in sums.items()
        for text, (held, weight, opens) in here.items()
    }


def _signs(
    found: FoundSentence,
    traits: Traits,
    shared: float,
    nearest: float,
    places: Sequence[str],
    passage: float,
    said: Taught,
) -> tuple[float, ...]:
    """What tells whether a sentence says a point of a good answer, in the order of `Worth.signs`."""
    section = found.chunk.section
    return (
        found.similarity,
        nearest - found.similarity,
        shared,
        float(places[:1] == [section]),
        float(places[1:2] == [section]),
        passage,
        float(found.sentence.kind == "row"),
        float(found.sentence.kind == "correction"),
        min(traits.words, 40) / 40,
        float(traits.words < FEW_WORDS),
        min(traits.figures, 5) / 5,
        said.held,
        said.share,
    )


def _bonus(found: FoundSentence, kind: Kind, traits: Traits, advice: bool) -> float:
    """What a sentence's place and form add to its score, or take from it."""
    sentence, chunk = found.sentence, found.chunk
    bonus = BLOCKS[kind].get(chunk.heading, 0.0)
    if sentence.kind == "lead" and chunk.sentences[0] == sentence:
        bonus += LEAD_BONUS
    if sentence.kind == "row" and kind != "comparison":
        bonus += ROW_PENALTY
    if sentence.kind not in ("row", "code") and traits.words < FEW_WORDS:
        bonus += SHORT_PENALTY
    if kind != "number" and traits.figures >= 3 and sentence.kind != "code":
        bonus += FIGURES_PENALTY
    if advice and traits.advises:
        bonus += VERDICT_BONUS
    if traits.defines and kind in ("how-to", "troubleshooting", "drawback", "number"):
        bonus += DEFINITION_PENALTY
    return bonus


def _corrects_bonus(question: str) -> float:
    """What a correction's score gains under a question."""
    if CLAIMS.search(question):
        return CORRECTS_BONUS
    return CORRECTS_ASSUMED_BONUS if ASSUMES.search(question) else 0.0


def _says_what_it_is(text: str, asked: frozenset[str], retriever: Retriever) -> float:
    """What a sentence's score gains where its subject is just what was asked for, or its acronym."""
    words = ARTICLE.sub("", text).split()[: SUBJECT_WORDS + 2]
    for length, verb in enumerate(words[1 : SUBJECT_WORDS + 1], start=1):
        name, _, acronym = " ".join(words[:length]).partition("(")
        if acronym and ")" not in acronym:
            continue
        if asked in (frozenset(retriever.terms(name)), frozenset(retriever.terms(acronym))):
            after = "".join(words[length + 1 : length + 2])
            if verb in ("is", "are", "means"):
                # "Are checked" says what is done with it.
                return 0.0 if after == "not" or after.endswith("ed") else DEFINES_BONUS
            if verb.isalpha() and verb.endswith("s"):
                return DESCRIBES_BONUS
    return 0.0


def _in_reading_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best prose first; then by section, the best section first, and by place in it."""
    if not chosen:
        return []
    prose = [candidate for candidate in chosen if candidate.sentence.kind not in ("row", "code")]
    first = (prose or chosen)[0]
    rank: dict[str, int] = {}
    for candidate in (first, *chosen):
        rank.setdefault(candidate.chunk.section, len(rank))
    rest = sorted(
        (candidate for candidate in chosen if candidate is not first),
        key=lambda candidate: (
            rank[candidate.chunk.section],
            candidate.chunk.line,
            candidate.chunk.sentences.index(candidate.sentence),
        ),
    )
    return [first, *rest]


def alike(one: Candidate, other: Candidate) -> float:
    """Overlap coefficient of two sentences' stems, 0 to 1."""
    smaller = min(len(one.terms), len(other.terms))
    return len(one.terms & other.terms) / smaller if smaller else 1.0
