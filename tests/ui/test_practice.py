from dataclasses import replace

import pytest

from errors import StaleIndex
from interview import bank as bank_module
from interview.bank import Question, read_bank
from interview.grading import GRADER, Grade, Verdict
from interview.session import HINT_COST
from tests.conftest import CORPUS_SMALL
from tests.ui.conftest import open_app
from tests.ui.test_ask import says

PAGE = "ui/practice.py"
BANK = read_bank(CORPUS_SMALL)
SLOW, WRITERS = BANK["1.2-why-small-files-hurt"], BANK["1.1-two-writers"]
GOOD = (
    "Every file costs a request to object storage. Every file also has a footer that must be read. "
    "Compaction rewrites the small files into large ones and changes no row."
)
WRONG = "The table is locked while a job writes to it."


class FakeGrader:
    """Covers the points whose text the answer repeats; remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    def grade(self, question: Question, answer: str) -> Grade:
        self.given.append((question.id, answer))
        verdicts = tuple(
            Verdict(point, "covered", point.text) if point.text in answer else Verdict(point, "missed")
            for point in question.key_points
        )
        covered = sum(verdict.verdict == "covered" for verdict in verdicts)
        return Grade(100 * covered // len(verdicts), verdicts, feedback=f"{covered} covered.")


@pytest.fixture(autouse=True)
def _small(small_handbook):
    pass


@pytest.fixture
def grader(monkeypatch) -> FakeGrader:
    fake = FakeGrader()
    monkeypatch.setattr("ui.resources.grader", lambda: fake)
    return fake


@pytest.fixture
def drawn(monkeypatch) -> list[tuple[list[str], list[int], int]]:
    """Every draw asked for, which takes the questions in this order."""
    draws: list[tuple[list[str], list[int], int]] = []

    def choose(questions, chapters, count, seed):
        draws.append(([question.id for question in questions], list(chapters), count))
        return (SLOW, WRITERS)

    monkeypatch.setattr(bank_module, "choose", choose)
    return draws


def start(exam: bool = False):
    app = open_app(PAGE)
    if exam:
        app.toggle(key="exam").set_value(True)
    return app.button(key="start").click().run()


def interview(app):
    return app.session_state["practice"].interview


def identity(app) -> str:
    value = app.query_params["interview"]
    return value if isinstance(value, str) else value[0]


def give(app, text: str):
    app.text_area[0].set_value(text).run()
    return app.button(key="submit").click().run()


def keys(app) -> set[str]:
    return {button.key for button in app.main.button if button.key}


def links(app) -> list[tuple[str, str, str]]:
    found = [link.proto for link in app.main.get("page_link")]
    return [(link.label, link.page, link.query_string) for link in found]


def marks(app) -> list[str]:
    return [text for text in says(app.markdown) if text[:1] in "✓○✗"]


def test_the_page_renders_over_the_small_question_bank():
    app = open_app(PAGE)
    assert says(app.title) == ["Mock interview"]
    assert app.multiselect(key="practice chapters").options == ["1. Storage", "2. Compute"]
    assert keys(app) == {"start"}
    assert not app.error
    assert not app.exception


def test_what_is_set_up_is_drawn(drawn):
    app = open_app(PAGE)
    app.multiselect(key="practice chapters").set_value([1])
    app.segmented_control(key="length").set_value(5)
    app.button(key="start").click().run()
    assert drawn == [(list(BANK), [1], 5)]
    assert (interview(app).questions, interview(app).mode) == ((SLOW.id, WRITERS.id), "practice")
    assert says(app.subheader) == [SLOW.question]
    assert says(app.caption) == ["Question 1 of 2 · concept · senior"]
    assert keys(app) == {"submit", "hint", "skip"}
    assert not app.exception


def test_an_interview_may_be_about_one_section(drawn):
    app = open_app(PAGE, section="1.2")
    assert "Questions about section 1.2" in says(app.caption)
    assert not app.multiselect
    app.button(key="start").click().run()
    assert drawn == [([identity for identity in BANK if identity.startswith("1.2-")], [], 3)]
    assert not app.exception


def test_a_chapter_without_questions_says_so():
    app = open_app(PAGE)
    app.multiselect(key="practice chapters").set_value([2])
    app.button(key="start").click().run()
    assert "No answer was graded." in says(app.markdown)
    assert not app.exception


def test_a_good_answer_is_graded_point_by_point_with_the_way_to_each_section(drawn):
    app = give(start(), GOOD)
    assert any(text.startswith("### 89 of 100 · excellent") for text in says(app.markdown))
    [marked] = app.get("bidi_component")
    assert marked.proto.component_name == "mentor_marked"
    assert "Every file also has a footer that must be read." in str(marked.proto.json)
    assert marks(app) == [
        f"✓ {SLOW.key_points[0].text} :small[covered]",
        f"✓ {SLOW.key_points[1].text} :small[covered]",
        f"○ {SLOW.key_points[2].text} :small[missed]",
        f"✓ {SLOW.key_points[3].text} :small[covered]",
    ]
    assert [(label, page) for label, page, _ in links(app)] == [("Section 1.2", "handbook")] * 4
    missed = links(app)[2][2]
    assert missed.startswith("section=1.2&quote=")
    assert [query for _, _, query in links(app) if query != missed] == ["section=1.2"] * 3
    assert SLOW.model_answer in says(app.markdown)
    assert (
        says(app.caption)[-1] == f"Graded by {GRADER}. It reads no logic; trust the section over the verdict."
    )
    assert keys(app) == {"probe", "next"}
    assert not app.exception


def test_a_misconception_is_named_with_its_correction(drawn):
    app = start()
    app = give(app.button(key="skip").click().run(), WRONG)
    wrong = WRITERS.misconceptions[0]
    assert says(app.warning) == [
        f"You said something like “{wrong.claim}” {wrong.correction} (section {wrong.section})"
    ]
    assert marks(app)[0] == f"✗ {WRITERS.key_points[0].text} :small[contradicted]"
    assert not app.exception


def test_a_rerun_grades_nothing_again(drawn, grader):
    app = give(start(), GOOD)
    app.run().run()
    assert grader.given == [(SLOW.id, GOOD)]
    assert not app.exception


def test_a_hint_names_the_section_of_the_heaviest_point_and_costs(drawn, grader):
    app = start()
    assert app.button(key="hint").label == f"Hint (costs {HINT_COST} points)"
    app.button(key="hint").click().run()
    assert says(app.info) == ["Think about what section 1.2 says: File compaction & small files."]
    assert keys(app) == {"submit", "skip"}
    give(app, SLOW.key_points[0].text)
    assert any(text.startswith("### 15 of 100 · thin · 1 hint") for text in says(app.markdown))
    assert not app.exception


def test_follow_ups_are_two_and_their_answers_count_with_the_first(drawn, grader):
    app = start()
    points = [point.text for point in SLOW.key_points]
    give(app, points[0])
    app.button(key="probe").click().run()
    assert f"**Follow-up.** {SLOW.probes[0]}".replace("?", "") in "".join(says(app.markdown)).replace("?", "")
    give(app, points[1])
    assert any(text.startswith("### 50 of 100") for text in says(app.markdown))
    app.button(key="probe").click().run()
    give(app, "Nothing more.")
    assert grader.given == [
        (SLOW.id, points[0]),
        (SLOW.id, f"{points[0]}\n{points[1]}"),
        (SLOW.id, f"{points[0]}\n{points[1]}\nNothing more."),
    ]
    assert keys(app) == {"next"}
    assert not app.exception


def test_no_follow_up_when_every_point_is_covered(drawn, grader):
    app = give(start(), " ".join(point.text for point in SLOW.key_points))
    assert keys(app) == {"next"}
    assert not app.exception


def test_the_next_question_begins_with_an_empty_box_and_the_last_one_finishes(drawn, grader):
    app = give(start(), GOOD)
    assert app.button(key="next").label == "Next question"
    app.button(key="next").click().run()
    assert says(app.subheader) == [WRITERS.question]
    assert app.text_area[0].value == ""
    give(app, WRITERS.key_points[0].text)
    assert app.button(key="next").label == "Finish"
    app.button(key="next").click().run()
    assert says(app.title) == ["How it went"]
    assert not app.exception


def finished():
    """Both questions: the first at 50 less a hint, the second skipped."""
    app = start()
    app.button(key="hint").click().run()
    give(app, f"{SLOW.key_points[0].text} {SLOW.key_points[1].text}")
    app.button(key="next").click().run()
    return app.button(key="skip").click().run()


def test_the_summary_has_the_numbers_and_what_to_read(drawn, grader):
    app = finished()
    assert "### 40 of 100 · fair" in [text.strip() for text in says(app.markdown)]
    assert says(app.caption)[0] == f"1 of 2 questions graded, 1 skipped. Graded by {GRADER}."
    assert links(app)[0] == ("1.2 File compaction & small files", "handbook", "section=1.2")
    assert [expander.label for expander in app.main.expander if expander.label != "A strong answer"] == [
        f"1. {SLOW.question} · 40",
        f"2. {WRITERS.question} · skipped",
    ]
    assert not app.exception


def test_after_the_summary_another_interview_can_be_set_up(drawn, grader):
    app = finished()
    app.button(key="another").click().run()
    assert says(app.title) == ["Mock interview"]
    assert "interview" not in app.query_params
    assert not app.exception


def test_in_an_exam_feedback_comes_at_the_end_only(drawn, grader):
    app = give(start(exam=True), GOOD)
    assert says(app.subheader) == [WRITERS.question]
    assert not marks(app)
    give(app, WRITERS.key_points[0].text)
    assert says(app.title) == ["How it went"]
    assert len(marks(app)) == 8
    assert not app.exception


def test_the_same_words_to_two_questions_are_drawn_twice(drawn, grader):
    app = start(exam=True)
    give(app, "I really do not know this one.")
    give(app, "I really do not know this one.")
    assert says(app.title) == ["How it went"]
    assert len(app.get("bidi_component")) == 2
    assert not app.exception


def test_a_new_session_at_the_address_takes_the_interview_up(drawn, grader):
    app = give(start(), SLOW.key_points[0].text)
    again = open_app(PAGE, interview=identity(app))
    assert interview(again) == interview(app)
    assert marks(again) == marks(app)
    assert grader.given == [(SLOW.id, SLOW.key_points[0].text)]
    assert not again.exception


def test_another_page_in_between_keeps_the_interview(drawn, grader):
    app = give(start(), SLOW.key_points[0].text)
    before = interview(app)
    app.query_params.clear()
    app.switch_page("ui/read.py").run()
    app.query_params.clear()
    app.switch_page(PAGE).run()
    assert interview(app) == before
    assert marks(app)
    assert not app.exception


def test_an_address_that_names_no_interview_offers_a_new_one():
    app = open_app(PAGE, interview="nobody")
    assert keys(app) == {"start"}
    assert not app.exception


def test_a_question_removed_from_the_bank_does_not_stop_the_interview(drawn, grader, monkeypatch):
    app = start()
    rest = {name: question for name, question in BANK.items() if name != SLOW.id}
    monkeypatch.setattr("ui.resources.bank", lambda: rest)
    app.run()
    assert says(app.info) == [
        "This question is no longer in the bank. Your interview goes on with the next one."
    ]
    app.button(key="next").click().run()
    assert says(app.subheader) == [WRITERS.question]
    monkeypatch.setattr("ui.resources.bank", dict)
    app.run().button(key="next").click().run()
    assert says(app.title) == ["How it went"]
    assert not app.exception


def test_while_the_index_is_made_there_is_nothing_to_start(monkeypatch):
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    app = open_app(PAGE)
    assert app.get("progress")
    assert not keys(app)
    assert not app.exception


def test_a_fault_of_the_bank_is_shown(monkeypatch, corpus):
    (corpus / "questions" / "01-storage.yaml").write_text("- id: 1.1-a\n", "utf-8")
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    # The index is another handbook's: neither open it nor bring it up to date.
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    monkeypatch.setattr("ui.resources.Preparation.wait", lambda self, seconds: True)
    app = open_app(PAGE)
    [error] = says(app.error)
    assert "01-storage.yaml: question '1.1-a' is malformed" in error
    assert not app.exception


def test_an_index_lost_in_between_is_said_and_the_answer_stays(drawn, grader, monkeypatch):
    def lost(question, answer):
        raise StaleIndex("there is no index; run `python -m ingest`")

    monkeypatch.setattr(grader, "grade", lost)
    app = give(start(), GOOD)
    assert says(app.error) == ["there is no index; run `python -m ingest`"]
    assert app.text_area[0].value == GOOD
    assert not app.exception


def test_without_a_database_the_interview_goes_on(drawn, grader, monkeypatch, tmp_path):
    (tmp_path / "mentor.db").write_bytes(b"not a database at all" * 100)
    app = start()
    assert says(app.subheader) == [SLOW.question]
    assert "The interview is on this page only" in app.toast[0].value
    give(app, GOOD)
    assert marks(app)
    assert not app.exception


@pytest.mark.parametrize("words", ["![](//example.com/a)", "[x](//a.b)"])
def test_markup_in_an_answer_too_short_is_plain_text(drawn, words):
    app = give(start(), words)
    [info] = says(app.info)
    assert words not in info
    assert "is too short to state anything" in info
    assert not app.exception


@pytest.mark.parametrize("words", ["", " \n "], ids=["empty", "blank"])
def test_submitting_nothing_is_said_and_grades_nothing(drawn, grader, words):
    app = give(start(), words)
    assert says(app.warning) == ["There is nothing to grade yet. Write an answer, or skip the question."]
    assert (grader.given, interview(app).current.answers) == ([], ())
    assert keys(app) == {"submit", "hint", "skip"}
    assert not app.exception


def test_an_answer_that_cannot_be_graded_is_told_why_and_costs_nothing(drawn):
    app = give(start(), "Compaction")
    [info] = says(app.info)
    assert info.startswith(r"Could not grade this\: “Compaction” is too short")
    assert interview(app).current.score is None
    assert keys(app) == {"next"}
    app.button(key="next").click().run()
    app.button(key="skip").click().run()
    assert "No answer was graded." in says(app.markdown)
    assert not app.exception


def test_more_than_one_verdict_may_rest_on_the_same_words(drawn, monkeypatch):
    words = "One sentence says it all of the way."
    verdicts = tuple(Verdict(point, "covered", words) for point in SLOW.key_points)

    class Same(FakeGrader):
        def grade(self, question, answer):
            return replace(super().grade(question, answer), score=100, verdicts=verdicts)

    monkeypatch.setattr("ui.resources.grader", Same)
    app = give(start(), words)
    [marked] = app.get("bidi_component")
    assert str(marked.proto.json).count(words) == 1
    assert len(marks(app)) == 4
    assert not app.exception
