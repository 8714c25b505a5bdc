"""Pages run by AppTest, over the small handbook's real index and a database of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import CORPUS_SMALL, SmallIndex
from tests.ui.fake import FakeAnswerer
from ui import resources

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(autouse=True)
def fresh_resources() -> Iterator[None]:
    """What one test cached, the next must not see."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def small_handbook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_index: SmallIndex) -> None:
    """The settings of an app whose handbook is the small one, indexed."""
    monkeypatch.setenv("MENTOR_CORPUS", str(CORPUS_SMALL))
    monkeypatch.setenv("MENTOR_DATA_DIR", str(small_index.settings.data_dir))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'mentor.db'}")
    # On a busy machine the index is not always open after the page's three seconds.
    wait = resources.Preparation.wait
    monkeypatch.setattr(resources.Preparation, "wait", lambda self, seconds: wait(self, 60))


def open_app(page: str = "", **query: str) -> AppTest:
    """Open the app in a new session, at an address."""
    app = AppTest.from_file(str(APP), default_timeout=30)
    if page:
        app.run().switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def ask(small_handbook: None) -> AppTest:
    """The Ask page of a new session."""
    return open_app()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, small_handbook: None) -> FakeAnswerer:
    """The app's answerer, without a search. Page scripts run anew, so they take it."""
    answerer = FakeAnswerer()
    monkeypatch.setattr("ui.resources.answerer", lambda: answerer)
    return answerer
