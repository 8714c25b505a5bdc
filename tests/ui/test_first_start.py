"""The first start: no index, or none that can be built."""

import logging
import threading

from streamlit.testing.v1 import AppTest

from ingest.pipeline import Progress
from tests.conftest import CORPUS_SMALL
from tests.ui.conftest import open_app
from tests.ui.test_ask import says, type_in
from ui import resources


def waited(app: AppTest) -> AppTest:
    """The page once the preparation has ended, well or ill."""
    resources.preparation()._thread.join(60)
    return app.run()


def test_an_empty_index_is_built_with_progress_and_then_answers(monkeypatch, word_hashes):
    going = threading.Event()
    ingest = resources.ingest_handbook

    def held(settings, observe):
        observe(Progress("Embedding", 3, 12))
        assert going.wait(60)
        ingest(settings, observe=observe)

    monkeypatch.setattr(resources, "ingest_handbook", held)
    monkeypatch.setattr(resources.Preparation, "wait", lambda self, seconds: self.ready)
    monkeypatch.setenv("MENTOR_CORPUS", str(CORPUS_SMALL))
    app = open_app()
    app.run()
    [progress] = app.get("progress")
    assert (progress.proto.value, progress.proto.text.split(" · ")[0]) == (25, "Embedding")
    assert says(app.caption) == ["The index is made once. The Handbook page is readable already."]
    assert not app.chat_input
    assert says(app.switch_page("ui/read.py").run().header) == ["Tables and the commit log"]
    going.set()
    app.switch_page("ui/ask.py")
    waited(app)
    assert not app.get("progress")
    # Word hashes know no meaning: a sentence of the handbook is what they find for sure.
    type_in(app, "Each commit writes one JSON file into _delta_log")
    assert app.session_state["ask"].answers[0].citations[0].section == "1.1"
    assert not app.exception


def test_a_handbook_at_fault_is_shown_line_by_line_and_can_be_tried_again(monkeypatch, corpus, word_hashes):
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    chapter = corpus / "02-compute.md"
    sound = chapter.read_text("utf-8")
    chapter.write_text(sound.replace("## 2.2 Autoscaling", "## 2.2 Scaling"), "utf-8")
    app = waited(open_app())
    [error] = says(app.error)
    assert error == f"{chapter}:56: section 2.2 must be titled 'Autoscaling'; found 'Scaling'"
    assert "Traceback" not in str(app)
    chapter.write_text(sound, "utf-8")
    app.button(key="again").click().run()
    waited(app)
    assert not app.error
    assert app.chat_input(key="question")
    assert not app.exception


def test_the_handbook_page_names_the_fault_too(monkeypatch, corpus, word_hashes):
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    (corpus / "01-storage.md").write_bytes(b"---\nchapter: 1\n---\n\xff\n")
    app = open_app("ui/read.py")
    [error] = says(app.error)
    assert "01-storage.md:4: byte 0xff is not UTF-8; save the file as UTF-8" in error.replace("\\", "")
    assert not app.exception


def test_a_bug_while_indexing_is_an_apology_and_a_traceback_in_the_log(monkeypatch, caplog):
    def broken(settings, observe):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(resources, "ingest_handbook", broken)
    monkeypatch.setenv("MENTOR_CORPUS", str(CORPUS_SMALL))
    with caplog.at_level(logging.ERROR, "lakehouse_mentor"):
        app = waited(open_app())
    [error] = says(app.error)
    assert error.startswith("Something went wrong on our side.")
    assert "secret detail" in caplog.text
    assert "secret detail" not in error
    assert not app.exception


def test_settings_at_fault_are_named_and_nothing_else_is_drawn(monkeypatch, tmp_path):
    monkeypatch.setenv("MENTOR_CORPUS", str(tmp_path / "nowhere"))
    app = open_app()
    assert says(app.error) == [
        f"MENTOR_CORPUS is {tmp_path / 'nowhere'}, which is not a folder; set it to the handbook's folder"
    ]
    assert not app.chat_input
    assert not app.exception
