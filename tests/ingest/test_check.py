import shutil
from pathlib import Path

import pytest

from errors import CorpusError
from ingest.check import Problem, check_handbook, check_structure, read_outline
from ingest.sections import read_document

TESTS = Path(__file__).parents[1]
SMALL = TESTS / "corpus_small"
BROKEN = TESTS / "corpus_broken"
WORDS = "a section must have 600 to 1,000 words"
BANK = "questions/01-storage.yaml"


def complaints(folder):
    return [str(problem) for problem in check_handbook(folder, root=folder)]


def after(tmp_path, file, old, new):
    """What the checks say of the small corpus after one edit, but for the words it is short of."""
    folder = tmp_path / "corpus"
    shutil.copytree(SMALL, folder)
    source = (folder / file).read_text(encoding="utf-8")
    assert source.count(old) >= 1, f"nothing to edit in {file}: {old!r}"
    (folder / file).write_text(source.replace(old, new, 1), encoding="utf-8")
    return [said for said in complaints(folder) if WORDS not in said]


def test_small_corpus_is_short_of_words_and_of_nothing_else():
    assert complaints(SMALL) == [
        f"01-storage.md:10: {WORDS}; found 592",
        f"01-storage.md:86: {WORDS}; found 361",
        f"02-compute.md:10: {WORDS}; found 340",
        f"02-compute.md:56: {WORDS}; found 320",
    ]


def test_broken_corpus_gives_exactly_these_complaints():
    assert complaints(BROKEN) == [
        "01-unknown-chapter.md:2: `chapter` must be a chapter of sections.tsv; found 99",
        "02-wrong-title.md:10: section 2.1 must be titled 'Storing offsets'; found 'Storing the offsets'",
        f"02-wrong-title.md:10: {WORDS}; found 138",
        "03-missing-section.md:1: section 3.2 'Rebalancing' must be there",
        f"03-missing-section.md:10: {WORDS}; found 138",
        f"04-wrong-order.md:10: {WORDS}; found 138",
        "04-wrong-order.md:50: section 4.1 must stand before section 4.2",
        f"04-wrong-order.md:50: {WORDS}; found 138",
        f"05-duplicate-number.md:10: {WORDS}; found 138",
        "05-duplicate-number.md:50: section 5.1 must be given once; it is also at 05-duplicate-number.md:10",
        f"05-duplicate-number.md:50: {WORDS}; found 138",
        f"05-duplicate-number.md:90: {WORDS}; found 138",
        "06-missing-block.md:10: block 'Scenario' must be there",
        f"06-missing-block.md:10: {WORDS}; found 106",
        f"07-hard-wrapped.md:10: {WORDS}; found 138",
        "07-hard-wrapped.md:16: a paragraph must stand on one source line; found 2 lines",
        "08-no-lead.md:10: a section must open with one line `> **In short.** …`",
        f"08-no-lead.md:10: {WORDS}; found 121",
        f"09-bad-sql.md:10: {WORDS}; found 136",
        "09-bad-sql.md:35: sql must parse; Expecting )",
        f"10-bad-mistake.md:10: {WORDS}; found 133",
        '10-bad-mistake.md:43: a mistake must read `- **"The wrong claim."** The correction.`',
        f"11-dead-reference.md:10: {WORDS}; found 134",
        "11-dead-reference.md:27: a section referred to must exist; found section 11.4",
        f"12-unnamed-subject.md:10: {WORDS}; found 143",
        "12-unnamed-subject.md:16: a sentence must name its subject; found 'This means …'",
        f"13-ragged-table.md:10: {WORDS}; found 133",
        "13-ragged-table.md:22: a row must have 3 cells like its head; found 2",
        "14-not-utf-8.md:16: byte 0xe9 is not UTF-8; save the file as UTF-8",
        f"15-no-diagram.md:10: {WORDS}; found 118",
        "15-no-diagram.md:22: Architecture must hold a mermaid diagram",
        f"16-old-name.md:10: {WORDS}; found 136",
        "16-old-name.md:16: 'Delta Live Tables' must be named with today's Lakeflow",
        f"17-bad-diagram.md:10: {WORDS}; found 130",
        "17-bad-diagram.md:19: each [] in a diagram must close",
        f"18-throat-clearing.md:10: {WORDS}; found 116",
        "18-throat-clearing.md:39: 'Needless to say' must go: say it, or name what is meant",
        "glossary.yaml:6: `was` must come with `since`",
        "glossary.yaml:7: `section` must be a section in quotes, such as \"2.6\"; found float '2.1'",
        "glossary.yaml:8: term 'Lag' must be given once; it is also at line 1",
        "glossary.yaml:10: `section` must be a section of the outline; found '9.2'",
        "questions/06-missing-block.yaml:51: `key_points` must be a list of 4 to 8; found 3",
        "questions/06-missing-block.yaml:79: `id` must read 6.1-slug; found '6.2-more-partitions'",
        "questions/06-missing-block.yaml:121: `id` must differ from the one at 06-missing-block.yaml:1",
        "questions/06-missing-block.yaml:124: `kind` must be one of concept, trade-off, "
        "scenario, troubleshooting, design; found text 'opinion'",
        "questions/06-missing-block.yaml:126: `question` must differ from the one at 06-missing-block.yaml:6",
        "questions/06-missing-block.yaml:161: a key must be one of id, section, also, kind, "
        "level, question, why, stages, key_points, misconceptions, probes, model_answer; found "
        "'hint'",
        "questions/06-order.yaml:1: a bank must be named like its chapter's file; there is no 06-order.md",
        "questions/06-order.yaml:1: section 6.1 must have 3 questions; found 0",
        "questions/09-bad-sql.yaml:3: the file must be YAML; mapping values are not allowed in this context",
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(7, [f"01-storage.md:10: {WORDS}; found 599"], id="599"),
        pytest.param(8, [], id="600"),
        pytest.param(408, [], id="1000"),
        pytest.param(409, [f"01-storage.md:10: {WORDS}; found 1,001"], id="1001"),
    ],
)
def test_words_are_counted(tmp_path, more, expected):
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    chapter = tmp_path / "01-storage.md"
    source = chapter.read_text(encoding="utf-8")
    source = source.replace("### Trade-offs\n", f"{'Words ' * more}\n\n### Trade-offs\n", 1)
    chapter.write_text(source, encoding="utf-8")
    assert [said for said in complaints(tmp_path) if said.startswith("01-storage.md:10:")] == expected


