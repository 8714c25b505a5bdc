"""The Mock interview page: set-up, one question at a time, report."""

import streamlit as st

from errors import MentorError
from interview.bank import Question
from interview.session import Interview
from ui import question, render, report, resources, set_up, sitting


def page() -> None:
    """Draw the page."""
    if not resources.preparation().wait(seconds=3):
        resources.draw_preparation()
        return
    try:
        bank = resources.bank()
        sitting.restore()
        with st.container(key="sheet"):
            draw(bank)
    except MentorError as error:
        st.error(render.escaped(str(error)))
    except Exception:
        st.error(resources.apology())


def draw(bank: dict[str, Question]) -> None:
    """Draw the set-up, the question on the table, or the report."""
    interview = sitting.state().interview
    if interview is None:
        nothing_begun(bank)
    elif interview.current is None:
        report.draw(interview, bank)
        st.button("Another interview", key="another", type="primary", on_click=sitting.leave)
    elif interview.paused:
        paused(interview)
    elif interview.current.question not in bank:
        st.info("This question is no longer in the bank. Your interview goes on with the next one.")
        st.button("Next question", key="next", type="primary", on_click=sitting.next_question)
    else:
        question.draw(interview, bank[interview.current.question])


def nothing_begun(bank: dict[str, Question]) -> None:
    """Draw the set-up, after what became of the interview that was here."""
    remembered = sitting.state()
    if remembered.fault:
        st.warning(remembered.fault)
    if remembered.left_over:
        with st.expander("What you had typed"):
            st.text(remembered.left_over)
    begun = set_up.draw(bank)
    if begun:
        sitting.keep(begun)
        st.rerun()


def paused(interview: Interview) -> None:
    """Draw that the interview waits."""
    st.title("Paused", anchor=False)
    st.markdown(
        f"Question {interview.number} of {len(interview.questions)} waits, with what you have typed. "
        "You can close this page and come back to its address."
    )
    st.button("Resume", key="resume", type="primary", on_click=sitting.resume)
    st.button("End interview", key="end", type="tertiary", on_click=sitting.end)


page()
