from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from streamlit.testing.v1 import AppTest

from database import open_database
from errors import StorageError
from interview.bank import read_bank
from interview.grading import GRADER
from interview.plan import day_of
from interview.progress import Progress, write_graded
from interview.transfer import write_file
from tests.conftest import CORPUS_SMALL
from tests.interview.conftest import row
from tests.ui.conftest import open_app
from tests.ui.test_ask import says
from ui import resources

PAGE = "ui/progress.py"
BANK = read_bank(CORPUS_SMALL)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _small(small_handbook, monkeypatch):
    monkeypatch.setattr("ui.resources.day", lambda: day_of(NOW, UTC))


@pytest.fixture
def graded(tmp_path):
    """Writes graded answers into the app's database."""

    def write(*rows, name: str = "mentor"):
        engine = open_database(f"sqlite:///{tmp_path / name}.db")
        with engine.begin() as connection:
            write_graded(connection, rows)
        data = write_file(engine, NOW.date())
        engine.dispose()
        return data

    return write


def answers(*scores, question="1.2-why-small-files-hurt", days=-3.0, grader=GRADER, start=0):
    return [
        row(question, score, days=days + at * 0.01, position=start + at, grader=grader)
        for at, score in enumerate(scores)
    ]


def charted(app: AppTest, kind: str) -> list[dict]:
    """What a chart is drawn from: the map, the only one that a click is taken from, or the course."""
    charts = [one.proto for one in app.main.get("vega_lite_chart") + app.main.get("arrow_vega_lite_chart")]
    [found] = [one for one in charts if bool(one.id) == (kind == "map")]
    [data] = found.datasets
    return pyarrow.ipc.open_stream(data.data.data).read_all().to_pylist()


def states(app) -> dict[str, str]:
    return {value["section"]: value["state"] for value in charted(app, "map")}


def links(app) -> list[tuple[str, str, str]]:
    found = [link.proto for link in app.main.get("page_link")]
    return [(link.label, link.page, link.query_string) for link in found]


def test_a_new_person_sees_the_map_and_one_thing_to_do():
    app = open_app(PAGE)
    assert says(app.title) == ["Progress"]
    assert states(app) == {"1.1": "untouched", "1.2": "untouched", "2.1": "untouched", "2.2": "untouched"}
    assert [one.label for one in app.main.button if one.proto.type == "primary"] == [
        app.button(key="today").label
    ]
    assert not app.subheader  # neither a course nor reviews that could only be empty
    assert "Nothing is coloured yet" in app.markdown[0].value
    assert not app.exception
    assert not app.error


def test_what_was_graded_colours_the_map(graded):
    graded(*answers(0), *answers(100, 100, question="1.1-two-writers", start=1))
    app = open_app(PAGE)
    assert states(app) == {"1.1": "strong", "1.2": "weak", "2.1": "untouched", "2.2": "untouched"}
    assert app.markdown[0].value == "3 answers graded · practised on 1 of the last 14 days"
    assert not app.exception


def test_the_streak_is_told_when_there_is_one_and_never_missed(graded):
    graded(*answers(50, days=-2), *answers(50, days=-1, start=1), *answers(50, days=0, start=2))
    assert "3 days running" in open_app(PAGE).markdown[0].value


def test_after_a_long_time_nothing_reproaches(graded):
    graded(*answers(50, days=-100))
    assert open_app(PAGE).markdown[0].value == "1 answer graded"


def test_todays_questions_are_an_interview_with_these_questions():
    app = open_app(PAGE)
    ten = resources.today().left
    assert ten == resources.today().ten
    app.button(key="today").click().run()
    assert says(app.title) != ["Progress"]
    interview = app.session_state["practice"].interview
    assert (interview.questions, interview.mode) == (ten, "practice")
    assert app.query_params["interview"] in (
        app.session_state["practice"].id,
        [app.session_state["practice"].id],
    )
    assert not app.exception


