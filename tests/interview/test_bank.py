from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
import yaml

from errors import QuestionBankError
from interview.bank import KeyPoint, Misconception, Question, Stage, choose, read_bank
from tests.conftest import CORPUS_SMALL

IDS = [
    "1.1-read-a-version",
    "1.1-two-writers",
    "1.1-missing-version",
    "1.2-why-small-files-hurt",
    "1.2-by-hand-or-automatic",
    "1.2-slow-sensor-report",
]
ENTRY = {
    "id": "2.1-a",
    "section": "2.1",
    "also": ["2.2"],
    "kind": "design",
    "level": "architect",
    "question": "Which cluster\n  runs   a job?",
    "why": "Tests the choice.",
    "key_points": [{"text": "A job cluster.", "weight": 3, "section": "2.2", "says": ["One for the job."]}],
    "misconceptions": [{"claim": "Any will do.", "correction": "None will.", "section": "2.1"}],
    "probes": ["And why?"],
    "model_answer": "A job\n  cluster.",
}


def questions(*sections: str) -> list[Question]:
    seen: Counter[str] = Counter()
    found = []
    for section in sections:
        seen[section] += 1
        found.append(Question(f"{section}-{seen[section]}", section, "?", (KeyPoint("a point", section),)))
    return found


def write(corpus, entries, name="02-compute.yaml"):
    path = corpus / "questions" / name
    path.write_text(entries if isinstance(entries, str) else yaml.safe_dump(entries), "utf-8")
    return path


def test_the_bank_comes_in_the_order_of_its_files():
    bank = read_bank(CORPUS_SMALL)
    assert list(bank) == IDS
    assert [question.id for question in bank.values()] == IDS


def test_a_question_is_read_whole(corpus):
    write(corpus, [ENTRY])
    bank = read_bank(corpus)
    assert list(bank) == [*IDS, "2.1-a"]
    assert bank["2.1-a"] == Question(
        id="2.1-a",
        section="2.1",
        question="Which cluster runs a job?",
        key_points=(KeyPoint("A job cluster.", "2.2", 3, ("One for the job.",)),),
        misconceptions=(Misconception("Any will do.", "None will.", "2.1"),),
        kind="design",
        level="architect",
        also=("2.2",),
        why="Tests the choice.",
        probes=("And why?",),
        model_answer="A job cluster.",
    )


def test_probes_and_other_sections_may_be_absent(corpus):
    write(corpus, [{name: value for name, value in ENTRY.items() if name not in ("also", "probes")}])
    question = read_bank(corpus)["2.1-a"]
    assert (question.also, question.probes) == ((), ())


def test_a_corpus_without_questions_has_an_empty_bank(tmp_path):
    assert read_bank(tmp_path) == {}


def without(name):
    return {key: value for key, value in ENTRY.items() if key != name}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param(without("section"), "question '2.1-a' is malformed ('section')", id="no-section"),
        pytest.param(without("id"), "question 'None' is malformed ('id')", id="no-id"),
        pytest.param(without("key_points"), "question '2.1-a' is malformed ('key_points')", id="no-points"),
        pytest.param({**ENTRY, "key_points": []}, "question '2.1-a' is malformed (", id="empty-points"),
        pytest.param({**ENTRY, "key_points": 3}, "question '2.1-a' is malformed (", id="points-a-number"),
        pytest.param({**ENTRY, "kind": "riddle"}, "(kind 'riddle', level 'architect')", id="unknown-kind"),
        pytest.param({**ENTRY, "level": "intern"}, "(kind 'design', level 'intern')", id="unknown-level"),
        pytest.param({**ENTRY, "question": None}, "question '2.1-a' is malformed (", id="no-words"),
        pytest.param(
            {**ENTRY, "key_points": [{**ENTRY["key_points"][0], "weight": "heavy"}]},
            "question '2.1-a' is malformed (invalid literal for int() with base 10: 'heavy')",
            id="weight-a-word",
        ),
        pytest.param("just words", "question 'just words' is malformed (", id="not-a-mapping"),
    ],
)
def test_a_fault_names_path_line_and_question(corpus, entry, reason):
    path = write(corpus, [ENTRY, entry])
    line = path.read_text("utf-8")[: path.read_text("utf-8").rindex("\n- ") + 1].count("\n") + 1
    with pytest.raises(QuestionBankError) as fault:
        read_bank(corpus)
    assert str(fault.value).startswith(f"{path}:{line}: question ")
    assert reason in str(fault.value)
    assert str(fault.value).endswith("; run `python -m ingest --check`")


def test_an_id_that_is_there_twice_names_path_and_question(corpus):
    path = write(corpus, [{**ENTRY, "id": IDS[0]}])
    with pytest.raises(QuestionBankError) as fault:
        read_bank(corpus)
    assert str(fault.value) == f"{path}:1: question {IDS[0]} is there twice; give one a new id"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("- id: [", "2: cannot be read (", id="not-yaml"),
        pytest.param("id: 2.1-a", "1: expected a list of questions, found dict", id="a-mapping"),
        pytest.param("", "1: expected a list of questions, found NoneType", id="empty"),
    ],
)
def test_a_file_that_is_no_list_of_questions_is_named(corpus, text, reason):
    path = write(corpus, text)
    with pytest.raises(QuestionBankError) as fault:
        read_bank(corpus)
    assert str(fault.value).startswith(f"{path}:{reason}")


