import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.chunks import Chunk, cells, chunk_section, split_sentences
from ingest.sections import Section, parse_document, read_document
from tests.conftest import CORPUS_SMALL

LIMIT = 256


def chunks_of(source: str, model, path: str = "notes.md") -> list[Chunk]:
    document = parse_document(source, path)
    return [c for section in document.sections for c in chunk_section(section, model.count_tokens, LIMIT)]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def small_sections() -> list[Section]:
    return [
        section
        for file in sorted(CORPUS_SMALL.glob("[0-9]*.md"))
        for section in read_document(file, file.name).sections
    ]


def assert_sound(source: str, sections: list[Section], model) -> list[Chunk]:
    """What must hold of the chunks of any document."""
    chunks = []
    for section in sections:
        found = chunk_section(section, model.count_tokens, LIMIT)
        chunks += found
        assert [c.id for c in found if model.count_tokens(c.embedding_text()) > LIMIT] == []
        quoted = [sentence.text for chunk in found for sentence in chunk.sentences]
        assert [text for text in quoted if text not in section.text] == []
        assert [(c.id, s.text) for c in found for s in c.sentences if s.text not in c.text] == []
        there = words(" ".join([section.title, *(f"{c.heading} {c.text}" for c in found)]))
        elements = [e for b in section.blocks if b.heading != "Sources" for e in b.elements]
        lost = {w for e in elements if e.kind != "diagram" for w in words(e.text)} - set(there)
        assert lost == set()
        text = squeezed("".join(c.text for c in found))
        whole = [e for e in elements if e.kind in ("lead", "paragraph", "item")]
        assert [e.text for e in whole if squeezed(e.text) not in text] == []
    ids = [chunk.id for chunk in chunks] + [s.id for chunk in chunks for s in chunk.sentences]
    assert len(set(ids)) == len(ids)
    return chunks


def test_small_handbook_is_cut_soundly(model):
    chunks = assert_sound("", small_sections(), model)
    assert {chunk.heading for chunk in chunks} == {
        "In short",
        "How it works",
        "Trade-offs",
        "Performance and cost",
        "Best practices",
        "Scenario",
        "Common mistakes",
    }


def test_no_line_row_or_item_of_the_small_handbook_is_cut(model):
    for section in small_sections():
        pieces = [c.text for c in chunk_section(section, model.count_tokens, LIMIT)]
        for block in section.blocks:
            if block.heading == "Sources":
                continue
            for element in block.elements:
                if element.kind == "diagram":
                    continue
                units = element.text.split("\n") if element.kind == "code" else [element.text]
                assert [u for u in units if not any(u in piece for piece in pieces)] == []


def test_the_same_text_is_cut_the_same_way(model):
    once, again = (
        [c for s in small_sections() for c in chunk_section(s, model.count_tokens, LIMIT)] for _ in range(2)
    )
    assert once == again
    assert [c.hash for c in once] == [c.hash for c in again]


def test_a_short_section_is_one_chunk_a_block(model):
    source = """\
## 3.1 Jobs

> **In short.** A job runs tasks. Tasks depend on each other.

### How it works

A task is a notebook or a query.

- Retry a task twice.
- Alert on the second failure.

### Sources

- [Jobs](https://example.org)
"""
    assert [
        (
            c.id,
            c.section,
            c.title,
            c.heading,
            c.anchor,
            c.line,
            c.text,
            [(s.id, s.kind, s.text) for s in c.sentences],
        )
        for c in chunks_of(source, model)
    ] == [
        (
            "3.1/in-short/0",
            "3.1",
            "Jobs",
            "In short",
            "31-jobs",
            3,
            "A job runs tasks. Tasks depend on each other.",
            [
                ("3.1/in-short/0#0", "lead", "A job runs tasks."),
                ("3.1/in-short/0#1", "lead", "Tasks depend on each other."),
            ],
        ),
        (
            "3.1/how-it-works/1",
            "3.1",
            "Jobs",
            "How it works",
            "how-it-works",
            7,
            "A task is a notebook or a query.\n\n- Retry a task twice.\n- Alert on the second failure.",
            [
                ("3.1/how-it-works/1#0", "prose", "A task is a notebook or a query."),
                ("3.1/how-it-works/1#1", "prose", "Retry a task twice."),
                ("3.1/how-it-works/1#2", "prose", "Alert on the second failure."),
            ],
        ),
    ]


