"""A person's progress in their own hands: export, import and reset."""

from collections.abc import Sequence

import streamlit as st

from errors import MentorError
from interview import transfer
from interview.graded import Graded
from ui import render, resources

CONFIRMATION = "reset"
MOST_MEGABYTES = transfer.MOST_BYTES // (1024 * 1024)


def draw(rows: Sequence[Graded]) -> None:
    """Draw the three, folded.

    Raises:
        StorageError: the database refuses.
    """
    if done := st.session_state.pop("data done", ""):
        st.success(done)
    with st.expander("Your data"):
        st.caption(
            "Interviews, grades and reviews are kept in a database on this machine and nowhere else. "
            "The file holds all of them, with what you typed."
        )
        file = transfer.write_file(resources.database(), resources.day().date)
        export("export", file)
        bring_in()
        reset(rows, file)


def export(key: str, file: bytes) -> None:
    """Draw the download of everything.

    The file is there before it is asked for: one that is made at the click is lost where the page is
    just being drawn again.
    """
    name = f"lakehouse-mentor-{resources.day().date.isoformat()}.json"
    st.download_button("Export", file, file_name=name, mime="application/json", key=key, on_click="ignore")


def bring_in() -> None:
    """Draw the import: what a file would change, and then the button that does it."""
    # A new key empties the box once its file has been imported.
    key = f"import {st.session_state.get('imports', 0)}"
    uploaded = st.file_uploader("Import", type="json", key=key, max_upload_size=MOST_MEGABYTES)
    if uploaded is None:
        return
    try:
        file = transfer.read_file(uploaded.getvalue())
        foreseen = transfer.merge(resources.database(), file, resources.bank(), dry=True)
    except MentorError as error:
        st.error(render.escaped(str(error)))
        return
    st.markdown(effect(foreseen))
    if foreseen.nothing:
        return
    if st.button("Import this file", key="merge", type="primary"):
        try:
            done = transfer.merge(resources.database(), file, resources.bank())
        except MentorError as error:
            st.error(render.escaped(str(error)))
            return
        st.session_state["imports"] = st.session_state.get("imports", 0) + 1
        st.session_state["data done"] = f"Imported: {_count(done.grades, 'graded answer')} added."
        st.rerun()


def effect(merge: transfer.Merge) -> str:
    """What an import would do, in words."""
    if merge.nothing and not merge.differing:
        return "All of this file is here already; importing it would change nothing."
    lines = [
        f"- **{_count(merge.new, 'interview')}** and **{_count(merge.grades, 'graded answer')}** "
        "will be added to yours.",
    ]
    if merge.longer:
        lines.append(
            f"- {_count(merge.longer, 'interview')} of yours will be replaced by the same, further on."
        )
    if merge.same:
        lines.append(f"- {_count(merge.same, 'interview')} of the file stay as they are here.")
    if merge.differing:
        lines.append(f"- {_count(merge.differing, 'interview')} went another way here; yours stay.")
    return "\n".join([*lines, "- Reviews are scheduled anew from all grades. Nothing is taken away."])


def reset(rows: Sequence[Graded], file: bytes) -> None:
    """Draw the reset: an export first, then a word to type, then the button."""
    with st.popover("Reset …"):
        st.markdown(
            f"This deletes every interview, {_count(len(rows), 'graded answer')} and all reviews. "
            "Conversations with the handbook stay. Export first: the file brings all of it back."
        )
        export("export first", file)
        typed = st.text_input(f"Type “{CONFIRMATION}” to confirm", key="confirm")
        if not st.button("Delete my progress", key="forget"):
            return
        if typed.strip().lower() != CONFIRMATION:
            st.warning(f"Nothing was deleted: the word is “{CONFIRMATION}”.")
            return
        try:
            resources.progress().forget()
        except MentorError as error:
            st.error(render.escaped(str(error)))
            return
        for key in ("practice", "progress section", "confirm"):
            st.session_state.pop(key, None)
        st.session_state["data done"] = "Your progress was deleted."
        st.rerun()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
