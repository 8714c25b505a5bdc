"""Documents → sections → blocks → elements. Pure but for `read_document`."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from errors import CorpusError

ElementKind = Literal["lead", "paragraph", "item", "row", "code", "diagram"]

NUMBERED = re.compile(r"(?P<number>\d+\.\d+)\s+(?P<title>\S.*)")
LEAD = re.compile(r">\s*\*\*In short\.\*\*\s+")


@dataclass(frozen=True)
class Element:
    """The smallest piece of a block that no chunk cuts, as it stands in the source."""

    kind: ElementKind
    text: str
    line: int
    header: str = ""
    """What a part of a split table or code block repeats: the head rows, or the opening fence."""


@dataclass(frozen=True)
class Block:
    """A `###` part of a section; the "In short" line is the block of that name."""

    heading: str
    anchor: str
    line: int
    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Section:
    """A numbered part of a chapter, or a `##` part of any other document."""

    number: str
    title: str
    chapter: int
    """0 where the document is not a chapter of the handbook."""
    path: str
    anchor: str
    line: int
    text: str
    """The Markdown source from the section's heading to the next one; quotes are substrings of it."""
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: str
    title: str
    front: dict[str, Any]
    intro: str
    sections: tuple[Section, ...]
    sha256: str


def read_document(file: Path, path: str) -> Document:
    """Read one Markdown file, called `path` in citations and messages.

    Raises:
        CorpusError: the file cannot be read, is empty, is not UTF-8, or has front matter that is
            not a YAML mapping; the message starts with `path:line:`.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"{path}:1: cannot be read ({error.strerror}); check that it exists and its permissions"
        ) from error
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}:{line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if not source.strip():
        raise CorpusError(f"{path}:1: the file is empty; expected Markdown with at least one heading")
    return parse_document(source, path, hashlib.sha256(data).hexdigest())


def parse_document(source: str, path: str, sha256: str = "") -> Document:
    """Parse Markdown into sections.

    A section starts at each `##` heading. Its number is the `N.M` that opens the heading, or the
    file's stem and a counter where the heading has none.

    Raises:
        CorpusError: the front matter is not a YAML mapping.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    lines = source.split("\n")
    tokens = [token for token in _markdown().parse(source) if token.level == 0 or token.type in _INNER]
    front = _front_matter(tokens, path)
    headings = _headings(tokens)
    stem = Path(path).stem
    chapter = front.get("chapter")
    numbered = isinstance(chapter, int) and not isinstance(chapter, bool)
    title = next((heading.title for heading in headings if heading.level == 1), stem)
    first = next((heading.line for heading in headings if heading.level == 2), len(lines) + 1)
    body = _front_end(tokens)
    top = next((heading.line for heading in headings if heading.level == 1), body)
    intro = "\n".join(lines[top : first - 1]).strip()
    if numbered:
        starts = [heading for heading in headings if heading.level == 2]
    else:
        starts = _starts(headings, lines, body, title)
    sections = []
    for position, start in enumerate(starts):
        end = starts[position + 1].line - 1 if position + 1 < len(starts) else len(lines)
        match = NUMBERED.fullmatch(start.title)
        number = match["number"] if match else f"{stem}-{position + 1}"
        line = start.line if start.level else start.line + 1
        sections.append(
            Section(
                number=number,
                title=match["title"] if match else start.title,
                chapter=chapter if numbered and isinstance(chapter, int) else 0,
                path=path,
                anchor=start.anchor,
                line=line,
                text="\n".join(lines[line - 1 : end]).strip("\n"),
                blocks=tuple(_blocks(start, end, headings, tokens, lines)),
            )
        )
    return Document(path, title, front, intro, tuple(sections), sha256)


def slug(title: str) -> str:
    """The anchor that Git hosts give a heading."""
    kept = [c for c in unicodedata.normalize("NFC", title).lower() if c.isalnum() or c in " -_"]
    return "".join(kept).replace(" ", "-")


@dataclass(frozen=True)
class _Heading:
    level: int
    title: str
    anchor: str
    line: int


_INNER = frozenset({"list_item_open", "tr_open", "inline"})


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").use(front_matter_plugin)


