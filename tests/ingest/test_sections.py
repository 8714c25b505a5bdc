from pathlib import Path

import pytest

from errors import CorpusError
from ingest.sections import parse_document, read_document, slug

CHAPTER = """\
---
chapter: 7
title: Cost
verified: 2026-11
---
# 7. Cost

What this chapter lets you answer.

## 7.1 Budgets & tags

> **In short.** Tags say who pays. A budget says how much.

### How it works

A tag is a key and a value.
It is set once.

- Tag the cluster.
  - Tag its pool too.
- Tag the warehouse.

| Option | Choose it when | It costs you |
|---|---|---|
| Tags | Teams share | Discipline |
| Workspaces | Teams do not | Overhead |

```python
# ## 7.9 not a heading
print("tag")
```

```mermaid
flowchart LR
```

### Sources

- [Tags](https://example.org/tags)

## 7.2 Alerts

### How it works

An alert is a query and a threshold.
"""


def test_chapter_becomes_sections_blocks_and_elements():
    document = parse_document(CHAPTER, "corpus/07-cost.md", "abc")
    assert (document.title, document.front, document.intro, document.sha256) == (
        "7. Cost",
        {"chapter": 7, "title": "Cost", "verified": "2026-11"},
        "What this chapter lets you answer.",
        "abc",
    )
    assert [(s.number, s.title, s.chapter, s.path, s.anchor, s.line) for s in document.sections] == [
        ("7.1", "Budgets & tags", 7, "corpus/07-cost.md", "71-budgets--tags", 10),
        ("7.2", "Alerts", 7, "corpus/07-cost.md", "72-alerts", 41),
    ]
    assert [
        (
            block.heading,
            block.anchor,
            block.line,
            [(e.kind, e.text, e.line, e.header) for e in block.elements],
        )
        for block in document.sections[0].blocks
    ] == [
        (
            "In short",
            "71-budgets--tags",
            12,
            [("lead", "Tags say who pays. A budget says how much.", 12, "")],
        ),
        (
            "How it works",
            "how-it-works",
            14,
            [
                ("paragraph", "A tag is a key and a value.\nIt is set once.", 16, ""),
                ("item", "- Tag the cluster.\n  - Tag its pool too.", 19, ""),
                ("item", "- Tag the warehouse.", 21, ""),
                (
                    "row",
                    "| Tags | Teams share | Discipline |",
                    25,
                    "| Option | Choose it when | It costs you |\n|---|---|---|",
                ),
                (
                    "row",
                    "| Workspaces | Teams do not | Overhead |",
                    26,
                    "| Option | Choose it when | It costs you |\n|---|---|---|",
                ),
                ("code", '```python\n# ## 7.9 not a heading\nprint("tag")\n```', 28, "```python"),
                ("diagram", "```mermaid\nflowchart LR\n```", 33, "```mermaid"),
            ],
        ),
        ("Sources", "sources", 37, [("item", "- [Tags](https://example.org/tags)", 39, "")]),
    ]


def test_every_element_stands_in_its_sections_source():
    for section in parse_document(CHAPTER, "07-cost.md").sections:
        assert section.text in CHAPTER
        assert [e for block in section.blocks for e in block.elements if e.text not in section.text] == []


def test_a_section_ends_where_the_next_begins():
    first, second = parse_document(CHAPTER, "07-cost.md").sections
    assert first.text.startswith("## 7.1 Budgets & tags\n")
    assert first.text.endswith("- [Tags](https://example.org/tags)")
    assert second.text == "## 7.2 Alerts\n\n### How it works\n\nAn alert is a query and a threshold."


def test_repeated_headings_get_numbered_anchors():
    blocks = [b for s in parse_document(CHAPTER, "07-cost.md").sections for b in s.blocks]
    assert [b.anchor for b in blocks if b.heading == "How it works"] == ["how-it-works", "how-it-works-1"]


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        pytest.param("2.2 Isolation levels", "22-isolation-levels", id="number"),
        pytest.param("Files & folders", "files--folders", id="ampersand"),
        pytest.param("`OPTIMIZE` vs. VACUUM?", "optimize-vs-vacuum", id="code-and-punctuation"),
        pytest.param("snake_case – dash-ed", "snake_case--dash-ed", id="underscore-and-dashes"),
        pytest.param("Größe, 表", "größe-表", id="other-alphabets"),
        pytest.param("!?", "", id="nothing-left"),
    ],
)
def test_slug_is_that_of_git_hosts(title, anchor):
    assert slug(title) == anchor