def test_what_is_done_of_the_day_is_not_asked_again(graded):
    first = resources.today().ten
    graded(*[row(one, 90, days=0.01, position=at) for at, one in enumerate(first[:2])])
    app = open_app(PAGE)
    assert app.button(key="today").label.startswith(f"Go on: {len(first) - 2} of today's")
    app.button(key="today").click().run()
    assert app.session_state["practice"].interview.questions == first[2:]


def test_when_all_is_done_there_is_no_button(graded):
    graded(*[row(one, 90, days=0.01, position=at) for at, one in enumerate(BANK)])
    app = open_app(PAGE)
    assert "today" not in [one.key for one in app.main.button]
    assert "Every question of the bank was answered today. That will do." in says(app.markdown)
    assert not app.exception


def test_due_questions_are_named_with_their_section(graded):
    graded(*answers(10))
    app = open_app(PAGE)
    [named] = [text for text in says(app.markdown) if text.startswith("- ")]
    assert named.endswith(":small[1.2]")
    assert "1 due for review" in says(app.caption)[0]


def test_grades_of_two_graders_are_two_lines_and_never_one_map(graded):
    other = answers(100, 100, grader="other (model)", start=5)
    graded(*answers(0), *other)
    app = open_app(PAGE)
    assert states(app)["1.2"] == "weak"
    lines = {value["grader"]: value["ready"] for value in charted(app, "course")}
    assert lines == {GRADER: 0.0, "other (model)": 0.25}
    app.selectbox(key="grader").set_value("other (model)").run()
    assert states(app)["1.2"] == "strong"
    assert not app.exception


def test_after_a_change_of_grader_the_last_one_is_shown(graded):
    graded(*answers(100, 100, grader="offline-0"))
    app = open_app(PAGE)
    assert states(app)["1.2"] == "strong"
    assert dict(resources.mastery()) == {"1.2": 1.0}


def test_a_chosen_section_can_be_read_and_practised(graded):
    graded(*answers(0))
    app = open_app(PAGE)
    assert links(app) == []
    app.selectbox(key="progress section").set_value("1.2").run()
    assert links(app) == [
        ("Read it", "handbook", "section=1.2"),
        ("Practise it", "interview", "section=1.2"),
    ]
    assert "weak, 0% after 1 answer" in says(app.caption)
    assert [value["section"] for value in charted(app, "map") if value["picked"]] == ["1.2"]
    assert not app.exception


def test_readiness_of_one_chapter(graded):
    graded(*answers(100))
    app = open_app(PAGE)
    assert "**25%** :small[mean over 4 sections, untouched ones as 0]" in says(app.markdown)
    app.selectbox(key="ready").set_value("1. Storage").run()
    assert "**50%** :small[mean over 2 sections, untouched ones as 0]" in says(app.markdown)
    app.selectbox(key="ready").set_value("2. Compute").run()
    assert "Nothing of this chapter has been practised yet." in says(app.caption)
    assert not app.exception


def offered(app, data: bytes, name: str = "mine.json"):
    [box] = app.get("file_uploader")
    return box.set_value((name, data, "application/json")).run()


def test_an_import_says_what_it_does_then_does_it_once(graded, tmp_path):
    data = graded(*answers(0, 100), name="elsewhere")
    app = offered(open_app(PAGE), data)
    assert any("**2 graded answers** will be added" in text for text in says(app.markdown))
    assert resources.progress().graded() == []
    app.button(key="merge").click().run()
    assert says(app.success) == ["Imported: 2 graded answers added."]
    assert len(resources.progress().graded()) == 2
    assert states(app)["1.2"] != "untouched"
    again = offered(app, data)
    assert any("would change nothing" in text for text in says(again.markdown))
    assert "merge" not in [one.key for one in again.main.button]
    assert not again.exception


