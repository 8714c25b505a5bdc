import pytest

from chat.sufficiency import WEIGHTS
from errors import QuestionBankError
from evals import abstention
from evals.abstention import Asked, auroc, risk_coverage

ASKED = [
    Asked("in", "What is a commit log?", True, "reported", "concept"),
    Asked("in too", "Why do small files make queries slow?", True, "tuning", "concept"),
    Asked("out", "Who won the football world cup in 1998?", False, "reported", "general"),
    Asked("out too", "How do I bake a sourdough bread?", False, "tuning", "general"),
    Asked("polite", "Thank you!", False, "reported", "general"),
]


@pytest.mark.parametrize(
    ("inside", "outside", "area"),
    [
        pytest.param([0.9, 0.8], [0.1], 1.0, id="apart"),
        pytest.param([0.1], [0.9, 0.8], 0.0, id="the wrong way round"),
        pytest.param([0.5], [0.5], 0.5, id="tie"),
        pytest.param([0.9, 0.2], [0.5], 0.5, id="mixed"),
        pytest.param([], [0.5], 0.0, id="nothing to compare"),
    ],
)
def test_auroc(inside, outside, area):
    assert auroc(inside, outside) == area


def test_the_curve_answers_the_surest_first():
    assert risk_coverage([0.9, 0.3], [0.6, 0.1]) == [
        {"coverage": 0.25, "risk": 0.0},
        {"coverage": 0.5, "risk": 0.5},
        {"coverage": 0.75, "risk": pytest.approx(1 / 3)},
        {"coverage": 1.0, "risk": 0.5},
    ]


def test_both_errors_are_counted_by_half_and_kind(small_index):
    measured = abstention.measure(small_index.settings, ASKED)
    everything, reported = measured["halves"]["all"], measured["halves"]["reported half"]
    assert (everything["in_scope"], everything["out_of_scope"]) == (2, 3)
    assert (reported["in_scope"], reported["out_of_scope"]) == (1, 2)
    assert (everything["auroc"], everything["wrong_answers"], everything["wrong_refusals"]) == (1.0, 0.0, 0.0)
    # The other way round, everything is wrong.
    turned = [Asked(q.id, q.question, not q.in_scope, q.half, q.kind) for q in ASKED]
    wrong = abstention.measure(small_index.settings, turned)
    assert [wrong["halves"]["all"][name] for name in ("auroc", "wrong_answers", "wrong_refusals")] == [
        0,
        1,
        1,
    ]
    assert wrong["reported half by kind"] == {"concept": 1.0, "general": 1.0}
    assert "| all | 2 | 3 | 1.000 | 0.000 | 0.000 |" in abstention.as_table(measured)


def test_the_curve_is_drawn(small_index, tmp_path):
    abstention.plot(abstention.measure(small_index.settings, ASKED), tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_weights_are_fitted_on_the_tuning_half(small_index):
    fitted = abstention.fit(small_index.settings, ASKED)
    assert fitted.keys() == {"bias", *WEIGHTS}
    elsewhere = [question for question in ASKED if question.half == "tuning"]
    assert abstention.fit(small_index.settings, elsewhere) == fitted


def test_questions_of_ones_own(tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text(
        '{"id": 1, "question": "What?", "in_scope": true}\n\n{"question": "No?", "in_scope": false}'
    )
    assert [(q.id, q.in_scope) for q in abstention.read_asked(file)] == [("1", True), ("3", False)]


@pytest.mark.parametrize("line", ['{"question": "What?"}', '{"question": 3, "in_scope": true}', "[]", "{"])
def test_a_bad_line_is_named(tmp_path, line):
    file = tmp_path / "own.jsonl"
    file.write_text(f'{{"question": "What?", "in_scope": true}}\n{line}\n')
    with pytest.raises(QuestionBankError, match=r"own\.jsonl:2: "):
        abstention.read_asked(file)


def test_our_own_are_of_both_kinds_in_both_halves(small_index):
    own = abstention.own_questions(small_index.settings)
    assert len({question.id for question in own if not question.in_scope}) >= 150
    assert {(q.in_scope, q.half) for q in own} == {
        (scope, half) for scope in (True, False) for half in ("tuning", "reported")
    }
