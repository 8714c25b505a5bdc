import pytest

from chat.draft import Piece, pieces_of


def sentence(text: str, *numbers: int) -> Piece:
    return Piece("sentence", text, numbers)


def item(text: str, *numbers: int) -> Piece:
    return Piece("item", text, numbers)


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        pytest.param("A log is kept [1].", [sentence("A log is kept.", 1)], id="before-the-stop"),
        pytest.param("A log is kept. [1]", [sentence("A log is kept.", 1)], id="after-the-stop"),
        pytest.param("A log is kept.[1][2]", [sentence("A log is kept.", 1, 2)], id="side-by-side"),
        pytest.param("A log is kept [1, 3-5].", [sentence("A log is kept.", 1, 3, 4, 5)], id="listed"),
        pytest.param("[2] A log is kept.", [sentence("A log is kept.", 2)], id="in-front"),
        pytest.param("A log is kept【3†source】.", [sentence("A log is kept.", 3)], id="other-brackets"),
        pytest.param(
            "A log is kept. [1] Files are not. [2]",
            [sentence("A log is kept.", 1), sentence("Files are not.", 2)],
            id="each-its-own",
        ),
        pytest.param(
            "A log is kept. Files are not.",
            [sentence("A log is kept."), sentence("Files are not.")],
            id="without-numbers",
        ),
        pytest.param(
            "Set `a[0].b` to 7.5 days [1].", [sentence("Set `a[0].b` to 7.5 days.", 1)], id="in-code"
        ),
        pytest.param(
            "- A log is kept [1]\n2. Files are not [2]",
            [item("A log is kept", 1), item("Files are not", 2)],
            id="items",
        ),
        pytest.param("| a log | is kept [1] |\n|---|---|", [item("a log; is kept", 1)], id="row"),
        pytest.param(
            "# A heading of words\n***\nA log is kept [1].", [sentence("A log is kept.", 1)], id="heading"
        ),
        pytest.param("```sql\nSELECT 1;\n```", [Piece("code", "SELECT 1;", ())], id="code"),
        pytest.param("```\nSELECT 1;", [Piece("code", "SELECT 1;", ())], id="code-without-end"),
        pytest.param(
            "<think>A log [9]. Hm.</think>A log is kept [1].", [sentence("A log is kept.", 1)], id="thought"
        ),
        pytest.param("<think>A log is kept [9].", [], id="thought-without-end"),
        pytest.param("Yes. [1]", [], id="too-short-to-state-anything"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_pieces(written, pieces):
    assert pieces_of(written, whole=True) == pieces


@pytest.mark.parametrize(
    "written",
    [
        "![pixel](https://example.com/p.png) words stand here",
        "[click](https://example.com) words stand here",
        "[click](javascript:alert(1)) words stand here",
        "[a[b](https://example.com)](https://example.com) words stand here",
        "[click][1] words stand here",
        "<img src=x onerror=alert(1)> <script>words</script> stand here now",
        "words <img src=x onerror=alert(1) stand here",
        "![a](b(c(d(e)))) words stand here",
        "*words* _stand_ here now",
    ],
)
def test_nothing_is_left_that_draws_more_than_words(written):
    (piece,) = pieces_of(written, whole=True)
    assert "words" in piece.text
    for mark in ("](", "![", "<", "][", "*", "_"):
        assert mark not in piece.text


def test_signs_that_draw_nothing_stay():
    assert pieces_of("**Use** `map<string, int>` where x < 5.", whole=True) == [
        sentence("**Use** `map<string, int>` where x < 5.")
    ]


def test_what_may_still_grow_is_left_out():
    written = "A log is kept. [1] Files are not. [2]"
    grown = [pieces_of(written[:length], whole=False) for length in range(len(written) + 1)]
    assert grown[-1] == [sentence("A log is kept.", 1)]
    # No sentence is finished before its number could have been read.
    assert all(pieces in ([], grown[-1]) for pieces in grown)