STRUCTURE = [
    pytest.param("verified: 2026-11", "verified: 2026-11-22", [], id="verified:day"),
    pytest.param(
        "verified: 2026-11",
        "verified: November",
        ["01-storage.md:4: `verified` must be YYYY-MM or YYYY-MM-DD; found 'November'"],
        id="verified:word",
    ),
    pytest.param(
        "verified: 2026-11\n",
        "",
        ["01-storage.md:1: `verified` must be YYYY-MM or YYYY-MM-DD; found None"],
        id="verified:missing",
    ),
    pytest.param(
        "chapter: 1",
        'chapter: "1"',
        ["01-storage.md:2: `chapter` must be a chapter of sections.tsv; found '1'"],
        id="chapter:text",
    ),
    pytest.param(
        "chapter: 1",
        "chapter: [1",
        [
            "01-storage.md:3: front matter: expected ',' or ']', but got ':'; "
            "expected lines such as `chapter: 2`"
        ],
        id="front-matter:not-yaml",
    ),
    pytest.param(
        "title: Storage",
        "title: Stores",
        [
            "01-storage.md:3: `title` must be 'Storage'; found 'Stores'",
            "01-storage.md:6: the first heading must be '# 1. Stores'; found '# 1. Storage'",
        ],
        id="title:other",
    ),
    pytest.param(
        "# 1. Storage",
        "# Storage",
        ["01-storage.md:6: the first heading must be '# 1. Storage'; found '# Storage'"],
        id="heading:unnumbered",
    ),
    pytest.param(
        "## 1.2 File compaction & small files",
        "## File compaction & small files",
        [
            "01-storage.md:1: section 1.2 'File compaction & small files' must be there",
            "01-storage.md:86: a `##` heading must be 'N.M Title'; found 'File compaction & small files'",
        ],
        id="section:unnumbered",
    ),
    pytest.param(
        "## 1.2 File compaction & small files",
        "## 1.7 File compaction & small files",
        [
            "01-storage.md:1: section 1.2 'File compaction & small files' must be there",
            "01-storage.md:86: section 1.7 must be in sections.tsv",
        ],
        id="section:not-in-outline",
    ),
    pytest.param(
        "## 1.2 File compaction & small files",
        "## 2.2 Autoscaling",
        [
            "01-storage.md:1: section 1.2 'File compaction & small files' must be there",
            "01-storage.md:86: a section of chapter 1 must be numbered 1.M; found 2.2",
            "02-compute.md:56: section 2.2 must be given once; it is also at 01-storage.md:86",
        ],
        id="section:of-another-chapter",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), STRUCTURE)
