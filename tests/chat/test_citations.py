from dataclasses import replace

import pytest

from chat.citations import Answer, Citation, Place, Statement, cite, is_quotable, plain
from chat.export import markdown, page
from ingest.chunks import Chunk, Sentence

TABLE = "| Option | Choose it when | It costs you |\n|---|---|---|\n" + (
    "| SQL warehouse | Dashboards send queries | DBUs |"
)
CHUNK = Chunk(
    id="2.1/how/0",
    section="2.1",
    title="Cluster types",
    heading="How it works",
    chapter=2,
    path="02-compute.md",
    anchor="how-it-works",
    line=9,
    text=f"A job cluster ends\nwith its run. It is so.\n\n{TABLE}\n\n```sql\nSELECT 1;\n```",
)


def sentence(kind: str, text: str) -> Sentence:
    return Sentence("2.1/how/0#0", kind, text, "Cluster types")


PROSE = sentence("prose", "A job cluster ends\nwith its run.")
ROW = sentence("row", "| SQL warehouse | Dashboards send queries | DBUs |")
CODE = sentence("code", "SELECT 1;")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(PROSE, True, id="prose"),
        pytest.param(ROW, True, id="row"),
        pytest.param(CODE, True, id="code-of-two-words"),
        pytest.param(sentence("prose", "It is so."), False, id="three-words"),
        pytest.param(sentence("prose", "A job cluster ends with its run."), False, id="other-spaces"),
        pytest.param(sentence("prose", "A job cluster never ends."), False, id="not-there"),
        pytest.param(sentence("row", "| SQL warehouse | Dashboards | DBUs |"), False, id="another-row"),
        pytest.param(sentence("code", "SELECT 2;"), False, id="other-code"),
    ],
)
def test_is_quotable(found, expected):
    assert is_quotable(found, CHUNK) is expected


def test_what_does_not_stand_in_its_chunk_is_left_out_and_numbers_have_no_gap():
    invented = sentence("prose", "A job cluster never ends at all.")
    statements = cite(
        (found, CHUNK) for found in (PROSE, invented, ROW, sentence("prose", "It is so."), CODE)
    )
    place = ("2.1", "Cluster types", "How it works")
    end = ("02-compute.md", "how-it-works")
    assert statements == (
        Statement("sentence", "A job cluster ends with its run.", Citation(1, *place, PROSE.text, *end)),
        Statement(
            "item",
            "**SQL warehouse**: choose it when: Dashboards send queries; it costs you: DBUs.",
            Citation(2, *place, ROW.text, *end),
        ),
        Statement("code", "SELECT 1;", Citation(3, *place, CODE.text, *end)),
    )


def test_text_puts_a_number_after_every_statement():
    answer = Answer(
        "q", "q", statements=cite((found, CHUNK) for found in (PROSE, PROSE, PROSE, ROW, ROW, CODE))
    )
    item = "- **SQL warehouse**: choose it when: Dashboards send queries; it costs you: DBUs."
    words = "A job cluster ends with its run."
    assert answer.text == (
        f"{words} [1]\n\n{words} [2] {words} [3]\n\n{item} [4]\n{item} [5]\n\n```\nSELECT 1;\n```\n[6]"
    )


def test_record_is_the_contract():
    answer = Answer(
        "q", "s", cite([(PROSE, CHUNK)]), "", False, ("m",), 0.123456, (Place("2.1", "T"),), seconds=0.5
    )
    assert answer.record() == {
        "question": "q",
        "searched_for": "s",
        "answer": "A job cluster ends with its run. [1]",
        "refused": False,
        "missing": ["m"],
        "confidence": 0.1235,
        "nearest": ["2.1"],
        "citations": [
            {
                "number": 1,
                "section": "2.1",
                "title": "Cluster types",
                "heading": "How it works",
                "quote": PROSE.text,
                "path": "02-compute.md",
                "anchor": "how-it-works",
            }
        ],
        "mode": "extractive",
        "seconds": 0.5,
    }


def test_a_note_is_the_text_of_an_answer_without_statements():
    refusal = Answer("q", "q", note="The handbook does not cover this.", refused=True)
    assert (refusal.text, refusal.citations) == ("The handbook does not cover this.", ())


def test_a_row_without_heads_is_still_a_line():
    chunk = replace(CHUNK, text=ROW.text)
    (statement,) = cite([(ROW, chunk)])
    assert statement.text == "**SQL warehouse**: Dashboards send queries; DBUs."


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**Bold** and *it* and _it_ and `code`", "Bold and it and it and code"),
        ("[a page](https://x.org) and ![picture](y.png)", "a page and picture"),
        ("snake_case_name * 2", "snake_case_name * 2"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_plain(markdown, expected):
    assert plain(markdown) == expected


def part(name: str, kind: str, number: int) -> Statement:
    source = Citation(number, "1.1", "Log", "How it works", "A log names the files.", "a.md", "log")
    return Statement(kind, f"Sentence {number}.", source, part=name)  # type: ignore[arg-type]


def test_a_part_is_named_once_where_it_begins():
    answer = Answer(
        "?",
        "?",
        (
            part("Design", "sentence", 1),
            part("Design", "sentence", 2),
            part("Alternatives", "item", 3),
            part("Alternatives", "item", 4),
            part("Cost", "sentence", 5),
            part("Cost", "sentence", 6),
        ),
    )
    assert answer.labels == ("Design", "", "Alternatives", "", "Cost", "")
    assert answer.text == (
        "**Design:** Sentence 1. [1] Sentence 2. [2]\n\n"
        "- **Alternatives:** Sentence 3. [3]\n- Sentence 4. [4]\n\n"
        "**Cost:** Sentence 5. [5] Sentence 6. [6]"
    )
    assert "### Cost\n" in markdown("Title", [answer], lambda section: section)
    html = page("Title", [answer], lambda section: section)
    assert html.count("<ul>") == html.count("</ul>") == 1
    assert "<h3>Alternatives</h3><ul><li>" in html