def _front_matter(tokens: list[Token], path: str) -> dict[str, Any]:
    if not tokens or tokens[0].type != "front_matter":
        return {}
    try:
        front = yaml.safe_load(tokens[0].content)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise CorpusError(
            f"{path}:{line}: front matter: {problem}; expected lines such as `chapter: 2`"
        ) from error
    if not isinstance(front, dict):
        raise CorpusError(
            f"{path}:2: front matter is {type(front).__name__}; expected lines such as `chapter: 2`"
        )
    return front


def _front_end(tokens: list[Token]) -> int:
    return tokens[0].map[1] if tokens and tokens[0].type == "front_matter" and tokens[0].map else 0


def _headings(tokens: list[Token]) -> list[_Heading]:
    seen: dict[str, int] = {}
    headings = []
    for position, token in enumerate(tokens):
        if token.type != "heading_open" or token.level or not token.map:
            continue
        title = tokens[position + 1].content.strip()
        base = slug(title)
        count = seen.get(base, 0)
        seen[base] = count + 1
        anchor = f"{base}-{count}" if count else base
        headings.append(_Heading(int(token.tag[1]), title, anchor, token.map[0] + 1))
    return headings


def _starts(headings: list[_Heading], lines: list[str], body: int, title: str) -> list[_Heading]:
    """Where the sections of a document that is no chapter start: no text of it stays outside."""
    starts = [heading for heading in headings if heading.level <= 2]
    ends = [heading.line - 1 for heading in starts[1:]] + [len(lines)]
    kept = [
        heading
        for heading, end in zip(starts, ends, strict=False)
        if heading.level == 2 or any(line.strip() for line in lines[heading.line : end])
    ]
    above = lines[body : starts[0].line - 1 if starts else len(lines)]
    if not any(line.strip() for line in above):
        return kept
    # A heading that is not there, on the line above the text.
    opening = body + next(position for position, line in enumerate(above) if line.strip())
    return [_Heading(0, title, "", opening), *kept]


def _blocks(
    start: _Heading, end: int, headings: list[_Heading], tokens: list[Token], lines: list[str]
) -> Iterator[Block]:
    inner = [heading for heading in headings if start.line < heading.line <= end and heading.level >= 3]
    bounds = [start, *inner]
    for position, heading in enumerate(bounds):
        first = heading.line + 1
        last = bounds[position + 1].line - 1 if position + 1 < len(bounds) else end
        elements = list(_elements(tokens, lines, first, last))
        lead = tuple(element for element in elements if element.kind == "lead")
        rest = tuple(element for element in elements if element.kind != "lead")
        if lead:
            yield Block("In short", heading.anchor, lead[0].line, lead)
        if rest or heading is not start:
            yield Block("" if heading is start else heading.title, heading.anchor, heading.line, rest)


def _elements(tokens: list[Token], lines: list[str], first: int, last: int) -> Iterator[Element]:
    """The elements whose source lies in lines `first` to `last` (1-based, inclusive)."""
    head = ""
    for token in tokens:
        if not token.map or not first <= token.map[0] + 1 <= last:
            continue
        begin, stop = token.map
        text = "\n".join(lines[begin:stop]).rstrip()
        line = begin + 1
        match token.type:
            case "paragraph_open" | "html_block":
                yield Element("paragraph", text, line)
            case "blockquote_open":
                opening = LEAD.match(text)
                if opening:
                    yield Element("lead", text[opening.end() :], line)
                else:
                    yield Element("paragraph", text, line)
            case "list_item_open" if token.level == 1:
                yield Element("item", text, line)
            case "tr_open" if token.level == 2:
                if "|" in text and _is_table_head(lines, begin):
                    head = "\n".join(lines[begin : begin + 2])
                else:
                    yield Element("row", text, line, head)
            case "fence" | "code_block":
                language = token.info.strip().split(" ")[0].lower() if token.info else ""
                kind: ElementKind = "diagram" if language == "mermaid" else "code"
                yield Element(kind, text, line, lines[begin].rstrip() if token.type == "fence" else "")


def _is_table_head(lines: list[str], row: int) -> bool:
    return row + 1 < len(lines) and bool(re.fullmatch(r"[\s|:-]+", lines[row + 1])) and "-" in lines[row + 1]
