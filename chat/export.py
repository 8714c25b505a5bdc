"""A conversation as a file to keep: Markdown, or one HTML page that needs nothing else."""

import html
import re
from collections.abc import Callable, Iterator, Sequence

from chat.citations import Answer, Citation, Statement, plain
from ingest.chunks import cells

_INLINE = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*)")
"""What is left of a statement's Markdown; the rest of it is drawn as the words it is written with."""


def file_name(title: str) -> str:
    """A title as a file's name, without an ending."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:60].strip("-") or "conversation"


def text(answer: Answer) -> str:
    """An answer with its sources as plain text, for the clipboard."""
    lines = [answer.text]
    if answer.missing and not answer.refused:
        lines += ["", f"Not covered: {'; '.join(answer.missing)}"]
    if answer.citations:
        lines += ["", "Sources, in the Lakehouse Mentor handbook:"]
        lines += [
            f"[{source.number}] {place(source)}: “{spoken(source.quote)}”" for source in answer.citations
        ]
    return "\n".join(lines)


def place(source: Citation) -> str:
    """Where a citation points, in words."""
    return " › ".join(part for part in (f"{source.section} {source.title}", source.heading) if part)


def spoken(quote: str) -> str:
    """A quote as words: a table's row without its bars, and no Markdown."""
    return plain("; ".join(cells(quote)) if quote.startswith("|") else quote)


def made(answer: Answer) -> str:
    """How an answer was made and what was searched for, in a line; empty where nothing was."""
    if not answer.searched_for:
        return ""
    searched = f"Searched for: {answer.searched_for}" + (f" (in {answer.within})" if answer.within else "")
    understood = f"Understood as: {', '.join(answer.understood)}" if answer.understood else ""
    quoted = "quoted from the handbook, nothing else" if answer.statements and not answer.note else ""
    return " · ".join(
        part for part in (searched, understood, quoted, answer.note if answer.statements else "") if part
    )


def markdown(title: str, answers: Sequence[Answer], address: Callable[[str], str]) -> str:
    """A conversation as Markdown; nothing that was asked or answered is more in it than words.

    Args:
        title: the conversation's.
        answers: in order.
        address: a section's address.
    """
    lines = [f"# {escaped(title)}"]
    for at, answer in enumerate(answers, start=1):
        lines += ["", f"## {at}. {escaped(answer.question)}", ""]
        lines += _markdown_body(answer)
        if answer.refused and answer.nearest:
            lines += ["", "What it has nearby:", ""]
            lines += [
                f"- [{escaped(f'{n.section} {n.title}')}]({address(n.section)})" for n in answer.nearest
            ]
        if answer.missing and not answer.refused:
            lines += ["", f"Not covered: {escaped('; '.join(answer.missing))}"]
        if answer.citations:
            lines += ["", "Sources:", ""]
        lines += [
            f"- \\[{source.number}\\] [{escaped(place(source))}]({address(source.section)}): "
            f"“{escaped(spoken(source.quote))}”"
            for source in answer.citations
        ]
        if made(answer):
            lines += ["", escaped(made(answer))]
    return "\n".join(lines) + "\n"


def escaped(untrusted: str) -> str:
    """Text as Markdown that means nothing but itself, on one line."""
    # Entities rather than backslashes for tags: a careless reader of Markdown may ignore the latter.
    tagless = html.escape(" ".join(untrusted.split()), quote=False)
    safe = re.sub(r"([\\`*_{}\[\]()#+\-!|~:$=])", r"\\\1", tagless)
    return re.sub(r"^(\d+)\.(?=\s|$)", r"\1\\.", safe)


def _markdown_body(answer: Answer) -> Iterator[str]:
    if not answer.statements:
        yield escaped(answer.note)
    listed = False
    for label, statement in zip(answer.labels, answer.statements, strict=True):
        number = f"\\[{statement.citation.number}\\]"
        if listed and statement.kind != "item":
            # Without an empty line a sentence would go on with the last item.
            yield ""
        listed = statement.kind == "item"
        if label:
            yield from ("", f"### {escaped(label)}", "")
        if statement.kind == "code":
            longest = max((len(run) for run in re.findall(r"`+", statement.text)), default=0)
            fence = "`" * max(3, longest + 1)
            yield from ("", f"{fence}text", *statement.text.splitlines(), fence, "", number, "")
        elif statement.kind == "item":
            yield f"- {_inline_markdown(statement.text)} {number}"
        else:
            yield from (f"{_inline_markdown(statement.text)} {number}", "")


def _inline_markdown(words: str) -> str:
    # Before the words are cut, because a cut must not move to another line.
    parts = _INLINE.split(" ".join(words.split()))
    return "".join(
        part
        if re.fullmatch(r"`[^`]+`", part)
        else f"**{escaped(part[2:-2])}**"
        if re.fullmatch(r"\*\*[^*]+\*\*", part)
        else _spaced(part)
        for part in parts
    )


