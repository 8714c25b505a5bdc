"""The handbook's style: the rules of CONTRIBUTING.md for chapters, where a machine can tell.

Each rule is a generator of `(line, message)` whose docstring is the rule.
"""

import ast
import logging
import re
import warnings
from collections.abc import Container, Iterator

from ingest.chunks import cells, chunk_section, split_sentences
from ingest.sections import Block, Document, Element, Section

Found = tuple[int, str]
Numbers = Container[str]

BLOCKS = (
    "How it works",
    "Trade-offs",
    "Performance and cost",
    "Best practices",
    "Scenario",
    "Common mistakes",
    "Sources",
)
DESIGN_CHAPTER = 15
DESIGN_BLOCKS = (
    "The brief",
    "Requirements",
    "Architecture",
    "Decisions and trade-offs",
    "Sizing and cost",
    "Failure modes",
    "What interviewers probe",
    "Sources",
)
NUMBER_BLOCKS = frozenset({"Performance and cost", "Scenario", "Sizing and cost"})
PRICE_BLOCKS = frozenset({"Performance and cost", "Sizing and cost"})
WORDS = range(600, 1001)
LEAD_SENTENCES = range(2, 5)
CORRECTION_SENTENCES = range(1, 4)
SOURCES = range(2, 7)
TRADE_OFF_COLUMNS = ["Option", "Choose it when", "It costs you"]
LANGUAGES = frozenset({"sql", "python", "bash", "text", "json", "yaml", "hcl", "scala", "mermaid"})
DIAGRAMS = frozenset(
    {"flowchart", "graph", "sequenceDiagram", "stateDiagram-v2", "erDiagram", "classDiagram"}
    | {"gantt", "timeline", "mindmap", "pie", "quadrantChart", "gitGraph", "xychart-beta"}
)
ARROWS_WITH_BRACKETS = frozenset({"sequenceDiagram", "erDiagram"})
"""Their arrows hold single brackets, such as `-)` and `o{`."""

THROAT_CLEARING = (
    "it is important to",
    "it's important to",
    "worth noting",
    "in today's",
    "needless to say",
    "when it comes to",
    "in conclusion",
    "in summary",
    "to summarize",
    "at the end of the day",
    "game-chang",
    "cutting-edge",
    "best-in-class",
    "world-class",
    "seamless",
    "delve",
)
POINTERS = ("as above", "see above", "as mentioned", "mentioned above", "described above")
RENAMED = {
    "Delta Live Tables": "Lakeflow",
    "DLT": "Lakeflow",
    "Databricks Workflows": "Lakeflow Jobs",
    "Databricks Asset Bundles": "Declarative Automation Bundles",
    "Databricks Repos": "Git folders",
    "Delta Sharing": "OpenSharing",
    "Lakehouse Monitoring": "data profiling",
    "coordinated commits": "catalog commits",
    "Delta cache": "disk cache",
    "DBIO cache": "disk cache",
    "SQL endpoint": "SQL warehouse",
    "Azure Active Directory": "Entra ID",
}
CLOUDS = frozenset({"AWS", "Azure", "Google Cloud"})

_BLOCK_HEADING = re.compile(r" {0,3}###\s")
_WRONG_HEADING = re.compile(r" {0,3}#(#{3,5})?\s")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_CLAIM = re.compile(r"\*\*[\"“].+?[.!?][\"”]\*\* (?P<correction>\S.*)")
_SOURCE = re.compile(r"\[(?:(?!\]\()[^\n])+\]\(https://[^\s()]+(\([^\s()]*\)[^\s()]*)*\)")
_REFERENCE = re.compile(
    r"\bsections?\s+(\d+\.\d+(?:(?:,| and| or| to|, and|, or)\s\d+\.\d+)*)", re.IGNORECASE
)
_UNNAMED = re.compile(
    r"\W*(It|They|(?:This|That|These|Those) (?:is|are|was|were|means?|makes?|lets?|happens?|allows?"
    r"|gives?|keeps?|causes?|applies|apply|works?|holds?|requires?|needs?|adds?|costs?|takes?"
    r"|leaves?|turns?|leads?|helps?|has|have|does|do|can|cannot|will|would|should|must|may|might"
    r"))\b"
)
_PHRASES = re.compile(rf"\b({'|'.join((*THROAT_CLEARING, *POINTERS))})", re.IGNORECASE)
_CLOUD = re.compile(r"\*\*(AWS|Amazon|Azure|Microsoft|Google|Google Cloud|GCP)([.:]?)\*\*")
_PRICE = re.compile(r"[$€£]\s?\d")
_AS_OF = re.compile(r"as of \d{4}-\d{2}|\bassum", re.IGNORECASE)


