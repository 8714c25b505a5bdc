"""Lakehouse Mentor: `make run`, or `.venv/bin/python -m streamlit run app.py`."""

import streamlit as st

from ui import render, resources

st.set_page_config(page_title="Lakehouse Mentor", page_icon="🎓", layout="wide")
render.style()
resources.keep_choices()
resources.prepare()
st.navigation(
    [
        st.Page("ui/ask.py", title="Ask", default=True),
        st.Page("ui/read.py", title="Handbook", url_path="handbook"),
        st.Page("ui/practice.py", title="Mock interview", url_path="interview"),
        st.Page("ui/progress.py", title="Progress", url_path="progress"),
    ],
    position="top",
).run()
