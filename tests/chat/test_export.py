import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from chat import export
from chat.citations import Answer, Citation, Place, Statement

BOLD = "A **log** names `the files`."
ROW = "| Job cluster | Work runs on a schedule |"
SOURCES = [
    Citation(1, "1.1", "Log", "In short", BOLD, "a.md", "11-log"),
    Citation(2, "2.1", "Clusters", "Trade-offs", ROW, "b.md", "21-clusters"),
    Citation(3, "1.1", "Log", "How it works", "OPTIMIZE a\nWHERE b", "a.md", "11-log"),
]
ANSWER = Answer(
    "What is a log?",
    "What is a log?",
    (
        Statement("sentence", BOLD, SOURCES[0]),
        Statement("item", "**Job cluster**: work on a schedule", SOURCES[1]),
        Statement("code", "OPTIMIZE a\nWHERE b", SOURCES[2]),
    ),
    missing=("Who wrote it?",),
)
REFUSAL = Answer(
    "Bread?",
    "Bread? rye",
    note="The handbook does not answer this.",
    refused=True,
    nearest=(Place("1.1", "Log"),),
    within="chapter 1",
)
HOSTILE = (
    "![pixel](https://example.com/p.png) <img src=x onerror=alert(1)> <script>alert(1)</script>\n"
    "```mermaid\nflowchart LR\n  a --> b\n```\n[click](javascript:alert(1)) $\\frac{1}{2}$ **bold** `code`\n"
    "# heading\n- item\n> quote\n| a | b |\n|---|---|\n"
    "&lt;b&gt; \"'</title></style>\nhttps://example.com\n\n1. one"
)
HOSTILE_SOURCE = Citation(1, "1.1", HOSTILE, HOSTILE, HOSTILE, "a.md", "x")
EVIL = [
    Answer(HOSTILE, HOSTILE, note=HOSTILE, within=HOSTILE, mode="fault"),
    Answer(
        HOSTILE,
        HOSTILE,
        tuple(Statement(kind, HOSTILE, HOSTILE_SOURCE) for kind in ("sentence", "item", "code", "sentence")),
        note=HOSTILE,
        missing=(HOSTILE,),
        mode="model",
    ),
    Answer(
        HOSTILE, HOSTILE, note=HOSTILE, refused=True, nearest=(Place("1.1", HOSTILE),), missing=(HOSTILE,)
    ),
]


def address(section):
    return f"http://127.0.0.1:8501/handbook?section={section}&x=1"


class Page(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data


def test_markdown_has_the_answers_their_numbers_and_their_sources():
    text = export.markdown("Logs & more", [ANSWER, REFUSAL], address)
    assert text.startswith(
        "# Logs &amp; more\n\n## 1. What is a log?\n\nA **log** names `the files`. \\[1\\]\n"
    )
    assert "- **Job cluster**\\: work on a schedule \\[2\\]" in text
    assert "```text\nOPTIMIZE a\nWHERE b\n```\n\n\\[3\\]" in text
    assert "Not covered: Who wrote it?" in text
    link = f"[2.1 Clusters › Trade\\-offs]({address('2.1')})"
    assert f"- \\[2\\] {link}: “Job cluster; Work runs on a schedule”" in text
    assert "## 2. Bread?\n\nThe handbook does not answer this." in text.replace("\\", "")
    assert "Searched for: Bread? rye (in chapter 1)" in text.replace("\\", "")


def test_a_sentence_after_a_list_is_no_part_of_its_last_item():
    after = Statement("sentence", "A log is kept for 30 days.", SOURCES[0])
    text = export.markdown("Logs", [replace(ANSWER, statements=(*ANSWER.statements[:2], after))], address)
    assert "schedule \\[2\\]\n\nA log is kept for 30 days." in text


def test_page_shows_everything_and_links_each_number_to_its_source():
    text = export.page("Logs & more", [ANSWER, REFUSAL], address)
    page = Page(text)
    for words in (
        "Logs & more",
        "What is a log?",
        "A log names the files.",
        "Job cluster: work on a schedule",
        "OPTIMIZE a\nWHERE b",
        "Not covered: Who wrote it?",
        "2.1 Clusters › Trade-offs",
        "Job cluster; Work runs on a schedule",
        "The handbook does not answer this.",
        "What it has nearby:",
        "Searched for: Bread? rye (in chapter 1)",
    ):
        assert words in page.words
    ids = {value for name, value in page.attributes if name == "id"}
    inside = [value[1:] for name, value in page.attributes if name == "href" and value.startswith("#")]
    assert inside == ["s1-1", "s1-2", "s1-3"]
    assert set(inside) <= ids
    assert ("href", address("2.1")) in page.attributes
    assert text.count("<ul>") == text.count("</ul>") == 2


def test_page_fetches_nothing_and_runs_nothing_whatever_was_asked_or_answered():
    page = Page(export.page(HOSTILE, EVIL, address))
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "article", "h1", "h2", "h3",
        "p", "ul", "ol", "li", "a", "sup", "pre", "code", "strong", "blockquote",
    }  # fmt: skip
    assert page.tags.count("h1") == page.tags.count("title") == page.tags.count("style") == 1
    assert {name for name, _ in page.attributes} <= {
        "lang", "charset", "name", "content", "http-equiv", "class", "id", "value", "href",
    }  # fmt: skip
    links = {value for name, value in page.attributes if name == "href"}
    assert links == {"#s2-1", address("1.1")}
    assert page.words.count("<script>alert(1)</script>") > 10


def test_markdown_is_words_only_whatever_was_asked_or_answered():
    text = export.markdown(HOSTILE, EVIL, address)
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    assert not [token for token in tokens if token.type in ("html_block", "table_open", "blockquote_open")]
    assert not [child for child in inline if child.type in ("image", "html_inline")]
    assert {child.attrs["href"] for child in inline if child.type == "link_open"} == {address("1.1")}
    assert {token.info for token in tokens if token.type == "fence"} == {"text"}
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings == ["h1", "h2", "h2", "h2"]
    outside_code = re.sub(r"`[^`\n]+`", "", re.sub(r"^(`{4,})text\n.*?^\1$", "", text, flags=re.S | re.M))
    assert not re.search(r"(?<!\\)\$", outside_code)
    assert "javascript\\:" in outside_code
    assert "javascript:" not in outside_code


def test_code_cannot_leave_its_fence():
    code = "a\n```\n![x](https://example.com)\n````\nb"
    [statement] = [Statement("code", code, replace(SOURCES[2], quote=code))]
    text = export.markdown("t", [replace(ANSWER, statements=(statement,))], address)
    [fence] = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    assert fence.content == code + "\n"


def test_plain_text_of_an_answer_has_its_sources():
    assert export.text(ANSWER).endswith(
        "Not covered: Who wrote it?\n\nSources, in the Lakehouse Mentor handbook:\n"
        "[1] 1.1 Log › In short: “A log names the files.”\n"
        "[2] 2.1 Clusters › Trade-offs: “Job cluster; Work runs on a schedule”\n"
        "[3] 1.1 Log › How it works: “OPTIMIZE a WHERE b”"
    )
    assert export.text(ANSWER).startswith("A **log** names `the files`. [1]\n\n- **Job cluster**: work on")
    assert export.text(REFUSAL).startswith("The handbook does not answer this. The nearest it has: 1.1 Log.")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What is a Delta table?", "what-is-a-delta-table"),
        ("../../etc/passwd", "etc-passwd"),
        ("表 ?", "conversation"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_file_name_is_letters_and_figures(title, name):
    assert export.file_name(title) == name