def test_heading_inside_a_fence_is_no_heading():
    text = "## One\n\n~~~md\n## Two\n### Three\n~~~\n\nAfter the fence.\n"
    (section,) = parse_document(text, "notes.md").sections
    assert [(b.heading, [e.text for e in b.elements]) for b in section.blocks] == [
        ("", ["~~~md\n## Two\n### Three\n~~~", "After the fence."])
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "# Guide\n\nIntro words.\n\n## Setup\n\nDo this.\n",
            [
                ("guide-1", "Guide", "guide", 1, ["Intro words."]),
                ("guide-2", "Setup", "setup", 5, ["Do this."]),
            ],
            id="intro-is-a-section-of-its-own",
        ),
        pytest.param(
            "# Guide\n\n## Setup\n\nDo this.\n",
            [("guide-1", "Setup", "setup", 3, ["Do this."])],
            id="title-alone-is-none",
        ),
        pytest.param(
            "Only a paragraph here.\n\nAnd another.\n",
            [("guide-1", "guide", "", 1, ["Only a paragraph here.", "And another."])],
            id="no-heading-at-all",
        ),
        pytest.param(
            "Badge line.\n\n# Guide\n\nIntro.\n",
            [("guide-1", "Guide", "", 1, ["Badge line."]), ("guide-2", "Guide", "guide", 3, ["Intro."])],
            id="text-before-the-title",
        ),
        pytest.param(
            "# Guide\n\n## A\n\nText a.\n\n# Part two\n\nText b.\n",
            [("guide-1", "A", "a", 3, ["Text a."]), ("guide-2", "Part two", "part-two", 7, ["Text b."])],
            id="second-title",
        ),
        pytest.param(
            "---\ntopic: x\n---\nText after front matter.\n",
            [("guide-1", "guide", "", 4, ["Text after front matter."])],
            id="front-matter-then-text",
        ),
        pytest.param(
            "Setup\n-----\n\nDo this.\n",
            [("guide-1", "Setup", "setup", 1, ["Do this."])],
            id="underlined-heading",
        ),
        pytest.param("# Guide\n", [], id="only-a-title"),
    ],
)
def test_document_that_is_no_chapter(source, expected):
    document = parse_document(source, "docs/guide.md")
    assert [
        (s.number, s.title, s.anchor, s.line, [e.text for b in s.blocks for e in b.elements])
        for s in document.sections
    ] == expected
    assert {s.chapter for s in document.sections} <= {0}
    assert all(s.text in source for s in document.sections)


def test_indented_code_is_code():
    (section,) = parse_document("## A\n\n    SELECT 1;\n    SELECT 2;\n", "a.md").sections
    assert [(e.kind, e.text, e.header) for e in section.blocks[0].elements] == [
        ("code", "    SELECT 1;\n    SELECT 2;", "")
    ]


def test_line_ends_and_byte_order_mark_do_not_matter(tmp_path: Path):
    plain, windows, old_mac = tmp_path / "a.md", tmp_path / "b.md", tmp_path / "c.md"
    plain.write_bytes(CHAPTER.encode())
    windows.write_bytes(b"\xef\xbb\xbf" + CHAPTER.replace("\n", "\r\n").encode())
    old_mac.write_bytes(CHAPTER.replace("\n", "\r").encode())
    expected = read_document(plain, "07-cost.md")
    for file in (windows, old_mac):
        found = read_document(file, "07-cost.md")
        assert (found.title, found.front, found.intro, found.sections) == (
            expected.title,
            expected.front,
            expected.intro,
            expected.sections,
        )
        assert found.sha256 != expected.sha256


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            b"", "a.md:1: the file is empty; expected Markdown with at least one heading", id="empty"
        ),
        pytest.param(
            b" \n\t\n", "a.md:1: the file is empty; expected Markdown with at least one heading", id="blank"
        ),
        pytest.param(
            "ü\nGröße\n".encode("latin-1"),
            "a.md:1: byte 0xfc is not UTF-8; save the file as UTF-8",
            id="latin-1",
        ),
        pytest.param(
            b"one\ntwo\xff\n", "a.md:2: byte 0xff is not UTF-8; save the file as UTF-8", id="line-of-the-byte"
        ),
        pytest.param(
            b"---\nchapter: 1\ntitle: [a\n---\n# x\n",
            "a.md:3: front matter: expected ',' or ']', but got '<stream end>'; "
            "expected lines such as `chapter: 2`",
            id="front-matter-not-yaml",
        ),
        pytest.param(
            b"---\n- a\n- b\n---\n# x\n",
            "a.md:2: front matter is list; expected lines such as `chapter: 2`",
            id="front-matter-a-list",
        ),
    ],
)
def test_unreadable_content_is_reported_with_path_and_line(tmp_path, data, message):
    file = tmp_path / "a.md"
    file.write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        read_document(file, "a.md")
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_reported(tmp_path, kind):
    file = tmp_path / "a.md"
    if kind == "folder":
        file.mkdir()
    reason = {"missing": "No such file or directory", "folder": "Is a directory"}[kind]
    with pytest.raises(CorpusError) as caught:
        read_document(file, "docs/a.md")
    assert str(caught.value) == (
        f"docs/a.md:1: cannot be read ({reason}); check that it exists and its permissions"
    )
