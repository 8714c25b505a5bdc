"""An interview from its first question to its end. Pure: each step returns a new interview.

Time comes in as `now`, in Unix seconds. A design problem is answered stage by stage, so its attempt
holds an answer for each stage behind it, blank where one was skipped; the answers to probes follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from interview.bank import Kind, Question, Stage
from interview.grading import Grade, Verdict

Mode = Literal["practice", "exam"]
MOST_PROBES = 2
MOST_HINTS = 2
"""Of each question, in all its stages: the section's title, then the point's subject."""
HINT_COST = 10
"""Points, of 100, that each hint takes from its question's score."""
MINUTES: Mapping[Kind, int] = {
    "concept": 3,
    "trade-off": 4,
    "troubleshooting": 5,
    "scenario": 6,
    "design": 10,
}
"""For an answer by the kind of its question; of a design problem in stages, for each stage."""
PROBE_MINUTES = 2


@dataclass(frozen=True)
class Probe:
    """A follow-up, and the text of the key point that it is after."""

    text: str
    point: str


@dataclass(frozen=True)
class Attempt:
    """What became of one question: its answers, the probes, and the grade of all that was said."""

    question: str
    answers: tuple[str, ...] = ()
    grade: Grade | None = None
    hints: int = 0
    probes: tuple[Probe, ...] = ()
    writing: bool = False
    """Whether, after an answer, the next stage or the last probe is being answered."""
    draft: str = ""
    """What is typed and not yet submitted."""
    hinted: int = 0
    """How many of the hints were given for the answer being written."""
    spent: float = 0.0
    """Seconds spent on the answer being written before the clock last stopped."""

    @property
    def skipped(self) -> bool:
        """Whether the question was left without an answer."""
        return not any(self.answers)

    @property
    def feedback(self) -> bool:
        """Whether an answer has been given and the next one is not being written."""
        return bool(self.answers) and not self.writing

    @property
    def probing(self) -> bool:
        """Whether the answer being written is to the last probe."""
        return self.writing and bool(self.probes)

    @property
    def score(self) -> int | None:
        """The grade's score less what the hints cost; None if skipped or not gradable."""
        if self.grade is None or self.grade.score is None:
            return None
        return max(0, self.grade.score - HINT_COST * self.hints)


@dataclass(frozen=True)
class Interview:
    """The questions drawn, what became of those behind, and where the candidate stands."""

    questions: tuple[str, ...]
    """Ids, in the order asked."""
    mode: Mode = "practice"
    attempts: tuple[Attempt, ...] = ()
    current: Attempt | None = None
    """The question on the table; None when it is over."""
    clock: bool = False
    since: float | None = None
    """When the clock of the answer being written was started; None while it stands."""
    paused: bool = False
    begun: float = 0.0

    @property
    def over(self) -> bool:
        """Whether every question has been answered or skipped, or the interview was ended."""
        return self.current is None

    @property
    def number(self) -> int:
        """Which question is on the table, from 1."""
        return min(len(self.attempts) + 1, len(self.questions))


def begin(
    questions: Sequence[Question], mode: Mode = "practice", clock: bool = False, now: float = 0.0
) -> Interview:
    """Put the first question on the table."""
    ids = tuple(question.id for question in questions)
    begun = Interview(ids, mode, current=Attempt(ids[0]) if ids else None, clock=clock, begun=now)
    return _started(begun, now)


def hint(interview: Interview) -> Interview:
    """Count a hint against the question on the table."""
    current = _on_the_table(interview)
    return replace(interview, current=replace(current, hints=current.hints + 1, hinted=current.hinted + 1))


def type_in(interview: Interview, text: str) -> Interview:
    """Note what has been typed so far."""
    return replace(interview, current=replace(_on_the_table(interview), draft=text))


def answer(interview: Interview, text: str, grade: Grade, stages: Sequence[Stage] = ()) -> Interview:
    """Record an answer to the question, a stage or a probe, with the grade of all that was said.

    Of the question's `stages`, those whose every point has been covered early are behind, too. The
    clock stands until `go_on`, `follow_up` or `move_on`.
    """
    current = _on_the_table(interview)
    answers = (*current.answers, text)
    while len(answers) < len(stages) and _settled(grade, stages[len(answers)]):
        answers = (*answers, "")
    return replace(interview, current=_answered(current, answers, grade), since=None)


def said(interview: Interview, more: str = "") -> str:
    """Everything said to the question on the table, with `more` at the end: what a grade is of."""
    return "\n".join(text for text in (*_on_the_table(interview).answers, more) if text)


def stage(question: Question, attempt: Attempt) -> Stage | None:
    """The stage of a design problem that is asked next; None when all are behind."""
    behind = len(attempt.answers)
    return question.stages[behind] if behind < len(question.stages) else None


def stage_answered(question: Question, attempt: Attempt) -> Stage | None:
    """The stage that was answered last, while others are to come; None for the whole."""
    if stage(question, attempt) is None or not attempt.answers:
        return None
    last = max((at for at, text in enumerate(attempt.answers) if text), default=0)
    return question.stages[last]


