from dataclasses import replace
from html.parser import HTMLParser

import pytest

from chat.citations import Citation
from interview import report, report_files, session
from interview.bank import KeyPoint, Misconception, Question, Stage
from interview.grading import Grade, Verdict
from interview.report import Reading, Scores
from interview.session import Attempt, Interview, Probe

CITATION = Citation(1, "1.1", "Log", "Table", "| A | log names `files` |", "a.md", "11-log")
LOG, FILES, NODES = (
    KeyPoint("The log.", "1.1", 3),
    KeyPoint("The files.", "1.2", 1),
    KeyPoint("The nodes.", "2.1", 2),
)
WRONG = Misconception("A table is locked.", "It is not.", "1.1")
ONE = Question("1.1-one", "1.1", "One?", (LOG, FILES), kind="concept", model_answer="The log names them.")
TWO = Question("2.1-two", "2.1", "Two?", (NODES,), kind="scenario", model_answer="Nodes.")
BANK = {question.id: question for question in (ONE, TWO)}
TITLES = {"1.1": "Log", "1.2": "Files", "2.1": "Nodes"}
GRADED_ONE = Grade(
    75, (Verdict(LOG, "covered", "log"), Verdict(FILES, "missed", citation=CITATION)), (WRONG,)
)
GRADED_TWO = Grade(0, (Verdict(NODES, "contradicted", "no", borderline=True),))
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src="https://example.com/x" onerror="alert(1)">',
    "![x](https://example.com/track.png)",
    "[click](javascript:alert(1)) [there](https://example.com)",
    "</main></body><style>*{display:none}</style>",
    "<https://example.com>",
    "# Heading\n- item\n> quote\n```\ncode",
    "&lt;b&gt; & &amp;",
    "$x$ | a | b |\n|---|---|\n| c | d |",
]


def interview(*attempts: Attempt, questions: int = 2, begun: float = 0.0) -> Interview:
    return Interview(("1.1-one", "2.1-two", "9.9-x")[:questions], attempts=attempts, begun=begun)


def build(*attempts: Attempt, bank=BANK, **options):
    return report.build(
        interview(*attempts, **options), bank, TITLES.__getitem__, {1: "Storage", 2: "Compute"}
    )


def written(made):
    return report_files.page(made, address), report_files.markdown(made, address)


def address(section: str) -> str:
    return f"http://127.0.0.1:8501/handbook?section={section}"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


def test_the_numbers_are_by_chapter_and_by_kind():
    made = build(
        Attempt(ONE.id, ("a",), GRADED_ONE, hints=1), Attempt(TWO.id, ("b",), GRADED_TWO), begun=86_400.0
    )
    assert made.by_grader == (
        Scores(
            GRADED_ONE.grader,
            32,
            2,
            (("1. Storage", 65), ("2. Compute", 0)),
            (("concept", 65), ("scenario", 0)),
        ),
    )
    assert (made.when, made.graded, made.skipped) == ("02 January 1970", 2, 0)
    assert made.strong == (GRADED_ONE.verdicts[0],)
    assert made.missed == (GRADED_TWO.verdicts[0], GRADED_ONE.verdicts[1])
    assert made.reading == (Reading("2.1", "Nodes", 1), Reading("1.2", "Files", 1))
    assert made.asked[0].result == "65 of 100, good (10 taken off for hints)"
    assert report.headline(made) == "2 of 2 questions graded."


def test_what_was_skipped_left_or_not_gradable_has_no_score():
    ungraded = Attempt(TWO.id, ("?",), Grade(None, (Verdict(NODES, "missed"),)))
    made = build(Attempt(ONE.id), ungraded, Attempt("9.9-x", draft="half"), questions=3)
    assert [asked.result for asked in made.asked] == ["skipped", "not graded", "not submitted"]
    assert (made.by_grader, made.missed, made.reading) == ((), (), ())
    assert report.headline(made) == "0 of 3 questions graded, 1 skipped."
    assert made.asked[2].said == (("Typed and not submitted", "half"),)


def test_an_interview_ended_early_says_so():
    assert (
        report.headline(build(Attempt(ONE.id, ("a",), GRADED_ONE)))
        == "1 of 2 questions graded, ended before 1 of them."
    )


def test_grades_of_two_graders_are_never_averaged():
    other = replace(GRADED_TWO, score=100, grader="a model")
    made = build(Attempt(ONE.id, ("a",), GRADED_ONE), Attempt(TWO.id, ("b",), other))
    assert [(scores.grader, scores.score, scores.graded) for scores in made.by_grader] == [
        (GRADED_ONE.grader, 75, 1),
        ("a model", 100, 1),
    ]
    for text in written(made):
        assert report.APART in text
        assert "75 of 100" in text
        assert "100 of 100" in text
        assert "88 of 100" not in text
    alone = build(Attempt(ONE.id, ("a",), GRADED_ONE))
    assert not any(report.APART in text for text in written(alone))