def test_structure(tmp_path, old, new, expected):
    assert after(tmp_path, "01-storage.md", old, new) == expected


def test_a_section_needs_text(tmp_path):
    file = tmp_path / "01-storage.md"
    front = "---\nchapter: 1\ntitle: Storage\nverified: 2026-11\n---\n# 1. Storage\n\nIntroduction.\n\n"
    file.write_text(
        f"{front}## 1.1 Tables and the commit log\n\n### Sources\n\n- [A](https://a.example)\n\n"
        "## 1.2 File compaction & small files\n\nFiles are small.\n",
        encoding="utf-8",
    )
    document = read_document(file, "01-storage.md")
    assert list(check_structure([document], read_outline(SMALL))) == [
        Problem("01-storage.md", 10, "section 1.1 must hold text")
    ]


def test_a_chapter_is_one_file():
    outline = read_outline(SMALL)
    documents = [read_document(SMALL / "02-compute.md", name) for name in ("02-a.md", "02-b.md")]
    assert [str(problem) for problem in check_structure(documents, outline)] == [
        "02-b.md:2: chapter 2 must be one file; it is also 02-a.md",
        "02-b.md:10: section 2.1 must be given once; it is also at 02-a.md:10",
        "02-b.md:56: section 2.2 must be given once; it is also at 02-a.md:56",
    ]


def test_a_whole_chapter_may_be_missing(tmp_path):
    shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
    (tmp_path / "02-compute.md").unlink()
    assert [said for said in complaints(tmp_path) if WORDS not in said] == []


HEADER = "chapter\tchapter_title\tsection\tsection_title\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param("number\ttitle\n", ":1: the columns must be", id="columns"),
        pytest.param(f"{HEADER}1\tStorage\t1.1\n", ":2: a row must have 4 fields", id="fields"),
        pytest.param(f"{HEADER}1\tStorage\t2.1\tLogs\n", ":2: a section's number", id="chapter"),
        pytest.param(f"{HEADER}1\tA\t1.1\tX\n1\tA\t1.1\tY\n", ":3: section 1.1 must", id="twice"),
        pytest.param(f"{HEADER}1\tA\t1.1\tX\n1\tB\t1.2\tY\n", ":3: chapter 1 must", id="title"),
        pytest.param(None, ":1: the outline cannot be read", id="missing"),
    ],
)
def test_outline_says_where_it_is_malformed(tmp_path, rows, message):
    file = tmp_path / "sections.tsv"
    if rows is not None:
        file.write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError) as raised:
        read_outline(tmp_path)
    assert str(raised.value).startswith(f"{file}{message}")
    assert complaints(tmp_path) == [str(raised.value).removeprefix(f"{tmp_path}/")]