def of_stage(verdicts: Sequence[Verdict], asked: Stage | None) -> tuple[Verdict, ...]:
    """The verdicts on a stage's key points; all of them for None."""
    return tuple(verdict for verdict in verdicts if asked is None or verdict.key_point.stage == asked.name)


def again(interview: Interview, now: float = 0.0) -> Interview:
    """Open the box once more for a first answer that could not be graded, with what it held."""
    current = _on_the_table(interview)
    blank = replace(current, answers=(), grade=None, writing=False, draft=said(interview))
    return _started(replace(interview, current=blank), now)


def go_on(interview: Interview, now: float = 0.0) -> Interview:
    """Open the box for the next stage."""
    current = replace(_on_the_table(interview), writing=True)
    return _started(replace(interview, current=current), now)


def target(attempt: Attempt) -> Verdict | None:
    """The heaviest point still open and not yet probed; None if there is none or enough was asked."""
    if attempt.grade is None or attempt.grade.score is None or len(attempt.probes) >= MOST_PROBES:
        return None
    probed = {probe.point for probe in attempt.probes}
    open_points = [
        verdict
        for verdict in attempt.grade.verdicts
        if verdict.verdict != "covered" and verdict.key_point.text not in probed
    ]
    return max(open_points, key=lambda v: (v.key_point.weight, v.verdict == "contradicted"), default=None)


def follow_up(interview: Interview, probe: Probe, now: float = 0.0) -> Interview:
    """Ask a probe."""
    current = _on_the_table(interview)
    asked = replace(current, probes=(*current.probes, probe), writing=True)
    return _started(replace(interview, current=asked), now)


def skip(interview: Interview, question: Question, now: float = 0.0) -> Interview:
    """Leave what is asked: a probe or stage without an answer, or the question."""
    current = _on_the_table(interview)
    if not current.probing and stage(question, current) is not None:
        passed = _answered(current, (*current.answers, ""), current.grade)
        if stage(question, passed) is not None:
            return go_on(replace(interview, current=passed), now)
    elif current.probing:
        passed = _answered(current, (*current.answers, ""), current.grade)
    else:
        passed = replace(current, draft="")
    after = replace(interview, current=passed, since=None)
    return after if interview.mode == "practice" and not passed.skipped else move_on(after, now)


def move_on(interview: Interview, now: float = 0.0) -> Interview:
    """Leave the question on the table, answered or not, and take the next."""
    attempts = (*interview.attempts, replace(_on_the_table(interview), writing=False))
    rest = interview.questions[len(attempts) :]
    moved = replace(interview, attempts=attempts, current=Attempt(rest[0]) if rest else None, paused=False)
    return _started(moved, now)


def end(interview: Interview) -> Interview:
    """Stop here. The question on the table stays if anything was said or typed."""
    current = _on_the_table(interview)
    kept = (replace(current, writing=False),) if current.answers or current.draft.strip() else ()
    return replace(interview, attempts=(*interview.attempts, *kept), current=None, since=None, paused=False)


def pause(interview: Interview, now: float) -> Interview:
    """Stop the clock and put the question away."""
    current = _on_the_table(interview)
    ran = now - interview.since if interview.since is not None else 0.0
    return replace(interview, current=replace(current, spent=current.spent + ran), since=None, paused=True)


def resume(interview: Interview, now: float) -> Interview:
    """Take up a paused interview."""
    paused = replace(interview, paused=False)
    current = _on_the_table(interview)
    return replace(paused, since=now) if paused.clock and not current.feedback else paused


def minutes(question: Question) -> int:
    """What the clock gives a question, probes apart."""
    return MINUTES[question.kind] * max(1, len(question.stages))


def seconds_left(interview: Interview, question: Question, now: float) -> float | None:
    """What the clock leaves for the answer being written, below 0 when it has run out; None without one."""
    current = interview.current
    if not interview.clock or current is None or current.feedback:
        return None
    ran = now - interview.since if interview.since is not None else 0.0
    given = PROBE_MINUTES if current.probing else MINUTES[question.kind]
    return 60.0 * given - current.spent - ran


def _settled(grade: Grade, asked: Stage) -> bool:
    verdicts = of_stage(grade.verdicts, asked)
    return bool(verdicts) and all(verdict.verdict == "covered" for verdict in verdicts)


def _answered(attempt: Attempt, answers: tuple[str, ...], grade: Grade | None) -> Attempt:
    return replace(attempt, answers=answers, grade=grade, writing=False, draft="", hinted=0, spent=0.0)


def _started(interview: Interview, now: float) -> Interview:
    running = interview.clock and interview.current is not None
    return replace(interview, since=now if running else None)


def _on_the_table(interview: Interview) -> Attempt:
    if interview.current is None:
        raise ValueError("the interview is over; begin another")
    return interview.current
