"""Sections → chunks and their sentences. Pure: counting tokens is a function that the caller gives."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ingest.sections import Block, Element, Section

CHUNKING_VERSION = "3"
"""Part of the index's identity: raise it when the same text would be cut or embedded differently."""

TARGET_TOKENS = 128
"""Elements are packed until a chunk holds about so much: small chunks point at their section better."""

SKIPPED_BLOCKS = frozenset({"Sources"})

Cloud = Literal["", "aws", "azure", "gcp"]
"""The one cloud that a text holds for; empty where it holds for all."""
CLOUDS: Mapping[str, Cloud] = {"AWS": "aws", "Azure": "azure", "Google Cloud": "gcp"}
"""The labels that open such a paragraph or item."""

CountTokens = Callable[[str], int]
SentenceKind = Literal["lead", "prose", "correction", "row", "code"]


@dataclass(frozen=True)
class Sentence:
    """A quotable piece of a chunk: a sentence, a table row or a code block."""

    id: str
    kind: SentenceKind
    text: str
    """An exact substring of the section's source."""
    context: str
    """What it is read with: the section's title, for a row the column heads, for a correction the claim."""

    def embedding_text(self) -> str:
        """The text whose vector stands for the sentence."""
        if self.kind == "row":
            return f"{self.context}: {'; '.join(cells(self.text))}"
        if self.kind == "correction":
            return f"{self.context} {self.text}"
        return self.text

    @property
    def hash(self) -> str:
        """Content hash of what is embedded."""
        return _sha256(self.embedding_text())


@dataclass(frozen=True)
class Chunk:
    """What is embedded and found: whole elements of one block, within the embedder's window."""

    id: str
    section: str
    title: str
    heading: str
    chapter: int
    path: str
    anchor: str
    line: int
    text: str
    cloud: Cloud = ""
    sentences: tuple[Sentence, ...] = field(default=(), repr=False)

    def embedding_text(self) -> str:
        """The text whose vector stands for the chunk: its heading path, then its text."""
        return embedding_text(self.title, self.heading, self.text)

    @property
    def hash(self) -> str:
        """Content hash of what is embedded."""
        return _sha256(self.embedding_text())


def embedding_text(title: str, heading: str, text: str) -> str:
    """Join a heading path and a text, the way every chunk is embedded."""
    # A title as long as a paragraph, in a document from outside, must leave room for the text.
    path = f"{title[:80]} > {heading[:60]}" if heading else title[:80]
    return f"{path}\n{text}"


def chunk_section(section: Section, count_tokens: CountTokens, limit: int = 256) -> list[Chunk]:
    """Cut a section into chunks of at most `limit` tokens, counted with their heading path.

    No element is cut, except one that is larger than a chunk: tables are split by rows and code
    by lines with their header repeated, prose by sentences, and a single sentence, row or line
    that is still too long by words. Every word of the source is in some chunk, except diagrams
    and the `Sources` block, which are not searched.
    """
    chunks: list[Chunk] = []
    for block in section.blocks:
        if block.heading in SKIPPED_BLOCKS:
            continue
        for pieces in _packed(section, block, count_tokens, limit):
            identity = f"{section.number}/{_key(block.heading)}/{len(chunks)}"
            chunks.append(_chunk(section, block, pieces, identity))
    return chunks


def split_sentences(text: str, fewest_words: int = 4) -> list[str]:
    """Split prose into sentences, each an exact substring of `text`.

    A fragment of fewer words joins its neighbour, so that each can be quoted. Full stops inside
    code spans, links, numbers and common abbreviations end nothing.
    """
    return [text[begin:end] for begin, end in _sentence_spans(text, fewest_words)]


def cloud_of(text: str) -> Cloud:
    """The cloud that the label at the start of a paragraph or item names."""
    label = _CLOUD.match(text)
    return CLOUDS[label["cloud"]] if label else ""


def cells(row: str) -> list[str]:
    """The cells of a Markdown table row, trimmed."""
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


