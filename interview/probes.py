"""What the interviewer asks next: a hint, or a follow-up aimed at one key point.

A point's subject, the words before its verb, says where to look and not what to find there.
"""

import re
from collections.abc import Callable, Sequence

from ingest.embedder import Vectors
from interview.bank import KeyPoint, Question
from interview.grading import Verdict
from interview.session import Attempt, Probe, target

NEAR = 0.5
"""Least similarity of a probe of the bank to the point that it is to ask for."""
MARGIN = 0.05
"""How much nearer another point of the question may be to that probe."""
MOST_WORDS = 6
"""Of a subject; a longer one states something."""
MOST_QUOTED = 180
"""Characters of the candidate's own words in a follow-up."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPENERS = _words(
    "after although as at because before below between by during even for from if in inside instead like"
    " on once only outside over since so than through to under unless until when where whether which while"
    " with within without"
)
_ARTICLES = frozenset(("a", "an", "the", "each", "every"))
_EMPTY = _words(
    "anyone both either everything few he it its many most neither nobody none nothing one others she some"
    " somebody such that their there these they this those what whoever"
)
_VERBS = _words(
    "is are was were be been has have had does do did can cannot could may might must shall should will would"
    " accepts acts add adds admit admits allows answers appear appears applies apply arrive arrives asks"
    " avoids become becomes begin begins belong belongs bind binds blocks bought breaks bring brings buys"
    " call came carries carry chooses clears come comes compare compares contains converts cost costs count"
    " counts cover covers create creates cut cuts decide decides delivers depend depends differ does drains"
    " drives drop drops earns ends enforces equal equals evolves expire expires fail fails fall falls favour"
    " fills finds fit fits fixes flow flows follow follows forces gains gave get gets give gives go goes"
    " grow grows guarantees happen happens helps hides hold holds ignores include includes joins keep keeps"
    " land lands lasts lead leads leave leaves let lets limits list lists live lives load loads look looks"
    " lose loses lower make makes mark marks mask match matter matters mean means measure measures move"
    " moves name names need needs never not now offers open opens overlap overlaps overwrites own owns pass"
    " passes pay pays pick picks pin pins prevents produces proves protects publishes pushes put puts raise"
    " reaches read reads rebuild receive receives recommends reduce reduces refuse refuses remain remains"
    " remove removes repeat repeats replace replaces require requires resolves rest rests return returns"
    " rewrites rise rises runs satisfies ships saves say says scale scales scans see sees send sends separate"
    " separates serve serves sets share shares shortens show shows shrinks sit sits skip skips solves split"
    " stand stands start starts stay stays stop stops stores suit suits supports survives take takes tell"
    " tells turn turns use uses wait waits wants win wins work works write writes"
)
_STOPS = _words("because but if or so than that to when where which while who whose")


def subject(point: KeyPoint, among: str = "") -> str:
    """What a key point is about, without what it says; empty where that cannot be told apart.

    Args:
        point: the key point.
        among: other texts of the question, which show whether its first word is a name.
    """
    text = point.text.replace("`", "")
    if text.split()[0].lower() in _OPENERS:
        text = text.partition(", ")[2]
    words = text.split()
    about: list[str] = []
    for word in words[: MOST_WORDS + 2]:
        if about and (word in _VERBS or word in _STOPS):
            break
        about.append(word)
        if word[-1] in ",:;":
            return ""
    else:
        return ""
    first = about[0].lower()
    named = about[1:] if first in _ARTICLES else about
    if not named or len(named) > MOST_WORDS or any(c.isdigit() for word in named for c in word):
        return ""
    if first in _EMPTY | _OPENERS | _STOPS or named[-1] in _OPENERS | {"of", "old", "new"}:
        return ""
    if len(named) == 1 and named[0].islower() and first != "the":
        return ""  # “a column”: says nothing about which
    if first in _ARTICLES or (about[0].istitle() and re.search(rf"\b{re.escape(first)}\b", among)):
        about[0] = first
    return " ".join(about) if len(about) > 1 or not about[0].islower() else ""


def hint(question: Question, points: Sequence[KeyPoint], level: int, title: str) -> str:
    """A hint at the first of some key points, which are the heaviest first.

    Args:
        question: the question asked.
        points: the points still open.
        level: 1 names the section, 2 the subject.
        title: the title of the first point's section.
    """
    if level == 1:
        return f"Think about what section {points[0].section} says: {title}."
    about = subject(points[0], _texts(question))
    if about:
        return f"The heaviest point still open is about {about}."
    opening = " ".join(word for word in points[0].text.split()[:3] if not any(map(str.isdigit, word)))
    return f"The heaviest point still open begins “{opening} …”."


def next_probe(
    question: Question,
    attempt: Attempt,
    encode: Callable[[Sequence[str]], Vectors],
    title_of: Callable[[str], str],
) -> Probe | None:
    """The follow-up for the heaviest point still open; None when there is none, or two were asked.

    Args:
        question: the question on the table.
        attempt: what has been said to it, graded.
        encode: texts → unit vectors, the encoder of the search.
        title_of: a section's title.
    """
    aimed = target(attempt)
    if aimed is None:
        return None
    point = aimed.key_point
    if aimed.verdict == "contradicted" and aimed.evidence:
        return Probe(f"You said “{_quoted(aimed)}”; when would that not hold?", point.text)
    asked = {probe.text for probe in attempt.probes}
    fresh = [probe for probe in question.probes if probe not in asked]
    own = _nearest(question, point, fresh, encode)
    if own:
        return Probe(own, point.text)
    about = subject(point, _texts(question))
    if about:
        return Probe(f"What about {about}? Say what holds there, and why it matters.", point.text)
    return Probe(
        f"One thing from “{title_of(point.section)}” is still open. What is it, and why does it matter here?",
        point.text,
    )


def _nearest(
    question: Question,
    point: KeyPoint,
    probes: Sequence[str],
    encode: Callable[[Sequence[str]], Vectors],
) -> str:
    """The probe that asks for the point rather than for another one; empty if none does."""
    if not probes:
        return ""
    points = [known.text for known in question.key_points]
    if point.text not in points:
        points.append(point.text)
    vectors = encode([*points, *probes])
    near = vectors[: len(points)] @ vectors[len(points) :].T
    row = near[points.index(point.text)]
    best = int(row.argmax())
    return probes[best] if row[best] >= NEAR and row[best] >= near[:, best].max() - MARGIN else ""


def _quoted(verdict: Verdict) -> str:
    words = " ".join(verdict.evidence.split()).rstrip(".")
    if len(words) <= MOST_QUOTED:
        return words
    return words[:MOST_QUOTED].rpartition(" ")[0] + " …"


def _texts(question: Question) -> str:
    return " ".join((question.question, question.model_answer, *(p.text for p in question.key_points)))