def test_long_table_is_cut_between_rows_and_repeats_its_head(model):
    head = "| Property | Default | Raise it when |\n|---|---|---|"
    rows = [f"| `delta.property{n}` | {n} days | Readers of table {n} wait too long |" for n in range(40)]
    chunks = chunks_of("## Properties\n\n" + "\n".join([head, *rows]) + "\n", model)
    assert len(chunks) > 2
    assert all(chunk.text.startswith(head + "\n") for chunk in chunks)
    assert [line for c in chunks for line in c.text.split("\n")[2:]] == rows
    assert [s.text for c in chunks for s in c.sentences] == rows
    assert {s.context for c in chunks for s in c.sentences} == {
        "Properties (Property, Default, Raise it when)"
    }


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_long_code_is_cut_between_lines_and_repeats_its_fence(model, fence):
    lines = [f"    value_{n} = spark.table('sales.orders_{n}').count()" for n in range(60)]
    chunks = chunks_of("## Job\n\n" + "\n".join([f"{fence}python", *lines, fence]) + "\n", model)
    assert len(chunks) > 2
    assert all(c.text.startswith(f"{fence}python\n") and c.text.endswith(f"\n{fence}") for c in chunks)
    assert [line for c in chunks for line in c.text.split("\n")[1:-1]] == lines


def test_fence_that_is_never_closed_loses_no_line(model):
    lines = [f"SELECT count(*) FROM sales.orders_{n};" for n in range(40)]
    source = "## Job\n\n```sql\n" + "\n".join(lines)
    (section,) = parse_document(source, "a.md").sections
    chunks = assert_sound(source, [section], model)
    assert "orders_39" in chunks[-1].sentences[-1].text


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            f"## {'Endless title ' * 143}\n\nA paragraph of six words here.\n", id="title-of-2000-characters"
        ),
        pytest.param(
            f"## A\n\n### {'Endless heading ' * 125}\n\nA paragraph of six words here.\n", id="long-heading"
        ),
        pytest.param("## A\n\n" + "many words in one line " * 218 + "\n", id="line-of-5000-characters"),
        pytest.param("## A\n\n" + "x1-" * 1667 + "\n", id="5000-characters-without-a-space"),
        pytest.param("## A\n\n" + "long" * 300 + "-1" * 300 + "\n", id="dense-and-sparse-without-a-space"),
        pytest.param(
            "## A\n\n" + "long" * 300 + "  " + "-1   " * 300 + "\n", id="dense-and-sparse-uneven-spaces"
        ),
        pytest.param("## A\n\n```\n" + "long" * 300 + "-1" * 300 + "\n```\n", id="dense-and-sparse-code"),
        pytest.param("## A\n\n" + "two  spaces   and\tmore " * 220 + "\n", id="uneven-spaces"),
        pytest.param("## A\n\n```\n" + "a-b;" * 1250 + "\n```\n", id="code-line-without-a-space"),
        pytest.param(
            "## A\n\n```\n" + "\n".join("x = [" + "1, " * 300 + "]" for _ in range(3)) + "\n```\n",
            id="three-long-code-lines",
        ),
        pytest.param(
            "## A\n\n| a | b |\n|---|---|\n| " + "long cell " * 300 + "| short |\n", id="table-row-too-long"
        ),
        pytest.param(
            "## A\n\n"
            + "| "
            + " | ".join(f"column number {n}" for n in range(100))
            + " |\n"
            + "|---" * 100
            + "|\n"
            + "| "
            + " | ".join(f"value {n}" for n in range(100))
            + " |\n",
            id="table-head-longer-than-a-chunk",
        ),
        pytest.param(
            "## A\n\n- " + "\n  - ".join(f"Step {n}. Do thing {n} well." for n in range(60)) + "\n",
            id="nested-list-too-long",
        ),
        pytest.param(
            "## A\n\n" + "One sentence\nover two lines. " * 60 + "\n", id="hard-wrapped-and-too-long"
        ),
        pytest.param("## A\n\n" + "表は行の集まりです。" * 120 + "\n", id="no-spaces-in-chinese"),
        pytest.param("## A\n\n" + "🙂🙃 " * 400 + "\n", id="emoji"),
        pytest.param("## A\n\n> " + "Quoted words stand here. " * 100 + "\n", id="long-quotation"),
        pytest.param("## A\n\n<div>\n" + "<p>Some html words here</p>\n" * 60 + "</div>\n", id="html"),
        pytest.param("## A\n\n```" + "info " * 300 + "\nSELECT 1;\n```\n", id="endless-fence-line"),
    ],
)
def test_monsters_are_cut_soundly(model, source):
    sections = list(parse_document(source, "a.md").sections)
    assert assert_sound(source, sections, model)