TEXT = [
    pytest.param(
        "Chapter 1 says what a table is on disk and",
        "Chapter 1 says what a table is.\n\nChapter 1 says",
        ["01-storage.md:10: the introduction must be one paragraph on one line; found 3 lines"],
        id="intro:two-paragraphs",
    ),
    pytest.param(
        "> **In short.** A table is a set",
        "A preface.\n\n> **In short.** A table is a set",
        ["01-storage.md:12: text must stand in the In short line or in a block"],
        id="lead:after-text",
    ),
    pytest.param(
        "log that names the files of each version. Writers",
        "log that names the files of each version.\n> Writers",
        ["01-storage.md:12: the In short line must stand on one line"],
        id="lead:wrapped",
    ),
    pytest.param(
        " Run compaction after loads that write many small files, or let the platform schedule it.",
        "",
        [],
        id="lead:two-sentences",
    ),
    pytest.param(
        "### How it works",
        "### How it really works",
        [
            "01-storage.md:10: block 'How it works' must be there",
            "01-storage.md:14: a block must be one of How it works, Trade-offs, "
            "Performance and cost, Best practices, Scenario, Common mistakes, Sources; "
            "found 'How it really works'",
        ],
        id="block:unknown",
    ),
    pytest.param(
        "### How it works\n",
        "### Scenario\n\n3 tables.\n\n### How it works\n",
        [
            "01-storage.md:10: blocks must stand once, in order; found Scenario, How it works, "
            "Trade-offs, Performance and cost, Best practices, Scenario, Common mistakes, Sources"
        ],
        id="block:twice",
    ),
    pytest.param(
        "Two writers may prepare",
        "#### Conflicts\n\nTwo writers may prepare",
        ["01-storage.md:26: a heading within a section must be ###; found '#### Conflicts'"],
        id="heading:too-deep",
    ),
    pytest.param(
        "   - A `remove` action takes a data file out of the snapshot, but",
        "   - A `remove` action takes a data file out of the snapshot,\n     but",
        ["01-storage.md:24: a list item must stand on one source line, and code below the list"],
        id="item:wrapped",
    ),
    pytest.param(
        "| Option | Choose it when | It costs you |\n|---|---|---|\n| Long",
        "| Option | Choose it when | Costs |\n|---|---|---|\n| Long",
        [
            "01-storage.md:37: the columns must be Option | Choose it when | It costs you; "
            "found Option | Choose it when | Costs"
        ],
        id="trade-offs:columns",
    ),
    pytest.param(
        "|---|---|---|\n| Long",
        "|---|---|\n| Long",
        [
            "01-storage.md:37: a paragraph must stand on one source line; found 4 lines "
            "(or is it a table without a `|---|` row like its head?)"
        ],
        id="table:delimiter",
    ),
    pytest.param("Auditors ask for versions", r"Auditors ask \| for", [], id="table:escaped-bar"),
    pytest.param(
        "month as of 2026-11.",
        "month.",
        ["01-storage.md:44: prices must carry 'as of YYYY-MM' or be called assumed"],
        id="price:undated",
    ),
    pytest.param(
        "4 million orders a day and must answer for any day of the last 60. Log entries expire "
        "after 30 days by default, so the team sets both retention properties to 60 days and pays "
        "for 60 days of removed files.",
        "many orders a day.",
        ["01-storage.md:72: Scenario must give numbers"],
        id="scenario:no-numbers",
    ),
    pytest.param(
        "- Address a table by its name, never by the files in its directory.\n"
        "- Keep the retention of removed files longer than the longest query.\n"
        "- Set the number of streaming commits by the latency that readers need.\n",
        "Address a table by its name.\n",
        ["01-storage.md:61: Best practices must be bullets"],
        id="practices:no-bullets",
    ),
    pytest.param("month as of 2026-11.", "month, an assumed price.", [], id="price:assumed"),
    pytest.param(
        '"A delete frees storage at once."',
        "“Does DELETE * free storage at once?”",
        [],
        id="mistake:curly-quotes",
    ),
    pytest.param(
        "A delete writes a `remove` action, and the data file stays until a vacuum runs.",
        "A delete is a commit. The file stays in storage. Old versions read the file. "
        "A vacuum removes the file.",
        ["01-storage.md:79: a correction must have 1 to 3 sentences; found 4"],
        id="mistake:long-correction",
    ),
    pytest.param(
        "(https://docs.delta.io/delta-utility/)",
        "(http://docs.delta.io/delta-utility/)",
        ["01-storage.md:84: a source must read `- [Title of the page](https://…)`"],
        id="source:http",
    ),
    pytest.param(
        "- [Table utility commands, Delta Lake](https://docs.delta.io/delta-utility/)\n",
        "",
        ["01-storage.md:81: there must be 2 to 6 sources; found 1"],
        id="source:only-one",
    ),
    pytest.param(
        "(https://docs.delta.io/delta-utility/)",
        "(https://docs.delta.io/a_(b)) and [VACUUM](https://docs.delta.io/delta-utility/)",
        ["01-storage.md:84: a source must read `- [Title of the page](https://…)`"],
        id="source:two-links",
    ),
    pytest.param(
        "(https://docs.delta.io/delta-utility/)",
        "(https://docs.delta.io/delta_(utility))",
        [],
        id="source:brackets-in-the-address",
    ),
    pytest.param("DESCRIBE HISTORY sales.orders", "VACUUM sales.orders DRY RUN", [], id="sql:command"),
    pytest.param(
        "DESCRIBE HISTORY sales.orders",
        "SELECT id FROM WHERE",
        ["01-storage.md:69: sql must parse; Expected table name"],
        id="sql:broken",
    ),
    pytest.param(
        "def compact(spark, name):",
        "def compact(spark, name)",
        ["01-storage.md:125: python must parse; expected ':'"],
        id="python:broken",
    ),
    pytest.param(
        "```sql",
        "```",
        [
            "01-storage.md:67: a fence must name one of bash, hcl, json, mermaid, python, scala, "
            "sql, text, yaml; found ''"
        ],
        id="fence:no-language",
    ),
    pytest.param(
        "Two writers may prepare",
        "Run the next line:\n\n    ls _delta_log\n\nTwo writers may prepare",
        ["01-storage.md:28: code must be fenced and name its language; found an indented block"],
        id="fence:indented-code",
    ),
    pytest.param(
        "flowchart LR",
        "flow LR",
        [
            "01-storage.md:29: a diagram must begin with one of classDiagram, erDiagram, "
            "flowchart, gantt, gitGraph, graph, mindmap, pie, quadrantChart, sequenceDiagram, "
            "stateDiagram-v2, timeline, xychart-beta; found 'flow'"
        ],
        id="mermaid:type",
    ),
    pytest.param(
        'B --> C["Snapshot 12"]',
        'B --> C["Snapshot 12]',
        [
            "01-storage.md:31: a quote in a diagram must be closed on its line",
        ],
        id="mermaid:quote",
    ),
    pytest.param(
        'flowchart LR\n    A["Checkpoint 10"] --> B["Replay commits 11 and 12"]\n'
        '    B --> C["Snapshot 12"]\n    C --> D["Data files to read"]',
        "sequenceDiagram\n    A-)B: commit 12",
        [],
        id="mermaid:arrow-with-a-bracket",
    ),
    pytest.param("Two writers may", "Section 2.2 says that writers", [], id="reference:good"),
    pytest.param(
        "Two writers may",
        "Sections 2.1, 2.3 and 3.1 say that writers",
        [
            "01-storage.md:26: a section referred to must exist; found section 2.3",
            "01-storage.md:26: a section referred to must exist; found section 3.1",
        ],
        id="reference:unknown",
    ),
    pytest.param(
        "Two writers may",
        "By [autoscaling](02-compute.md), two writers may",
        ["01-storage.md:26: another section must be named as plain text; found a link to '02-compute.md'"],
        id="reference:link",
    ),
    pytest.param("Two writers may", "This rule lets two writers", [], id="subject:named"),
    pytest.param(
        "Storage lets exactly one of them",
        "They meet at the log. These are the rules of it. Storage lets exactly one of them",
        [
            "01-storage.md:26: a sentence must name its subject; found 'They …'",
            "01-storage.md:26: a sentence must name its subject; found 'These are …'",
        ],
        id="subject:unnamed",
    ),
    pytest.param("Two writers may", "The load was above 2, so writers", [], id="phrase:was-above"),
    pytest.param(
        "Two writers may",
        "As mentioned, it’s important to know that two writers may",
        [
            "01-storage.md:26: 'As mentioned' must go: say it, or name what is meant",
            "01-storage.md:26: 'it's important to' must go: say it, or name what is meant",
        ],
        id="phrase:throat-clearing",
    ),
    pytest.param(
        "Two writers may",
        "The disk cache, once called Delta cache, helps. Two writers may",
        [],
        id="product:old-name-explained",
    ),
    pytest.param("Two writers may", "**AWS.** Two writers may", [], id="cloud:marked"),
    pytest.param(
        "Two writers may",
        "**GCP:** Two writers may",
        [
            "01-storage.md:26: a cloud must be marked **AWS.**, **Azure.** or **Google Cloud.**; "
            "found **GCP:**"
        ],
        id="cloud:other-label",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), TEXT)
