"""Today's ten questions, as one button: on the Progress page, and wherever else a day may begin."""

from collections.abc import Sequence

import streamlit as st

from errors import MentorError
from interview import session
from interview.plan import Today
from ui import resources

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def draw(key: str = "today") -> Today:
    """Draw the button that begins what is left of today's ten questions.

    Returns:
        The day's questions.

    Raises:
        StorageError: the database refuses.
        QuestionBankError: the bank cannot be read.
    """
    today = resources.today()
    if not today.left:
        st.markdown("Every question of the bank was answered today. That will do.")
        return today
    if st.button(label(today), key=key, type="primary"):
        start(today.left)
    st.caption(about(today))
    return today


def label(today: Today) -> str:
    """What the button says."""
    left, ten = len(today.left), len(today.ten)
    if today.done:
        return f"{count(left)} more"
    if left < ten:
        return f"Go on: {left} of today's {_WORDS[ten]} left"
    return f"Today's {count(ten)}"


def about(today: Today) -> str:
    """Where the questions come from."""
    if today.done:
        return "Today's questions are done. These are for whoever is not tired yet."
    due = len(set(today.left) & set(today.due))
    new = len(today.left) - due
    parts = [f"{due} due for review"] if due else []
    parts += [f"{new} new, the weakest sections first" if resources.graded() else f"{new} new"] if new else []
    return " · ".join(parts)


def start(questions: Sequence[str]) -> None:
    """Begin a practice interview with these questions of the bank and go to it."""
    bank = resources.bank()
    drawn = [bank[question] for question in questions if question in bank]
    begun = session.begin(drawn, now=resources.now())
    try:
        identity = resources.progress().save("", begun)
    except MentorError as error:
        st.error(str(error))
        return
    st.switch_page("ui/practice.py", query_params={"interview": identity})


def count(number: int) -> str:
    """So many questions, ten at most, in words."""
    return f"{_WORDS[number]} question{'' if number == 1 else 's'}"
