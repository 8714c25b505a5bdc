"""What a model wrote → sentences, items and code, each with the passages it cites. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.chunks import cells, split_sentences
from retriever.query import MARKUP

FEWEST_WORDS = 3
"""A shorter piece states nothing."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_NUMBERS = re.compile(r"\s*[\[【]\^?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)(?:†[^\]】]*)?[\]】]")
_OPEN_NUMBER = re.compile(r"\s*[\[【][\d,;\s–-]*\Z")
_CODE_SPAN = re.compile(r"(`[^`\n]*`)")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
_TAG_OPENS = re.compile(r"<(?=[A-Za-z/!])")
_EMPHASIS = re.compile(r"(?<![\w*])[*_](?![*_\s])([^*_\n]+?)(?<!\s)[*_](?![\w*])")


@dataclass(frozen=True)
class Piece:
    """A finished part of what a model wrote."""

    kind: Literal["sentence", "item", "code"]
    text: str
    """Bold and code spans are the only Markdown left in it; links, images and tags are gone."""
    numbers: tuple[int, ...]
    """The passages it cites, as written: a number may be invented."""


def pieces_of(written: str, whole: bool) -> list[Piece]:
    """The finished pieces of a text; unless it is `whole`, the last one may still grow and is left out."""
    text = _THOUGHT.sub("", written)
    pieces = list(_pieces(text if whole else _OPEN_NUMBER.sub("", text)))
    finished = pieces if whole else pieces[:-1]
    return [piece for piece in finished if piece.kind == "code" or len(piece.text.split()) >= FEWEST_WORDS]


def _pieces(text: str) -> Iterator[Piece]:
    code: list[str] | None = None
    for line in text.split("\n"):
        if _FENCE.match(line):
            if code is not None:
                yield Piece("code", "\n".join(code), ())
            code = [] if code is None else None
        elif code is not None:
            code.append(line)
        else:
            yield from _prose(line)
    if code:
        yield Piece("code", "\n".join(code), ())


def _prose(line: str) -> Iterator[Piece]:
    """The sentences of a line; a heading and a table's rule are none."""
    if re.fullmatch(r"\s*(#.*|[\s|:*_=-]*)", line):
        return
    is_item = bool(_ITEM.match(line)) or line.lstrip().startswith("|")
    if line.lstrip().startswith("|"):
        line = "; ".join(cell for cell in cells(line.strip()) if cell)
    text, marks = _unnumbered(_ITEM.sub("", line).lstrip("> ").strip())
    begin = 0
    spans = []
    for sentence in split_sentences(text, 1):
        begin = text.index(sentence, begin)
        spans.append((begin, sentence))
        begin += len(sentence)
    for position, (start, sentence) in enumerate(spans):
        # A number after the full stop belongs to the sentence before it; one that opens a line, to the first.
        end = spans[position + 1][0] if position + 1 < len(spans) else len(text) + 1
        numbers = [n for at, n in marks if start < at <= end or (position == 0 and at == 0)]
        yield Piece(
            "item" if is_item else "sentence", " ".join(sentence.split()), tuple(dict.fromkeys(numbers))
        )


def _unnumbered(line: str) -> tuple[str, list[tuple[int, int]]]:
    """A line without markup and numbers; and the numbers, each with the place where it stood."""
    text = ""
    marks: list[tuple[int, int]] = []
    for part in _CODE_SPAN.split(line):
        if _CODE_SPAN.fullmatch(part):
            text += part
            continue
        clean = _without_markup(part)
        at = 0
        for match in _NUMBERS.finditer(clean):
            text += clean[at : match.start()]
            marks += [(len(text), number) for number in _listed(match[1])]
            at = match.end()
        text += clean[at:]
    return text, marks


def _without_markup(text: str) -> str:
    """Text without links, images, tags and slanted type, until none is left."""
    while True:
        bare = _EMPHASIS.sub(r"\1", _LINK.sub(_words_of_link, MARKUP.sub("", text)))
        if bare == text:
            # What no pattern has caught must not become a link or a tag where the answer is drawn.
            return _TAG_OPENS.sub("‹", bare.replace("](", "] (").replace("![", "["))
        text = bare


def _words_of_link(link: re.Match[str]) -> str:
    """The words of a link; “[1][2]” is two numbers and no link."""
    return link[0] if _NUMBERS.fullmatch(f"[{link[1]}]") and "(" not in link[0] else link[1]


def _listed(numbers: str) -> list[int]:
    """“1, 3-5” as 1, 3, 4, 5."""
    listed: list[int] = []
    for part in re.split(r"\s*[,;]\s*", numbers):
        first, *last = (int(number) for number in re.split(r"\s*[–-]\s*", part))
        listed += range(first, min(last[0], first + 20) + 1) if last else [first]
    return listed