def test_text(tmp_path, old, new, expected):
    assert after(tmp_path, "01-storage.md", old, new) == expected


def test_a_fence_must_be_closed(tmp_path):
    said = after(tmp_path, "02-compute.md", '    I -->|"no"| P\n```\n', '    I -->|"no"| P\n')
    assert "02-compute.md:66: a fence must be closed" in said


DATA = [
    pytest.param(BANK, "  weight: 2", "  weight: 3", [], id="weight:3"),
    pytest.param(
        BANK,
        "  weight: 2",
        "  weight: 5",
        [f"{BANK}:10: `key_points` `weight` must be a whole number from 1 to 3; found int '5'"],
        id="weight:5",
    ),
    pytest.param(
        BANK,
        'section: "1.1"',
        "section: 1.1",
        [
            f"{BANK}:2: `section` must be a section in quotes, such as \"2.6\"; found float '1.1'",
        ],
        id="section:unquoted",
    ),
    pytest.param(
        BANK,
        "  level: senior\n",
        "  level: senior\n  level: architect\n",
        [f"{BANK}:6: `level` must be given once"],
        id="key:twice",
    ),
    pytest.param(BANK, "  level: senior\n", "", [f"{BANK}:1: `level` must be given"], id="key:missing"),
    pytest.param(
        BANK,
        "        - It begins with a saved state of the log.\n",
        "",
        [f"{BANK}:13: `key_points` `says` must be a list of 2 to 3; found 1"],
        id="says:one",
    ),
    pytest.param(
        BANK,
        "The commits after the checkpoint are replayed in order.",
        "A reader starts from the newest checkpoint at or  before the version.",
        [f"{BANK}:15: a key point must be given once; it is also at line 9"],
        id="key-point:twice",
    ),
    pytest.param(
        BANK,
        "The commits after the checkpoint are replayed in order.",
        "Then the later commits are replayed. Each commit is one file.",
        [
            f"{BANK}:15: a key point must be one sentence; "
            "found 'Then the later commits are replayed. Each commit is one file …'"
        ],
        id="key-point:two-sentences",
    ),
    pytest.param(
        BANK,
        "  kind: troubleshooting",
        "  kind: 3",
        [
            f"{BANK}:99: `kind` must be one of concept, trade-off, scenario, troubleshooting, "
            "design; found int '3'"
        ],
        id="kind:number",
    ),
    pytest.param(
        BANK,
        "id: 1.1-two-writers",
        "id: 1.1-Two_writers",
        [f"{BANK}:49: `id` must read 1.1-slug; found '1.1-Two_writers'"],
        id="id:form",
    ),
    pytest.param(
        BANK,
        '- id: 1.1-two-writers\n  section: "1.1"',
        '- section: "1.1"\n  id: 1.1-two-writers',
        [f"{BANK}:49: `id` must be the first key"],
        id="id:not-first",
    ),
    pytest.param(
        BANK,
        '- id: 1.1-two-writers\n  section: "1.1"',
        '- id: 2.1-two-writers\n  section: "2.1"',
        [
            f"{BANK}:1: section 1.1 must have 3 questions; found 2",
            f"{BANK}:50: `section` must be of chapter 1; found 2.1",
        ],
        id="section:of-another-chapter",
    ),
    pytest.param(BANK, "- id", "- {}\n- id", "EMPTY", id="entry:empty"),
    pytest.param(
        BANK,
        "- id: 1.1-read",
        "- just text\n- id: 1.1-read",
        [f"{BANK}:1: an entry must be a mapping; found text 'just text'"],
        id="entry:text",
    ),
    pytest.param(
        BANK,
        "  why: Tests whether",
        "  why: \a Tests whether",
        [f"{BANK}:7: the file must be YAML; control characters are not allowed"],
        id="yaml:control-character",
    ),
    pytest.param(
        "glossary.yaml",
        '  since: "2020"',
        "  since: 2020",
        ['glossary.yaml:13: `since` must be "YYYY" or "YYYY-MM" in quotes; found int \'2020\''],
        id="since:unquoted",
    ),
    pytest.param("glossary.yaml", '  since: "2020"', '  since: "2020-05"', [], id="since:year-and-month"),
    pytest.param(
        "glossary.yaml",
        "- term: compaction",
        "- term: Commit Log",
        ["glossary.yaml:5: term 'Commit Log' must be given once; it is also at line 1"],
        id="term:twice",
    ),
    pytest.param(
        "glossary.yaml",
        "also: [bin packing, OPTIMIZE]",
        "also: bin packing",
        ["glossary.yaml:7: `also` must be a list; found text 'bin packing'"],
        id="also:text",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), DATA)
