"""The questions to each section, and what their answers are measured by."""

from chat.citations import Answer, Citation, Statement
from evals.lessons import _summary, as_table, lessons_of, part_of
from ingest.lessons import Lesson
from ingest.pipeline import read_handbook
from settings import PROJECT

CORPUS = PROJECT / "corpus"


def test_each_section_belongs_to_one_part():
    parts = [part_of(s.number) for document in read_handbook(CORPUS) for s in document.sections]
    assert [parts.count(part) for part in ("learnt", "tuning", "reported")] == [87, 15, 15]
    assert (part_of("2.7"), part_of("3.1"), part_of("12.4"), part_of("12.5")) == (
        "tuning",
        "learnt",
        "learnt",
        "reported",
    )


def test_every_section_has_lessons_of_each_kind():
    kinds: dict[str, set[str]] = {}
    for part in ("learnt", "tuning", "reported"):
        for lesson in lessons_of(CORPUS, part):
            kinds.setdefault(lesson.section, set()).add(lesson.kind)
    del kinds[""]
    assert len(kinds) == 117
    assert all(found == {"interview", "plain", "near"} for found in kinds.values())


def test_an_answer_is_measured_by_what_it_holds():
    def said(*quotes):
        statements = tuple(
            Statement("sentence", quote, Citation(number, "1.1", "Log", "In short", quote, "", ""))
            for number, quote in enumerate(quotes, 1)
        )
        return Answer("", "", statements, refused=not quotes)

    holds = frozenset({"A log is a list.", "Logs grow."})
    lesson = Lesson("1.1", "plain", "log?", ("A log is a list.",), holds)
    pairs = [(lesson, said("A log is a list.", "It rains.")), (lesson, said("Logs grow.")), (lesson, said())]
    found = _summary(pairs)
    assert (found["held"], found["first"], found["refused"]) == (1 / 3, 1 / 2, 1 / 3)
    assert found["words"] == (7 + 2) / 2
    table = as_table({"tuning, plain": found, "tuning, near": {"questions": 2, "wrong_answers": 0.5}})
    assert "| 0.333 | 0.500 | 4 | 0.333 | |" in table and table.endswith("| 0.500 |")