def test_a_broken_file_is_refused_on_the_page(graded):
    graded(*answers(100))
    app = offered(open_app(PAGE), b'{"format": "lakehouse-mentor progress", "![](//x)": 1}')
    assert "Nothing was changed" in says(app.error)[0]
    assert len(resources.progress().graded()) == 1
    assert not app.exception


def test_a_reset_wants_its_word_and_offers_an_export_first(graded):
    graded(*answers(100))
    app = open_app(PAGE)
    assert {"export", "export first"} <= {one.key for one in app.main.get("download_button")}
    app.button(key="forget").click().run()
    assert says(app.warning) == ["Nothing was deleted: the word is “reset”."]
    assert len(resources.progress().graded()) == 1
    app.text_input(key="confirm").set_value("reset").run()
    app.button(key="forget").click().run()
    assert says(app.success) == ["Your progress was deleted."]
    assert resources.progress().graded() == []
    assert set(states(app).values()) == {"untouched"}
    assert not app.exception


def test_a_reset_forgets_the_interview_on_the_table():
    app = open_app(PAGE)
    app.button(key="today").click().run()
    app.query_params.clear()
    app.switch_page(PAGE).run()
    app.text_input(key="confirm").set_value("reset").run()
    app.button(key="forget").click().run()
    app.switch_page("ui/practice.py").run()
    assert app.session_state["practice"].interview is None
    assert not app.exception


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"garbage " * 500, "is not a database", id="garbage"),
        pytest.param(None, "unable to open database file", id="folder"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_with_what_to_do(tmp_path, content, said):
    path = tmp_path / "mentor.db"
    path.mkdir() if content is None else path.write_bytes(content)
    app = open_app(PAGE)
    [error] = [text.replace("\\", "") for text in says(app.error)]
    assert said in error
    assert "set DATABASE_URL or MENTOR_DATA_DIR" in error
    assert not app.exception
    path.rmdir() if content is None else path.rename(tmp_path / "aside.db")
    assert not app.run().error  # no restart needed
    assert app.button(key="today")


def test_a_database_that_refuses_the_start_says_so(monkeypatch):
    app = open_app(PAGE)

    def refuse(*_arguments):
        raise StorageError("the database refused (disk I/O error)")

    monkeypatch.setattr(Progress, "save", refuse)
    app.button(key="today").click().run()
    assert says(app.title) == ["Progress"]
    assert "disk I/O error" in says(app.error)[0]
    assert not app.exception


def test_text_of_a_file_is_no_markup(graded):
    graded(*answers(100, grader="![x](http://example.com/x)"), *answers(100, grader="second", start=3))
    app = open_app(PAGE)
    assert not [text for text in says(app.markdown) + says(app.caption) if "example.com" in text]
    assert not app.exception


def test_the_handbook_shows_how_well_each_section_is_known(graded):
    graded(*answers(0), *answers(100, 100, question="1.1-two-writers", start=1))
    app = open_app("ui/read.py", section="2.1")
    labels = {one.key: one.label for one in app.sidebar.button}
    assert labels["section 1.1"].endswith(":green[●]")
    assert labels["section 1.2"].endswith(":red[◔]")
    assert labels["section 2.1"] == "2.1 Cluster types"
    assert not app.exception


def test_the_handbook_reads_without_a_database(tmp_path):
    (tmp_path / "mentor.db").mkdir()
    app = open_app("ui/read.py", section="2.1")
    assert says(app.header) == ["Cluster types"]
    assert not app.error
    assert not app.exception


def test_the_day_is_the_browser_s(monkeypatch):
    monkeypatch.undo()
    for name, known in (
        ("Europe/Berlin", ZoneInfo("Europe/Berlin")),
        ("no/where", UTC),
        (None, ZoneInfo("UTC")),
    ):
        monkeypatch.setattr("streamlit.context", type("Context", (), {"timezone": name}))
        assert resources.zone() == known
    assert (
        resources.day().begin
        <= datetime.now(UTC)
        < resources.day().end
        <= datetime.now(UTC) + timedelta(days=2)
    )
