import json
from collections import defaultdict

import pytest

from errors import QuestionBankError
from evals.questions import EvalQuestion, read_questions

LINE = {"id": "a", "question": "What is a log?", "primary": "1.1", "acceptable": ["1.2"]}


def write(tmp_path, *lines, name="in.jsonl"):
    path = tmp_path / name
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines),
        "utf-8",
    )
    return path


def test_json_lines_are_read_and_blank_ones_passed_over(tmp_path):
    path = write(tmp_path, LINE, "", {"question": "And größe\u2028?", "primary": "2.1", "more": 1}, "")
    assert read_questions(path) == [
        EvalQuestion("a", "What is a log?", "1.1", ("1.2",)),
        EvalQuestion("3", "And größe\u2028?", "2.1"),
    ]


def test_yaml_is_read_and_numbers_of_sections_stay_as_written(tmp_path):
    path = write(tmp_path, "- {id: 1.1-a, question: What, primary: '1.10', kind: how-to}", name="in.yaml")
    assert read_questions(path) == [EvalQuestion("1.1-a", "What", "1.10", (), "how-to")]


def test_an_empty_file_has_no_questions(tmp_path):
    assert read_questions(write(tmp_path, "")) == []
    assert read_questions(write(tmp_path, "", name="in.yaml")) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param('{"id": 1,', "not JSON (", id="cut-off"),
        pytest.param("What is a log?", "not JSON (", id="no-json"),
    ],
)
def test_a_line_that_is_not_json_is_named(tmp_path, line, reason):
    path = write(tmp_path, LINE, "", line)
    with pytest.raises(QuestionBankError) as fault:
        read_questions(path)
    assert str(fault.value).startswith(f"{path}:3: {reason}")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"id": "b", "primary": "1.1"}, id="no-question"),
        pytest.param({"id": "b", "question": "What?"}, id="no-primary"),
        pytest.param({**LINE, "question": 3}, id="question-a-number"),
        pytest.param({**LINE, "acceptable": 3}, id="acceptable-a-number"),
        pytest.param(["a", "list"], id="a-list"),
    ],
)
def test_an_entry_that_lacks_something_is_named_with_its_line(tmp_path, entry):
    path = write(tmp_path, LINE, "", entry)
    with pytest.raises(QuestionBankError) as fault:
        read_questions(path)
    assert str(fault.value).startswith(f"{path}:3: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(QuestionBankError, match=r"none\.jsonl: cannot be read"):
        read_questions(tmp_path / "none.jsonl")
    broken = write(tmp_path, "- [", name="broken.yaml")
    with pytest.raises(QuestionBankError, match=r"broken\.yaml: cannot be read"):
        read_questions(broken)


def test_relevant_holds_the_primary_section_too():
    assert EvalQuestion("a", "?", "1.1", ("1.2", "1.1")).relevant == frozenset({"1.1", "1.2"})


def test_questions_about_one_section_stay_in_one_half():
    halves = defaultdict(set)
    for question in read_questions():
        halves[question.primary].add(question.half)
    assert {len(half) for half in halves.values()} == {1}
    assert set.union(*halves.values()) == {"tuning", "reported"}


def test_the_half_does_not_change_with_anything_but_the_section():
    one = EvalQuestion("a", "One?", "2.2", ("1.1",), "how-to")
    assert one.half == EvalQuestion("b", "Two?", "2.2").half
    # A question that changes sides would make old and new numbers of the reported half incomparable.
    assert [EvalQuestion("", "", s).half for s in ("1.1", "1.2", "2.1", "2.2")] == [
        "reported",
        "tuning",
        "tuning",
        "tuning",
    ]


def test_our_own_questions_are_whole():
    own = read_questions()
    assert len({question.id for question in own}) == len(own) > 100
    assert [question.id for question in own if not question.question.strip()] == []