_UNSPLIT = re.compile(
    r"`[^`\n]+`|\]\([^)\s]*\)|\b(?:e\.g|i\.e|vs|etc|approx|cf|incl|Inc|No|St)\.", re.IGNORECASE
)
_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’*_)]*\s+(?=[\"“‘*_(\[]*[A-Z0-9x`])")
_MARKER = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")
_NEXT_ITEM = re.compile(r"\n(?=\s*(?:[-*+]|\d+[.)])\s)")
_CLAIM = re.compile(r"\*\*[\"“](?P<claim>.+?)[\"”]\*\*\s*", re.DOTALL)
_CLOUD = re.compile(rf"\s*(?:[-*+]\s+)?\*\*(?P<cloud>{'|'.join(CLOUDS)})\.\*\*")
_QUOTE_MARK = re.compile(r"^\s*>\s?", re.MULTILINE)


@dataclass(frozen=True)
class _Piece:
    kind: str
    text: str
    line: int
    header: str


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _key(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "text"


def _chunk(section: Section, block: Block, pieces: Sequence[_Piece], identity: str) -> Chunk:
    sentences = [sentence for piece in pieces for sentence in _sentences(piece, section.title, block.heading)]
    return Chunk(
        id=identity,
        section=section.number,
        title=section.title,
        heading=block.heading,
        chapter=section.chapter,
        path=section.path,
        anchor=block.anchor,
        line=pieces[0].line,
        text=_render(pieces),
        cloud=cloud_of(pieces[0].text),
        sentences=tuple(
            Sentence(f"{identity}#{position}", kind, text, context)
            for position, (kind, text, context) in enumerate(sentences)
        ),
    )


def _sentences(piece: _Piece, title: str, heading: str) -> Iterator[tuple[SentenceKind, str, str]]:
    """The kind, text and context of what can be quoted from a piece."""
    if piece.kind == "code":
        _, code, _ = _unfenced(Element("code", piece.text, piece.line, piece.header))
        code = code.strip("\n")
        if code.strip():
            yield "code", code, title
        return
    if piece.kind == "row":
        if len(piece.text.split()) >= 4:
            heads = cells(piece.header.split("\n")[0]) if piece.header else []
            yield "row", piece.text.strip(), f"{title} ({', '.join(heads)})" if heads else title
        return
    for unit in _NEXT_ITEM.split(piece.text):
        if piece.kind == "item":
            unit = _MARKER.sub("", unit, count=1)
        kind: SentenceKind = "lead" if piece.kind == "lead" else "prose"
        context = title
        claim = _CLAIM.match(unit) if heading == "Common mistakes" else None
        if claim:
            unit, kind, context = unit[claim.end() :], "correction", claim["claim"]
        for part in _unquoted(unit):
            for sentence in split_sentences(part):
                if len(sentence.split()) >= 4:
                    yield kind, sentence, context


def _unquoted(text: str) -> list[str]:
    if not text.lstrip().startswith(">"):
        return [text]
    return [_QUOTE_MARK.sub("", line) for line in text.split("\n")]


def _packed(section: Section, block: Block, count_tokens: CountTokens, limit: int) -> Iterator[list[_Piece]]:
    def size(pieces: Sequence[_Piece]) -> int:
        return count_tokens(embedding_text(section.title, block.heading, _render(pieces)))

    pending: list[_Piece] = []
    for element in _with_short_headers(block.elements, size, limit):
        if element.kind == "diagram":
            continue
        whole = _Piece(element.kind, element.text, element.line, element.header)
        pieces = [whole] if size([whole]) <= limit else _split(element, lambda p: size([p]) <= limit)
        for piece in pieces:
            together = size([*pending, piece]) if pending else 0
            # Code belongs to the sentence that introduces it, so it may fill the whole window.
            room = limit if piece.kind == "code" else TARGET_TOKENS
            if pending and (together > room or cloud_of(piece.text) != cloud_of(pending[0].text)):
                yield pending
                pending = []
            pending = [*pending, piece]
    if pending:
        yield pending


def _render(pieces: Sequence[_Piece]) -> str:
    text = ""
    previous: _Piece | None = None
    for piece in pieces:
        continues = previous is not None and previous.kind == piece.kind in ("item", "row")
        continues = continues and previous is not None and previous.header == piece.header
        if previous is not None:
            text += "\n" if continues else "\n\n"
        if piece.kind == "row" and piece.header and not continues:
            text += piece.header + "\n"
        text += piece.text
        previous = piece
    return text


def _sentence_spans(text: str, fewest_words: int = 4) -> list[tuple[int, int]]:
    masked = _UNSPLIT.sub(lambda match: "x" * len(match[0]), text)
    bounds = [0, *(match.end() for match in _BOUNDARY.finditer(masked)), len(text)]
    sentences: list[tuple[int, int]] = []
    begin = 0
    for end in bounds[1:]:
        if len(text[begin:end].split()) >= fewest_words:
            sentences.append((begin, end))
            begin = end
    if begin < len(text) and text[begin:].strip():
        if sentences:
            begin = sentences.pop()[0]
        sentences.append((begin, len(text)))
    return [_trimmed(text, begin, end) for begin, end in sentences]


def _with_short_headers(
    elements: Sequence[Element], size: Callable[[Sequence[_Piece]], int], limit: int
) -> Iterator[Element]:
    """The elements; a header that would fill half of every chunk stands once, as text."""
    said = ""
    for element in elements:
        alone = _Piece(element.kind, "", element.line, element.header)
        if element.kind == "row" and element.header and size([alone]) > limit // 2:
            if element.header != said:
                said = element.header
                yield Element("row", said.split("\n")[0], element.line)
            yield replace(element, header="")
        elif element.kind == "code" and size([replace(alone, text=element.header)]) > limit // 2:
            yield replace(element, header="")
        else:
            yield element


def _split(element: Element, fits: Callable[[_Piece], bool]) -> list[_Piece]:
    """Cut an element that is larger than a chunk into pieces that fit, losing no word."""
    opening, text, closing = _unfenced(element) if element.kind == "code" else ("", element.text, "")
    first_line = element.line + opening.count("\n")
    match element.kind:
        case "code":
            units = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text)]
        case "row":
            units = [(0, len(text))]
        case _:
            units = _sentence_spans(text)

    def piece(begin: int, end: int) -> _Piece:
        line = first_line + text.count("\n", 0, begin)
        return _Piece(element.kind, f"{opening}{text[begin:end]}{closing}", line, element.header)

    def is_small(begin: int, end: int) -> bool:
        return fits(piece(begin, end))

    spans: list[tuple[int, int]] = []
    for unit in units:
        for begin, end in _halves(text, *unit, is_small):
            # A piece is a span of the source, never parts joined: it can be quoted to the letter.
            if spans and is_small(spans[-1][0], end):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
    return [piece(begin, end) for begin, end in spans]


def _unfenced(element: Element) -> tuple[str, str, str]:
    """Opening fence, code and closing fence; the latter is missing where the document ends first."""
    fence = re.match(r"\s*(`{3,}|~{3,})", element.header)
    if not fence:
        return "", element.text, ""
    opening, *lines = element.text.split("\n")
    closed = (
        bool(lines) and lines[-1].strip().startswith(fence[1]) and not lines[-1].strip(f" \t{fence[1][0]}")
    )
    code = "\n".join(lines[:-1] if closed else lines)
    return f"{opening}\n", code, f"\n{fence[1]}"


def _halves(text: str, begin: int, end: int, is_small: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Halve a span at a space (or anywhere, where there is none) until every part is small."""
    if end - begin < 2 or is_small(begin, end):
        return [(begin, end)]
    middle = (begin + end) // 2
    space = text.rfind(" ", begin + 1, middle + 1)
    cut = space if space > 0 else middle
    left = begin + len(text[begin:cut].rstrip())
    right = end - len(text[cut:end].lstrip())
    return [*_halves(text, begin, left, is_small), *_halves(text, right, end, is_small)]


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    """The span without the space at its ends."""
    inner = text[begin:end]
    return begin + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip())
