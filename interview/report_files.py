"""A report → Markdown, and one HTML file that needs nothing else. Pure.

Whatever a person typed is data: escaped in both, and the HTML has no script and asks for nothing.
"""

import html
from collections.abc import Callable, Sequence

from chat.export import escaped, spoken
from interview.agreement import agreement
from interview.grading import Verdict
from interview.report import (
    APART,
    MARKS,
    MOST_POINTS,
    TONIGHT,
    Report,
    Scores,
    headline,
    points_open,
    word,
)


def markdown(report: Report, address: Callable[[str], str]) -> str:
    """The report as Markdown.

    Args:
        report: what to write.
        address: a section's address.
    """
    lines = _opening(report)
    for scores in report.by_grader:
        lines += _heading(scores)
        for title, rows in (("Chapter", scores.by_chapter), ("Kind of question", scores.by_kind)):
            lines += ["", f"| {title} | Score |", "|---|---|"]
            lines += [f"| {escaped(name)} | {value} |" for name, value in rows]
    return "\n".join([*lines, *_summary(report, address), *_questions(report, address)]) + "\n"


def page(report: Report, address: Callable[[str], str]) -> str:
    """The report as one HTML file that needs nothing else: inline style and drawings, no script.

    Args:
        report: what to write.
        address: a section's address.
    """
    from markdown_it import MarkdownIt

    # Without `html` every tag in the text is drawn as text.
    to_html = MarkdownIt("commonmark", {"html": False}).render
    body = to_html("\n".join(_opening(report)))
    for scores in report.by_grader:
        body += to_html("\n".join(_heading(scores)))
        body += _bars("By chapter", scores.by_chapter) + _bars("By kind of question", scores.by_kind)
    body += to_html("\n".join([*_summary(report, address), *_questions(report, address)]))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(_title(report))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _title(report: Report) -> str:
    return f"Mock interview, {report.when}" if report.when else "Mock interview"


def _opening(report: Report) -> list[str]:
    apart = ["", APART] if len(report.by_grader) > 1 else []
    return [f"# {_title(report)}", "", headline(report), *apart]


def _heading(scores: Scores) -> list[str]:
    count = f"{scores.graded} question{'' if scores.graded == 1 else 's'}"
    return [
        "",
        f"## {scores.score} of 100, {word(scores.score)}",
        "",
        f"{count} graded by {escaped(scores.grader)}. {agreement(scores.grader)}",
    ]


def _summary(report: Report, address: Callable[[str], str]) -> list[str]:
    lines: list[str] = []
    if report.reading:
        lines += ["", "## Read tonight", ""]
    for at, read in enumerate(report.reading[:TONIGHT], start=1):
        label = escaped(f"{read.section} {read.title}")
        lines.append(f"{at}. [{label}]({address(read.section)}), {points_open(read.points)}")
    for title, verdicts in (("Strong points", report.strong), ("Missed", report.missed)):
        if verdicts:
            lines += ["", f"## {title}", ""]
        lines += [_point(verdict, address, False) for verdict in verdicts[:MOST_POINTS]]
    return lines


def _questions(report: Report, address: Callable[[str], str]) -> list[str]:
    lines: list[str] = []
    for asked in report.asked:
        lines += ["", f"## {asked.number}. {escaped(asked.question)}", "", f"{asked.result}."]
        lines += ["", *(f"- {name}: {value}" for name, value in asked.stages)]
        for ask, text in asked.said:
            lines += ["", f"**{escaped(ask) if ask else 'Your answer'}**", ""]
            lines += [f"> {escaped(line)}  " for line in text.splitlines()]
        if asked.grade:
            lines += ["", f"**Key points**, by {escaped(asked.grade.grader)}", ""]
            lines += [_point(verdict, address, True) for verdict in asked.grade.verdicts]
            for wrong in asked.grade.misconceptions:
                where = f"[section {wrong.section}]({address(wrong.section)})"
                lines += ["", f"Not so: “{escaped(wrong.claim)}” {escaped(wrong.correction)} ({where})"]
        if asked.model_answer:
            where = f"[section {asked.section}]({address(asked.section)})"
            lines += ["", f"**A strong answer** ({where})", "", escaped(asked.model_answer)]
    return lines


def _point(verdict: Verdict, address: Callable[[str], str], named: bool) -> str:
    point = verdict.key_point
    doubt = ", borderline" if verdict.borderline else ""
    name = f"{verdict.verdict}{doubt}, " if named else ""
    line = f"- {MARKS[verdict.verdict]} {escaped(point.text)} "
    line += f"({name}[section {point.section}]({address(point.section)}))"
    if named and verdict.citation:
        line += f"\n  - The handbook: “{escaped(spoken(verdict.citation.quote))}”"
    return line


def _bars(title: str, rows: Sequence[tuple[str, int]]) -> str:
    """A bar for each row, 0 to 100."""
    drawn = [
        f'<text class="name" x="0" y="{y + 13}">{html.escape(name)}</text>'
        f'<rect class="ground" x="0" y="{y + 20}" width="600" height="10" rx="3"/>'
        f'<rect class="bar" x="0" y="{y + 20}" width="{6 * value}" height="10" rx="3"/>'
        f'<text class="value" x="612" y="{y + 29}">{value}</text>'
        for y, (name, value) in zip(range(0, 40 * len(rows), 40), rows, strict=True)
    ]
    words = html.escape(", ".join(f"{name}: {value}" for name, value in rows))
    return (
        f'<h3>{title}</h3>\n<svg role="img" aria-label="{words}" viewBox="0 0 650 {40 * len(rows)}">'
        f"{''.join(drawn)}</svg>\n"
    )


_STYLE = """
:root { color-scheme: light dark; --ground: #fffdf8; --text: #2b2723; --accent: #b5461f; --soft: #ece4d6; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1c1917; --text: #ede6dc; --accent: #f0a27c; --soft: #403833; }
}
body { background: var(--ground); color: var(--text); font: 16px/1.6 system-ui, sans-serif; margin: 0; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem; overflow-wrap: anywhere; }
h1, h2, h3 { font-family: Georgia, serif; line-height: 1.25; }
h2 { border-top: 1px solid var(--soft); padding-top: 1.2rem; margin-top: 2rem; font-size: 1.3rem; }
h3 { font-size: 1rem; }
a { color: var(--accent); }
blockquote { border-left: 3px solid var(--accent); margin: 0; padding-left: 1rem; }
svg { width: 100%; max-width: 650px; }
.ground { fill: var(--soft); } .bar { fill: var(--accent); }
.name, .value { fill: var(--text); font-size: 13px; }
@media print { main { max-width: none; } h2 { break-after: avoid; } }
"""