def test_data(tmp_path, file, old, new, expected):
    if expected == "EMPTY":
        keys = "id section also kind level question why key_points misconceptions probes model_answer"
        expected = [f"{BANK}:1: `{key}` must be given" for key in keys.split()]
    assert after(tmp_path, file, old, new) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(79, ["`model_answer` must have 80 to 260 words; found 79"], id="79"),
        pytest.param(80, [], id="80"),
        pytest.param(260, [], id="260"),
        pytest.param(261, ["`model_answer` must have 80 to 260 words; found 261"], id="261"),
    ],
)
def test_model_answer_length(tmp_path, words, expected):
    source = (SMALL / BANK).read_text(encoding="utf-8")
    start = source.index("    A table is a set of Parquet files")
    old = source[start : source.index("- id: 1.1-two-writers")]
    said = after(tmp_path, BANK, old, f"    {'word ' * words}\n")
    assert said == [f"{BANK}:42: {message}" for message in expected]


def staged(points, stages=("clarify", "high-level design", "deep dive", "failure and cost")):
    """The small bank's first question as a design problem with `points` stages of key points."""
    asks = "".join(f"    - stage: {stage}\n      ask: What about {stage}?\n" for stage in stages)
    texts = "".join(
        f"    - text: The point numbered {number} stands in the log.\n"
        + (f"      stage: {stage}\n" if stage else "")
        + '      weight: 1\n      section: "1.1"\n      says: [You say it, One says it]\n'
        for number, stage in enumerate(points)
    )
    return f"  stages:\n{asks}  key_points:\n{texts}"