def _spaced(part: str) -> str:
    """A part escaped, with the spaces at its ends."""
    words = escaped(part)
    if not words:
        return " " if part else ""
    return " " * part.startswith(" ") + words + " " * part.endswith(" ")


def page(title: str, answers: Sequence[Answer], address: Callable[[str], str]) -> str:
    """A conversation as one HTML file: inline style, no script, and nothing that is fetched.

    Args:
        title: the conversation's.
        answers: in order.
        address: a section's address.
    """
    body = "\n".join(_article(at, answer, address) for at, answer in enumerate(answers, start=1))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _article(at: int, answer: Answer, address: Callable[[str], str]) -> str:
    parts = [f"<h2>{html.escape(answer.question)}</h2>", _html_body(at, answer)]
    if answer.refused and answer.nearest:
        nearby = "".join(
            f'<li><a href="{html.escape(address(n.section))}">{html.escape(f"{n.section} {n.title}")}</a>'
            "</li>"
            for n in answer.nearest
        )
        parts.append(f"<p>What it has nearby:</p><ul>{nearby}</ul>")
    if answer.missing and not answer.refused:
        parts.append(f"<p>Not covered: {html.escape('; '.join(answer.missing))}</p>")
    if answer.citations:
        sources = "".join(
            f'<li id="s{at}-{n.number}" value="{n.number}"><a href="{html.escape(address(n.section))}">'
            f"{html.escape(place(n))}</a><blockquote>{html.escape(spoken(n.quote))}</blockquote></li>"
            for n in answer.citations
        )
        parts.append(f"<h3>Sources</h3><ol>{sources}</ol>")
    if made(answer):
        parts.append(f'<p class="made">{html.escape(made(answer))}</p>')
    return f"<article>{''.join(parts)}</article>"


def _html_body(at: int, answer: Answer) -> str:
    if not answer.statements:
        return f'<p class="first">{html.escape(answer.note)}</p>'
    pieces: list[str] = []
    before = ""
    for position, (label, statement) in enumerate(zip(answer.labels, answer.statements, strict=True)):
        listed = statement.kind == "item"
        if before == "item" and (label or not listed):
            pieces.append("</ul>")
        if label:
            pieces.append(f"<h3>{html.escape(label)}</h3>")
        if listed and (label or before != "item"):
            pieces.append("<ul>")
        pieces.append(_html_statement(at, position, statement))
        before = statement.kind
    return "".join(pieces) + ("</ul>" if before == "item" else "")


def _html_statement(at: int, position: int, statement: Statement) -> str:
    number = statement.citation.number
    cite = f'<sup><a href="#s{at}-{number}">{number}</a></sup>'
    if statement.kind == "code":
        return f"<pre><code>{html.escape(statement.text)}</code>{cite}</pre>"
    words = "".join(
        f"<code>{html.escape(part[1:-1])}</code>"
        if re.fullmatch(r"`[^`]+`", part)
        else f"<strong>{html.escape(part[2:-2])}</strong>"
        if re.fullmatch(r"\*\*[^*]+\*\*", part)
        else html.escape(part)
        for part in _INLINE.split(statement.text)
    )
    if statement.kind == "item":
        return f"<li>{words} {cite}</li>"
    return f"<p{' class=first' if position == 0 else ''}>{words} {cite}</p>"


_STYLE = """
:root { color-scheme: light dark; --ground: #fffdf8; --text: #2b2723; --accent: #a03d1a; --soft: #ece4d6; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1c1917; --text: #ede6dc; --accent: #f0a27c; --soft: #403833; }
}
body { background: var(--ground); color: var(--text); font: 16px/1.65 system-ui, sans-serif; margin: 0; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem; overflow-wrap: anywhere; }
h1, h2 { font-family: Georgia, serif; line-height: 1.25; }
h2 { font-size: 1.35rem; margin: 0 0 1rem; white-space: pre-line; }
h3 { font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.05em; margin-top: 1.6rem; }
article { border-top: 1px solid var(--soft); padding-top: 1.6rem; margin-top: 2.2rem; }
.first { font-size: 1.1em; font-weight: 600; }
a { color: var(--accent); }
sup { line-height: 0; } sup a { text-decoration: none; padding: 0 0.15em; }
ol, blockquote, .made { font-size: 0.875rem; }
li:target { background: var(--soft); }
blockquote { border-left: 3px solid var(--accent); margin: 0.2rem 0 0.8rem; padding-left: 0.8rem; }
.made { opacity: 0.75; }
code { font-size: 0.9em; background: var(--soft); border-radius: 0.25rem; padding: 0.1em 0.3em; }
pre { background: var(--soft); border-radius: 0.5rem; padding: 0.8rem; overflow-x: auto; }
pre code { padding: 0; background: none; }
@media print { main { max-width: none; } article { break-inside: auto; } h2 { break-after: avoid; } }
"""
