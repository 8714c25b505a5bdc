"""The interview that this session sits: where it stands, how it is kept, and every step of the candidate."""

import uuid
from dataclasses import dataclass, field

import streamlit as st

from errors import InterviewGone, MentorError
from interview import probes, session
from interview.bank import Question
from interview.session import Interview
from ui import render, resources
from ui.gradings import Grading, Step

GONE = "Your progress was deleted in another tab, and this interview with it. You can set up a new one here."
NOTHING = "There is nothing to grade yet. Write an answer, or skip the question."


@dataclass
class Sitting:
    """What the page remembers."""

    id: str = ""
    """Of the interview in the database; empty until it was kept."""
    interview: Interview | None = None
    fault: str = ""
    """Why the address has no interview to show."""
    left_over: str = ""
    """What had been typed into an interview that is gone."""
    notice: str = ""
    """What to say beside the box, once."""
    own: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Tells an interview that could not be kept from those of other sessions."""


def state() -> Sitting:
    """What this session remembers."""
    sitting: Sitting = st.session_state.setdefault("practice", Sitting())
    return sitting


def restore() -> None:
    """Take up the interview that the address names."""
    sitting = state()
    wanted = st.query_params.get("interview", "")
    if not wanted and sitting.id and "section" not in st.query_params:
        # Another page was shown in between, and its address names no interview.
        st.query_params.from_dict({"interview": sitting.id})
    elif wanted != sitting.id:
        sitting.id, sitting.interview, sitting.fault, sitting.left_over = wanted, None, "", ""
        try:
            sitting.interview = resources.progress().load(wanted) if wanted else None
        except MentorError as error:
            sitting.fault = str(error)
        if wanted and not sitting.interview:
            sitting.fault = sitting.fault or (
                f"There is no interview at this address, {render.escaped(wanted[:40])}. It may have been "
                "begun on another computer, or the address was cut short. You can set up a new one here."
            )


def keep(interview: Interview) -> None:
    """Remember an interview, here and in the database."""
    sitting = state()
    before, sitting.interview = sitting.interview, interview
    if before is None:
        sitting.id, sitting.fault, sitting.left_over = "", "", ""
    _note(_kept(sitting.id, interview, before))


def turn() -> str:
    """The name of the answer being written; every answer has another."""
    sitting = state()
    interview = sitting.interview
    current = interview.current if interview else None
    given = (len(current.answers), len(current.probes)) if current else ()
    return f"answer {sitting.id or sitting.own} {interview.number if interview else 0} {given}"


def typed(text: str | None) -> None:
    """Note what the box holds so far."""
    interview = _standing()
    if interview and interview.current and text is not None and text != interview.current.draft:
        keep(session.type_in(interview, text))


def catch_up() -> None:
    """Note what the box holds, which a button's callback may find ahead of the draft."""
    typed(st.session_state.get(turn()))


def grading() -> Grading | None:
    """The grading of the answer on the table, if it has been submitted."""
    return resources.gradings().of(turn())


def submit(question: Question) -> None:
    """Have what is in the box graded."""
    give(question, st.session_state.get(turn()) or "")


def give(question: Question, text: str) -> None:
    """Have an answer graded, and kept with its grade, even if nobody waits for it."""
    typed(text)
    interview = _standing()
    if interview is None:
        return
    if not text.strip():
        state().notice = NOTHING
        return
    grader, identity = resources.grader(), state().id

    def work() -> Step:
        grade = grader.grade(question, session.said(interview, text))
        return _kept(identity, session.answer(interview, text, grade, question.stages), interview)

    resources.gradings().begin(turn(), text, work)


def take_over(done: Grading) -> None:
    """Go on from an answer that has been graded; waits until it is.

    Raises:
        MentorError: it could not be graded; it stays in the box.
    """
    graded = turn()
    try:
        step = done.step.result()
    finally:
        resources.gradings().forget(graded)
    state().interview = step.interview
    _note(step)


def time_out(question: Question, text: str) -> None:
    """Submit what is there when the clock has run out."""
    interview = _standing()
    if text.strip():
        st.toast("Time is up. What you had written was submitted.")
        give(question, text)
    elif interview and interview.current:
        st.toast("Time is up, and nothing was written.")
        keep(session.skip(interview, question, resources.now()))


def exam_goes_on(question: Question) -> None:
    """Take the next stage, a probe, or the next question, without a word on the answer."""
    interview = _standing()
    current = interview.current if interview else None
    if interview is None or current is None:
        return
    now = resources.now()
    if session.stage(question, current):
        keep(session.go_on(interview, now))
        return
    probe = probes.next_probe(question, current, resources.retriever().encode, resources.title_of)
    keep(session.follow_up(interview, probe, now) if probe else session.move_on(interview, now))


def ask_probe(probe: session.Probe) -> None:
    """Open the box for a probe."""
    if interview := _standing():
        keep(session.follow_up(interview, probe, resources.now()))


def write_again() -> None:
    """Open the box once more for an answer that could not be graded."""
    if interview := _standing():
        keep(session.again(interview, resources.now()))


def next_stage() -> None:
    """Open the box for the next stage."""
    if interview := _standing():
        keep(session.go_on(interview, resources.now()))


def next_question() -> None:
    """Take the next question."""
    if interview := _standing():
        keep(session.move_on(interview, resources.now()))


def pass_over(question: Question) -> None:
    """Leave what is asked without an answer."""
    if interview := _standing():
        keep(session.skip(interview, question, resources.now()))


def take_hint() -> None:
    """Count a hint, which the page then draws."""
    catch_up()
    if interview := _standing():
        keep(session.hint(interview))


def pause() -> None:
    """Put the question away and stop the clock."""
    catch_up()
    if interview := _standing():
        keep(session.pause(interview, resources.now()))


def resume() -> None:
    """Take the question up again."""
    if interview := _standing():
        keep(session.resume(interview, resources.now()))


def end() -> None:
    """Go to the report of what was answered."""
    catch_up()
    if interview := _standing():
        keep(session.end(interview))


def leave() -> None:
    """Go back to the set-up; the interview stays at its address."""
    st.session_state["practice"] = Sitting()
    st.query_params.clear()


def _standing() -> Interview | None:
    """The interview if a step can be taken: it is not over, and no answer is being graded.

    Buttons of the page before can still be pressed while the next one is drawn.
    """
    interview = state().interview
    return interview if interview and interview.current and not grading() else None


def _kept(identity: str, interview: Interview, before: Interview | None) -> Step:
    try:
        return Step(interview, resources.progress().save(identity, interview, before))
    except MentorError as error:
        return Step(interview, identity, error)


def _note(step: Step) -> None:
    """Draw the consequences of a step that was, or was not, kept."""
    sitting = state()
    if isinstance(step.fault, InterviewGone):
        current = step.interview.current
        said = (*current.answers, current.draft) if current else ()
        st.session_state["practice"] = Sitting(fault=GONE, left_over="\n".join(filter(None, said)))
        st.query_params.clear()
        return
    sitting.id = step.id
    if step.fault:
        st.toast(f"The interview is on this page only: {render.escaped(str(step.fault))}")
    else:
        st.query_params.from_dict({"interview": step.id})