def test_a_question_that_left_the_bank_is_still_reported():
    made = build(Attempt(ONE.id, ("a",), GRADED_ONE), bank={})
    [asked] = made.asked
    assert (asked.question, asked.section) == ("1.1-one (no longer in the bank)", "1.1")
    assert asked.grade == GRADED_ONE
    assert made.by_grader[0].by_kind == (("no longer in the bank", 75),)


@pytest.mark.parametrize(
    ("answers", "probes", "said"),
    [
        pytest.param(("a",), (), (("", "a"),), id="answer"),
        pytest.param(("a", "b"), ("Why?",), (("", "a"), ("Why?", "b")), id="probe"),
        pytest.param(("a", ""), ("Why?",), (("", "a"),), id="probe-left"),
        pytest.param(("a",), ("Why?",), (("", "a"),), id="ended-at-the-probe"),
        pytest.param(("a", "b"), ("Why?", "When?"), (("", "a"), ("Why?", "b")), id="ended-at-the-second"),
    ],
)
def test_each_answer_stands_under_what_was_asked(answers, probes, said):
    attempt = Attempt(ONE.id, answers, GRADED_ONE, probes=tuple(Probe(text, "x") for text in probes))
    assert build(attempt).asked[0].said == said


def test_a_design_is_reported_stage_by_stage_and_as_a_whole():
    stages = (Stage("clarify", "What first?"), Stage("deep dive", "And then?"))
    points = (
        KeyPoint("a", "1.1", 3, stage="clarify"),
        KeyPoint("b", "1.1", 1, stage="clarify"),
        KeyPoint("c", "1.1", stage="deep dive"),
    )
    design = Question("1.1-d", "1.1", "Design.", points, kind="design", stages=stages)
    grade = Grade(
        60, (Verdict(points[0], "covered"), Verdict(points[1], "missed"), Verdict(points[2], "missed"))
    )
    attempt = Attempt(design.id, ("one", "two", "three"), grade, probes=(Probe("Why?", "c"),))
    [asked] = build(attempt, bank={design.id: design}).asked
    assert asked.stages == (("clarify", "75 of 100"), ("deep dive", "0 of 100"))
    assert asked.said == (("What first?", "one"), ("And then?", "two"), ("Why?", "three"))


def test_the_files_hold_what_is_to_be_kept():
    made = build(Attempt(ONE.id, ("My own words.",), GRADED_ONE), Attempt(TWO.id), begun=86_400.0)
    page, markdown = written(made)
    text = " ".join(Elements(page).text.split())
    for part in (
        "75 of 100, good",
        "Read tonight",
        "My own words.",
        "The handbook: “A; log names files”",
        "The log names them.",
        "Not so: “A table is locked.” It is not.",
        "Mock interview, 02 January 1970",
    ):
        assert part in text
    assert "| 1\\. Storage | 75 |" in markdown
    assert f"1. [1.2 Files]({address('1.2')}), 1 point open" in markdown
    assert markdown.index("Read tonight") < markdown.index("Missed") < markdown.index("## 1. One?")


def test_the_page_is_one_file_without_script():
    elements = Elements(report_files.page(build(Attempt(ONE.id, ("a",), GRADED_ONE)), address))
    assert {"svg", "style", "rect"} <= {tag for tag, _ in elements.found}
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in elements.found}
    assert not any(name.startswith("on") or name == "src" for _, a in elements.found for name in a)
    assert {a["href"].split("?")[0] for a in elements.all("a")} == {"http://127.0.0.1:8501/handbook"}
    assert [bar["width"] for bar in elements.all("rect") if bar["class"] == "bar"] == ["450", "450"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_was_typed_or_graded_is_text(hostile):
    question = replace(ONE, question=hostile, model_answer=hostile)
    verdicts = (
        Verdict(replace(LOG, text=hostile), "missed", citation=replace(CITATION, quote=f"x {hostile}")),
    )
    grade = Grade(0, verdicts, (Misconception(hostile, hostile, "1.1"),), grader="g")
    attempt = Attempt(ONE.id, (hostile, hostile), grade, probes=(Probe(hostile, "x"),), draft=hostile)
    harmless = Attempt(
        ONE.id,
        ("a", "a"),
        replace(grade, verdicts=(Verdict(LOG, "missed", citation=CITATION),), misconceptions=(WRONG,)),
        probes=(Probe("b", "x"),),
        draft="a",
    )
    page = Elements(report_files.page(build(attempt, bank={ONE.id: question}), address))
    plain = Elements(report_files.page(build(harmless), address))
    assert {tag for tag, _ in page.found} - {"br"} == {tag for tag, _ in plain.found} - {"br"}
    assert page.all("a") == plain.all("a")
    assert not page.all("img")
    letters = "".join(hostile.split())
    assert letters in "".join(page.text.split())


def test_an_interview_without_answers_still_has_its_files():
    page, markdown = written(report.build(session.begin([]), {}, str, {}))
    assert "0 of 0 questions graded." in page
    assert markdown.startswith("# Mock interview\n")