def check_text(document: Document, numbers: Numbers) -> Iterator[Found]:
    """Check a chapter's style; `numbers` are the sections that may be referred to."""
    yield from _file_name(document)
    yield from _intro(document, numbers)
    for section in document.sections:
        yield from _section(section, numbers)


def _section(section: Section, numbers: Numbers) -> Iterator[Found]:
    for rule in (_blocks, _lead, _headings, _length, _quotable, _product_names):
        yield from rule(section)
    for block in section.blocks:
        for block_rule in (_one_line, _tables, _figures):
            yield from block_rule(block)
        if block.heading in BLOCK_RULES:
            yield from BLOCK_RULES[block.heading](block)
        if block.heading == "Architecture" and section.chapter == DESIGN_CHAPTER:
            yield from _architecture(block)
        for element in filter(_is_code, block.elements):
            yield from _code(element)
    for line, text in _prose(section):
        yield from ((line, message) for message in _wording(text, numbers))


def _elements(section: Section) -> Iterator[Element]:
    return (element for block in section.blocks for element in block.elements)


def _is_code(element: Element) -> bool:
    return element.kind in ("code", "diagram")


def _file_name(document: Document) -> Iterator[Found]:
    """A chapter's file name begins with its number."""
    name, chapter = document.path.rpartition("/")[2], document.front.get("chapter")
    if isinstance(chapter, int) and not name.startswith(f"{chapter:02}-"):
        yield 1, f"the file name must begin with {chapter:02}-; found {name}"


def _intro(document: Document, numbers: Numbers) -> Iterator[Found]:
    """One paragraph stands between the chapter's heading and its first section."""
    if not document.sections:
        return
    line = max(1, document.sections[0].line - 2)  # above the blank line
    lines = len(document.intro.splitlines())
    if lines != 1:
        yield line, f"the introduction must be one paragraph on one line; found {lines} lines"
    for message in _references(document.intro, numbers):
        yield line, message


def _blocks(section: Section) -> Iterator[Found]:
    """A section is its "In short" line and its chapter's blocks, in order, none empty."""
    expected = DESIGN_BLOCKS if section.chapter == DESIGN_CHAPTER else BLOCKS
    lines = section.text.split("\n")
    found = [block for block in section.blocks if _BLOCK_HEADING.match(lines[block.line - section.line])]
    for block in found:
        if block.heading not in expected:
            allowed = ", ".join(expected)
            yield block.line, f"a block must be one of {allowed}; found '{block.heading}'"
        elif not block.elements:
            yield block.line, f"block '{block.heading}' must not be empty"
    headings = [block.heading for block in found if block.heading in expected]
    for heading in expected:
        if heading not in headings:
            yield section.line, f"block '{heading}' must be there"
    if headings != sorted(set(headings), key=expected.index):
        yield section.line, f"blocks must stand once, in order; found {', '.join(headings)}"
    for block in section.blocks:
        if not block.heading and block.elements:
            yield block.elements[0].line, "text must stand in the In short line or in a block"


def _lead(section: Section) -> Iterator[Found]:
    """A section opens with `> **In short.**` and two to four sentences on one line."""
    leads = [element for element in _elements(section) if element.kind == "lead"]
    first = min((block.line for block in section.blocks if block.heading), default=0)
    if [lead.line for lead in leads] != [first]:
        yield section.line, "a section must open with one line `> **In short.** …`"
    for lead in leads:
        sentences = len(split_sentences(lead.text))
        if "\n" in lead.text:
            yield lead.line, "the In short line must stand on one line"
        elif sentences not in LEAD_SENTENCES:
            yield lead.line, f"the In short line must have 2 to 4 sentences; found {sentences}"


def _headings(section: Section) -> Iterator[Found]:
    """Within a section, headings are `###` and nothing else."""
    code = {
        element.line + offset
        for element in filter(_is_code, _elements(section))
        for offset in range(element.text.count("\n") + 1)
    }
    for line, text in enumerate(section.text.split("\n"), start=section.line):
        if line not in code and _WRONG_HEADING.match(text):
            yield line, f"a heading within a section must be ###; found '{text.strip()}'"


def _length(section: Section) -> Iterator[Found]:
    """A section has 600 to 1,000 words; code, diagrams and sources do not count."""
    texts: list[str] = []
    for block in section.blocks:
        if block.heading != "Sources":
            counted = [element for element in block.elements if not _is_code(element)]
            texts += [element.text for element in counted]
            texts += {element.header for element in counted}
    words = sum(any(c.isalnum() for c in word) for text in texts for word in text.split())
    if words not in WORDS:
        yield section.line, f"a section must have 600 to 1,000 words; found {words:,}"