WORD = st.text(alphabet="abcdefghijklmnop", min_size=1, max_size=12)
ENDS = st.sampled_from([".", ".", "!", "?", " vs. x.", ", e.g. this."])
SENTENCE = st.builds(
    lambda found, end: (" ".join(found)).capitalize() + end, st.lists(WORD, min_size=1, max_size=25), ENDS
)
LINE = st.lists(SENTENCE, min_size=1, max_size=8).map(" ".join)
PARAGRAPH = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
LIST = st.lists(LINE, min_size=1, max_size=6).map(lambda lines: "\n".join(f"- {line}" for line in lines))
NESTED = st.lists(LINE, min_size=2, max_size=5).map(lambda lines: "1. " + "\n   - ".join(lines))
CELL = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
TABLE = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8).map(
    lambda rows: "| one | two |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in rows)
)
CODE = st.lists(st.lists(WORD, min_size=1, max_size=80).map(" ".join), min_size=1, max_size=12).map(
    lambda lines: "```text\n" + "\n".join(lines) + "\n```"
)
QUOTATION = LINE.map(lambda line: "> " + line)
HEADING = CELL.map(lambda cell: "### " + cell)
MARKDOWN = st.lists(
    st.one_of(PARAGRAPH, LIST, NESTED, TABLE, CODE, QUOTATION, HEADING), min_size=1, max_size=6
).map(lambda parts: "## 1.1 Title of it\n\n" + "\n\n".join(parts) + "\n")


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(source=MARKDOWN)
def test_any_markdown_is_cut_soundly(model, source):
    sections = list(parse_document(source, "a.md").sections)
    assert_sound(source, sections, model)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "One two three four. Five six seven eight.",
            ["One two three four.", "Five six seven eight."],
            id="two",
        ),
        pytest.param(
            "It is so. Why would anyone do that?",
            ["It is so. Why would anyone do that?"],
            id="fragment-joins-the-next",
        ),
        pytest.param(
            "Why would anyone do that? No.", ["Why would anyone do that? No."], id="fragment-joins-the-last"
        ),
        pytest.param(
            "Set it to 2.5 days, e.g. for audits. Then run VACUUM once more.",
            ["Set it to 2.5 days, e.g. for audits.", "Then run VACUUM once more."],
            id="numbers-and-abbreviations",
        ),
        pytest.param(
            "Call `a.b. C()` and go on now. Next comes another thing.",
            ["Call `a.b. C()` and go on now.", "Next comes another thing."],
            id="code-span",
        ),
        pytest.param(
            "Read the [page](https://x.org/a.B) first of all. Then go on with it.",
            ["Read the [page](https://x.org/a.B) first of all.", "Then go on with it."],
            id="link",
        ),
        pytest.param(
            "**Delta waits for nobody.** Writers check at commit time.",
            ["**Delta waits for nobody.**", "Writers check at commit time."],
            id="bold",
        ),
        pytest.param("two words", ["two words"], id="no-sentence"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_split_sentences(text, expected):
    assert split_sentences(text) == expected
    assert all(sentence in text for sentence in expected)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet='aB9 .!?`*\n()[]"_e-', max_size=200))
def test_sentences_are_substrings_and_lose_no_word(text):
    found = split_sentences(text)
    assert all(sentence in text for sentence in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("| a | b |", ["a", "b"], id="plain"),
        pytest.param("a | b", ["a", "b"], id="no-outer-bars"),
        pytest.param(r"| a \| b | c |", ["a | b", "c"], id="escaped-bar"),
        pytest.param("| a |  |", ["a", ""], id="empty-cell"),
    ],
)
def test_cells(row, expected):
    assert cells(row) == expected


def test_a_mistakes_correction_is_quotable_and_its_claim_is_not(model):
    source = """\
## 1.1 A

### Common mistakes

- **"Delta locks the table."** Delta takes no lock at all. Writers check when they commit.
"""
    (chunk,) = chunks_of(source, model)
    assert [(s.kind, s.text) for s in chunk.sentences] == [
        ("correction", "Delta takes no lock at all."),
        ("correction", "Writers check when they commit."),
    ]
    assert '**"Delta locks the table."**' in chunk.text


def test_diagrams_and_sources_are_not_searched(model):
    source = """\
## 1.1 A

### How

Some words stand here.

```mermaid
flowchart LR
  Nowhere
```

### Sources

- [Elsewhere](https://example.org)
"""
    assert [c.text for c in chunks_of(source, model)] == ["Some words stand here."]