ALL = ["clarify", "high-level design", "deep dive", "failure and cost"] * 2


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(staged(ALL), [], id="whole"),
        pytest.param(
            staged([*ALL[:7], "deep dive"]),
            [f"{BANK}:9: stage 'failure and cost' must have 2 key points or more"],
            id="point:elsewhere",
        ),
        pytest.param(
            staged([*ALL, ""]),
            [f"{BANK}:58: `stage` must be given for a point of a question with `stages`"],
            id="point:unstaged",
        ),
        pytest.param(
            staged(ALL, stages=("clarify", "deep dive", "high-level design", "failure and cost")),
            [
                f"{BANK}:9: `stages` must be clarify, high-level design, deep dive, failure and cost; "
                "found clarify, deep dive, high-level design, failure and cost"
            ],
            id="stages:order",
        ),
    ],
)
def test_a_design_problem_has_four_stages(tmp_path, question, expected):
    source = (SMALL / BANK).read_text(encoding="utf-8")
    old = source[source.index("  key_points:") : source.index("  misconceptions:")]
    assert after(tmp_path, BANK, old, question) == expected


def test_a_stage_needs_stages(tmp_path):
    said = after(tmp_path, BANK, "      weight: 2\n", "      weight: 2\n      stage: clarify\n")
    assert said == [f"{BANK}:9: `stage` must come with the question's `stages`"]


def test_questions_of_a_section_are_of_two_kinds(tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(SMALL, folder)
    bank = folder / BANK
    source = bank.read_text(encoding="utf-8")
    for kind in ("trade-off", "troubleshooting"):
        source = source.replace(f"kind: {kind}", "kind: concept", 1)
    bank.write_text(source, encoding="utf-8")
    assert [said for said in complaints(folder) if WORDS not in said] == [
        f"{BANK}:1: section 1.1 must have questions of two kinds; found one"
    ]


def test_paths_outside_of_the_root_stay_as_they_are(tmp_path):
    problems = check_handbook(SMALL, root=tmp_path)
    assert {problem.path for problem in problems} == {
        (SMALL / name).as_posix() for name in ("01-storage.md", "02-compute.md")
    }