def _one_line(block: Block) -> Iterator[Found]:
    """A paragraph or list item stands on one source line; code stands outside of lists."""
    for element in block.elements:
        first, *rest = element.text.split("\n")
        if element.kind == "paragraph" and rest:
            hint = " (or is it a table without a `|---|` row like its head?)" * (first[0] == "|")
            found = f"found {len(rest) + 1} lines{hint}"
            yield element.line, f"a paragraph must stand on one source line; {found}"
        if element.kind == "item":
            for line, text in enumerate(rest, start=element.line + 1):
                if text.strip() and not _ITEM.match(text):
                    yield line, "a list item must stand on one source line, and code below the list"


def _tables(block: Block) -> Iterator[Found]:
    """A table's rows have as many cells as its head."""
    for row in block.elements:
        if row.kind == "row":
            expected, found = len(cells(row.header.split("\n")[0])), len(cells(row.text))
            if found != expected:
                yield row.line, f"a row must have {expected} cells like its head; found {found}"


def _trade_offs(block: Block) -> Iterator[Found]:
    """A table in Trade-offs has the columns Option, Choose it when, It costs you."""
    rows = [row for row in block.elements if row.kind == "row"]
    heads = {row.header: row.line - 2 for row in reversed(rows)}  # the first row's line wins
    for header, line in heads.items():
        columns = cells(header.split("\n")[0])
        if columns != TRADE_OFF_COLUMNS:
            wanted = " | ".join(TRADE_OFF_COLUMNS)
            yield line, f"the columns must be {wanted}; found {' | '.join(columns)}"


def _figures(block: Block) -> Iterator[Found]:
    """Performance, sizing and scenarios give numbers; their prices say as of which month."""
    texts = [element.text for element in block.elements]
    if block.heading in NUMBER_BLOCKS and texts and not re.search(r"\d", " ".join(texts)):
        yield block.line, f"{block.heading} must give numbers"
    if block.heading in PRICE_BLOCKS and not _AS_OF.search(" ".join(texts)):
        for element in block.elements:
            if _PRICE.search(element.text) and not _is_code(element):
                yield element.line, "prices must carry 'as of YYYY-MM' or be called assumed"


def _practices(block: Block) -> Iterator[Found]:
    """Best practices are bullets."""
    if block.elements and not any(element.kind == "item" for element in block.elements):
        yield block.line, "Best practices must be bullets"


def _mistakes(block: Block) -> Iterator[Found]:
    """Common mistakes are bullets `**"Claim."** Correction.` of one to three sentences."""
    for element in block.elements:
        match = _CLAIM.fullmatch(_ITEM.sub("", element.text, count=1))
        if element.kind != "item" or not match:
            yield element.line, 'a mistake must read `- **"The wrong claim."** The correction.`'
        elif (sentences := len(split_sentences(match["correction"]))) not in CORRECTION_SENTENCES:
            yield element.line, f"a correction must have 1 to 3 sentences; found {sentences}"


def _sources(block: Block) -> Iterator[Found]:
    """Sources are two to six bullets of one https link each."""
    if block.elements and len(block.elements) not in SOURCES:
        yield block.line, f"there must be 2 to 6 sources; found {len(block.elements)}"
    for element in block.elements:
        if element.kind != "item" or not _SOURCE.fullmatch(_ITEM.sub("", element.text, count=1)):
            yield element.line, "a source must read `- [Title of the page](https://…)`"


def _architecture(block: Block) -> Iterator[Found]:
    """The architecture of a worked design is drawn."""
    if not any(element.kind == "diagram" for element in block.elements):
        yield block.line, "Architecture must hold a mermaid diagram"


BLOCK_RULES = {
    "Trade-offs": _trade_offs,
    "Best practices": _practices,
    "Common mistakes": _mistakes,
    "Sources": _sources,
}


def _code(element: Element) -> Iterator[Found]:
    """Code is fenced, names its language, and parses as what it says it is."""
    opening = re.match(r"\s*([`~]{3,})\s*(\S*)", element.header)
    if not opening:
        yield element.line, "code must be fenced and name its language; found an indented block"
        return
    fence, language = opening.groups()
    _, *body, last = f"{element.text}\n".split("\n")[:-1]
    if language not in LANGUAGES:
        allowed = ", ".join(sorted(LANGUAGES))
        yield element.line, f"a fence must name one of {allowed}; found '{language}'"
    if not last.strip().startswith(fence):
        yield element.line, "a fence must be closed"
    elif language in PARSERS:
        for line, message in PARSERS[language]("\n".join(body)):
            yield element.line + line, message