def test_a_file_that_is_not_utf_8_is_named(corpus):
    path = corpus / "questions" / "02-compute.yaml"
    path.write_bytes(b"- id: \xff\xfe")
    with pytest.raises(QuestionBankError, match="cannot be read") as fault:
        read_bank(corpus)
    assert str(fault.value).startswith(f"{path}:1: ")


def test_a_draw_takes_one_of_each_section_before_a_second_of_any():
    pool = questions(*["1.1"] * 8, "1.2", "1.2", "2.1", "2.2")
    drawn = [question.section for question in choose(pool, (), 4, seed=1)]
    assert sorted(drawn) == ["1.1", "1.2", "2.1", "2.2"]
    assert Counter(question.section for question in choose(pool, (), 6, seed=1)) == Counter(
        {"1.1": 2, "1.2": 2, "2.1": 1, "2.2": 1}
    )


def test_a_draw_is_the_same_by_seed_and_another_by_another():
    pool = questions(*["1.1"] * 8, *["1.2"] * 8, *["2.1"] * 8)
    assert choose(pool, (), 5, seed=3) == choose(pool, (), 5, seed=3)
    draws = [choose(pool, (), 5, seed) for seed in range(20)]
    assert any(one != two for one, two in pairwise(draws))
    assert {question.section for draw in draws for question in draw[:1]} == {"1.1", "1.2", "2.1"}


def test_a_draw_holds_to_its_chapters():
    pool = questions("1.1", "1.2", "2.1", "10.1", "12.3")
    assert {q.section for q in choose(pool, (1,), 9, seed=1)} == {"1.1", "1.2"}
    assert {q.section for q in choose(pool, (2, 10), 9, seed=1)} == {"2.1", "10.1"}
    assert choose(pool, (7,), 9, seed=1) == ()


def test_a_draw_larger_than_the_bank_is_the_bank_once():
    pool = questions("1.1", "1.1", "1.2")
    drawn = choose(pool, (), 10, seed=1)
    assert sorted(question.id for question in drawn) == ["1.1-1", "1.1-2", "1.2-1"]


def test_an_empty_bank_draws_nothing():
    assert choose([], (), 3, seed=1) == ()
    assert choose(questions("1.1"), (), 0, seed=1) == ()


def test_a_senior_draws_senior_questions_and_an_architect_more_of_the_own():
    pool = [
        replace(question, level="architect" if at % 2 else "senior")
        for at, question in enumerate(questions(*[f"1.{n}" for n in range(1, 60) for _ in (1, 2)]))
    ]
    assert {question.level for question in choose(pool, (), 50, seed=1, role="senior")} == {"senior"}
    mix = Counter(question.level for question in choose(pool, (), 59, seed=1, role="architect"))
    assert mix["architect"] > mix["senior"] > 0
    assert choose(pool, (), 9, seed=1, role="architect") == choose(pool, (), 9, seed=1, role="architect")


def test_a_draw_holds_to_its_kinds_and_sections():
    pool = [
        replace(question, kind=kind)
        for question, kind in zip(
            questions("1.1", "1.1", "1.2", "2.1"), ("concept", "design", "design", "scenario"), strict=True
        )
    ]
    assert {q.id for q in choose(pool, (), 9, seed=1, kinds=("design", "scenario"))} == {
        "1.1-2",
        "1.2-1",
        "2.1-1",
    }
    assert {q.id for q in choose(pool, (), 9, seed=1, kinds=("design",), sections=("1.1", "2.1"))} == {
        "1.1-2"
    }


def test_the_weakest_sections_come_first_and_an_unknown_one_between():
    pool = questions(*["1.1", "1.2", "1.3", "1.4"] * 3)
    mastery = {"1.1": 0.9, "1.2": 0.1, "1.3": 0.3}
    for seed in range(5):
        drawn = [question.section for question in choose(pool, (), 8, seed, mastery=mastery)]
        assert drawn == ["1.2", "1.3", "1.4", "1.1"] * 2


def test_design_problems_in_stages_are_long_and_drawn_only_when_meant():
    short, other = questions("1.1", "15.1")
    deep = replace(
        other,
        id="15.1-deep",
        also=("5.4",),
        kind="design",
        level="architect",
        stages=(Stage("clarify", "?"),),
    )
    pool = [short, deep]
    assert choose(pool, (), 9, seed=1) == (short,)
    assert choose(pool, (15,), 9, seed=1) == (deep,)
    assert choose(pool, (), 9, seed=1, deep=True, role="senior", kinds=("concept",)) == (deep,)
    assert choose(pool, (5,), 9, seed=1, deep=True) == (deep,)
    assert choose(pool, (), 9, seed=1, deep=True, sections=("5.4",)) == (deep,)
    assert choose(pool, (), 9, seed=1, deep=True, sections=("5.5",)) == ()