def _sql(code: str) -> Iterator[Found]:
    """SQL parses in sqlglot's Databricks dialect; a statement that it keeps as a command passes."""
    from sqlglot import ParseError, parse
    from sqlglot.errors import SqlglotError

    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns of each statement kept as a command
    try:
        parse(code, read="databricks")
    except ParseError as error:
        first = error.errors[0]
        reason = str(first["description"]).partition(" but got <Token")[0]
        yield first["line"] or 1, f"sql must parse; {reason}"
    except SqlglotError as error:
        yield 1, f"sql must parse; {error}"
    finally:
        logger.setLevel(level)


def _python(code: str) -> Iterator[Found]:
    """Python parses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        yield error.lineno or 1, f"python must parse; {error.msg}"


def _mermaid(code: str) -> Iterator[Found]:
    """A diagram begins with a known type, and its quotes and brackets close."""
    lines = [line.strip() for line in code.split("\n")]
    kind = next((line.split()[0] for line in lines if line and not line.startswith("%%")), "")
    if kind not in DIAGRAMS:
        yield 1, f"a diagram must begin with one of {', '.join(sorted(DIAGRAMS))}; found '{kind}'"
    for line, text in enumerate(lines, start=1):
        if text.count('"') % 2:
            yield line, "a quote in a diagram must be closed on its line"
    bare = re.sub(r'"[^"\n]*"', "", code)
    if kind not in ARROWS_WITH_BRACKETS:
        for opening, closing in ("()", "[]", "{}"):
            if bare.count(opening) != bare.count(closing):
                yield 1, f"each {opening}{closing} in a diagram must close"


PARSERS = {"sql": _sql, "python": _python, "mermaid": _mermaid}


def _prose(section: Section) -> Iterator[Found]:
    """The lines of text with their numbers: neither code nor sources."""
    for block in section.blocks:
        for element in block.elements:
            if block.heading != "Sources" and not _is_code(element):
                yield from enumerate(element.text.split("\n"), start=element.line)


def _quotable(section: Section) -> Iterator[Found]:
    """A sentence names its subject, so that it can be quoted alone."""
    # The very sentences that answers quote; counting no tokens keeps every element whole.
    for chunk in chunk_section(section, lambda text: 0):
        for sentence in chunk.sentences:
            unnamed = _UNNAMED.match(sentence.text)
            if sentence.kind not in ("row", "code") and unnamed:
                line = section.line + section.text.count("\n", 0, section.text.find(sentence.text))
                yield line, f"a sentence must name its subject; found '{unnamed[1]} …'"


def _wording(text: str, numbers: Numbers) -> Iterator[str]:
    yield from _references(text, numbers)
    yield from _phrases(text)
    yield from _clouds(text)


def _references(text: str, numbers: Numbers) -> Iterator[str]:
    """Another section is named as plain text, "section N.M", and exists."""
    for match in _REFERENCE.finditer(text):
        for number in re.findall(r"\d+\.\d+", match[1]):
            if number not in numbers:
                yield f"a section referred to must exist; found section {number}"
    for target in re.findall(r"\]\(([^)\s]*)", text):
        if not target.startswith("https://"):
            yield f"another section must be named as plain text; found a link to '{target}'"


def _phrases(text: str) -> Iterator[str]:
    """Text clears no throat and points nowhere."""
    for match in _PHRASES.finditer(text.replace("’", "'")):
        yield f"'{match[0]}' must go: say it, or name what is meant"


def _clouds(text: str) -> Iterator[str]:
    """A text for one cloud begins with `**AWS.**`, `**Azure.**` or `**Google Cloud.**`."""
    label = _CLOUD.match(_ITEM.sub("", text, count=1))
    if label and (label[1] not in CLOUDS or label[2] != "."):
        yield f"a cloud must be marked **AWS.**, **Azure.** or **Google Cloud.**; found {label[0]}"


def _product_names(section: Section) -> Iterator[Found]:
    """An old product name stands only in a section that names today's."""
    lines = list(_prose(section))
    everything = "\n".join(text for _, text in lines).lower()
    for old, new in RENAMED.items():
        pattern = re.compile(rf"\b{re.escape(old)}s?\b", re.IGNORECASE)
        bare = [line for line, text in lines if pattern.search(text)]
        if bare and new.lower() not in everything:
            yield bare[0], f"'{old}' must be named with today's {new}"
