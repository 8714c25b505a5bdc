"""The handbook's data: the rules of CONTRIBUTING.md for the glossary and the question bank.

Nothing is constructed from the YAML: the checks walk its nodes, which know their lines.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from ingest.chunks import split_sentences

Found = tuple[int, str]
FoundIn = tuple[Path, int, str]
Numbers = Collection[str]
Field = Callable[[Node, Numbers], Iterator[Found]]

KINDS = ("concept", "trade-off", "scenario", "troubleshooting", "design")
LEVELS = ("senior", "architect")
STAGES = ("clarify", "high-level design", "deep dive", "failure and cost")
WEIGHTS = range(1, 4)
KEY_POINTS = range(4, 9)
STAGED_KEY_POINTS = range(8, 13)
STAGE_KEY_POINTS = 2
MISCONCEPTIONS = range(2, 5)
SAYS = range(2, 4)
ANSWER_WORDS = range(80, 261)
QUESTIONS_PER_SECTION = 3
KINDS_PER_SECTION = 2
SINCE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
QUESTION_ID = re.compile(r"(?P<section>\d+\.\d+)-[a-z0-9]+(-[a-z0-9]+)*")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads a full bank ten times as fast; not every build of PyYAML has it."""


@dataclass(frozen=True)
class Entry:
    """One question of a bank, as far as it can be read."""

    file: Path
    node: Node

    def get(self, key: str) -> str:
        """The text of a key; empty where there is none."""
        return _text_of(_value(self.node, key))

    def line(self, key: str) -> int:
        """The line of a key's value, or of the question where it has none."""
        return _line(_value(self.node, key) or self.node)


def check_data(folder: Path, numbers: Numbers) -> Iterator[FoundIn]:
    """Check glossary and question bank of a corpus; `numbers` are the outline's sections."""
    glossary = folder / "glossary.yaml"
    if glossary.exists():
        nodes, unreadable = _read(glossary)
        for line, message in unreadable or _glossary(nodes, numbers):
            yield glossary, line, message
    questions: list[Entry] = []
    chapters = {file.stem for file in folder.glob("[0-9][0-9]-*.md")}
    for file in sorted((folder / "questions").glob("*.yaml")):
        nodes, unreadable = _read(file)
        bank = [Entry(file, node) for node in nodes]
        for line, message in unreadable or _bank(file.stem, bank, chapters, numbers):
            yield file, line, message
        questions += bank
    yield from _stand_once(questions, "id")
    yield from _stand_once(questions, "question")


def _read(file: Path) -> tuple[list[Node], list[Found]]:
    """The entries of a YAML list, or why there are none."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=LOADER)
    except (OSError, UnicodeDecodeError) as error:
        return [], [(1, f"the file must be readable as UTF-8; {error}")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return [], [(mark.line + 1 if mark else 1, f"the file must be YAML; {error.problem}")]
    except ReaderError as error:
        line = text.count("\n", 0, text.find(chr(error.character))) + 1
        return [], [(line, f"the file must be YAML; {error.reason}")]
    if not isinstance(root, SequenceNode):
        return [], [(1, f"the file must be a list; found {_kind(root)}")]
    return root.value, []


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _kind(node: Node | None) -> str:
    """What a node is, in the words of a message."""
    if isinstance(node, ScalarNode):
        name = node.tag.rpartition(":")[2]
        return f"{'text' if name == 'str' else name} {node.value[:40]!r}"
    return "a list" if isinstance(node, SequenceNode) else "a mapping" if node else "nothing"


def _value(node: Node | None, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _items(node: Node | None) -> list[Node]:
    return node.value if isinstance(node, SequenceNode) else []


def _text_of(node: Node | None) -> str:
    return " ".join(node.value.split()) if isinstance(node, ScalarNode) else ""


def _text(node: Node, numbers: Numbers) -> Iterator[Found]:
    """Text is a string that is not empty; what YAML takes for something else is quoted."""
    if not isinstance(node, ScalarNode) or not node.tag.endswith(":str"):
        yield _line(node), f"must be text, quoted where YAML takes it for more; found {_kind(node)}"
    elif not node.value.strip():
        yield _line(node), "must not be empty"


def _texts(node: Node, numbers: Numbers) -> Iterator[Found]:
    """A list of text."""
    if not isinstance(node, SequenceNode):
        yield _line(node), f"must be a list; found {_kind(node)}"
    for item in _items(node):
        yield from _text(item, numbers)


def _section(node: Node, numbers: Numbers) -> Iterator[Found]:
    """A section is a quoted number of the outline, since 2.10 unquoted is 2.1."""
    if not isinstance(node, ScalarNode) or not node.tag.endswith(":str"):
        yield _line(node), f'must be a section in quotes, such as "2.6"; found {_kind(node)}'
    elif node.value not in numbers:
        yield _line(node), f"must be a section of the outline; found {node.value!r}"


def _sections(node: Node, numbers: Numbers) -> Iterator[Found]:
    """A list of sections."""
    if not isinstance(node, SequenceNode):
        yield _line(node), f"must be a list; found {_kind(node)}"
    for item in _items(node):
        yield from _section(item, numbers)


def _since(node: Node, numbers: Numbers) -> Iterator[Found]:
    """A rename has a year or a year and month, in quotes."""
    if not node.tag.endswith(":str") or not SINCE.fullmatch(_text_of(node)):
        yield _line(node), f'must be "YYYY" or "YYYY-MM" in quotes; found {_kind(node)}'


def _weight(node: Node, numbers: Numbers) -> Iterator[Found]:
    """A weight is 1, 2 or 3."""
    if not node.tag.endswith(":int") or node.value not in map(str, WEIGHTS):
        yield _line(node), f"must be a whole number from 1 to 3; found {_kind(node)}"


def _one_of(allowed: Collection[str]) -> Field:
    def check(node: Node, numbers: Numbers) -> Iterator[Found]:
        if _text_of(node) not in allowed:
            yield _line(node), f"must be one of {', '.join(allowed)}; found {_kind(node)}"

    return check


def _counted(field: Field, count: range) -> Field:
    def check(node: Node, numbers: Numbers) -> Iterator[Found]:
        if len(_items(node)) not in count:
            bounds = f"{count[0]} to {count[-1]}"
            yield _line(node), f"must be a list of {bounds}; found {len(_items(node))}"
        yield from field(node, numbers)

    return check


def _mappings(fields: Mapping[str, Field], required: Collection[str] = ()) -> Field:
    def check(node: Node, numbers: Numbers) -> Iterator[Found]:
        for item in _items(node):
            yield from _mapping(item, fields, required or fields, numbers)

    return check


def _mapping(
    node: Node, fields: Mapping[str, Field], required: Collection[str], numbers: Numbers
) -> Iterator[Found]:
    """An entry has the required keys, no unknown one, none twice, and values of their kind."""
    if not isinstance(node, MappingNode):
        yield _line(node), f"an entry must be a mapping; found {_kind(node)}"
        return
    seen: set[str] = set()
    for name, value in node.value:
        key = str(name.value)
        if key not in fields:
            yield _line(name), f"a key must be one of {', '.join(fields)}; found '{key}'"
        elif key in seen:
            yield _line(name), f"`{key}` must be given once"
        else:
            yield from ((n, f"`{key}` {said}") for n, said in fields[key](value, numbers))
        seen.add(key)
    for key in fields:
        if key in required and key not in seen:
            yield _line(node), f"`{key}` must be given"


GLOSSARY: dict[str, Field] = {
    "term": _text,
    "means": _text,
    "also": _texts,
    "was": _texts,
    "since": _since,
    "section": _section,
}
GLOSSARY_REQUIRED = ("term", "means", "section")
KEY_POINT: dict[str, Field] = {
    "text": _text,
    "stage": _one_of(STAGES),
    "weight": _weight,
    "section": _section,
    "says": _counted(_texts, SAYS),
}
KEY_POINT_REQUIRED = ("text", "weight", "section", "says")
STAGE: dict[str, Field] = {"stage": _one_of(STAGES), "ask": _text}
MISCONCEPTION: dict[str, Field] = {"claim": _text, "correction": _text, "section": _section}
QUESTION: dict[str, Field] = {
    "id": _text,
    "section": _section,
    "also": _sections,
    "kind": _one_of(KINDS),
    "level": _one_of(LEVELS),
    "question": _text,
    "why": _text,
    "stages": _mappings(STAGE),
    "key_points": _mappings(KEY_POINT, KEY_POINT_REQUIRED),
    "misconceptions": _counted(_mappings(MISCONCEPTION), MISCONCEPTIONS),
    "probes": _texts,
    "model_answer": _text,
}
QUESTION_REQUIRED = frozenset(QUESTION) - {"stages"}


def _glossary(nodes: list[Node], numbers: Numbers) -> Iterator[Found]:
    """A term stands once, whatever its case, and its former names say since when."""
    first: dict[str, int] = {}
    for node in nodes:
        yield from _mapping(node, GLOSSARY, GLOSSARY_REQUIRED, numbers)
        term = _text_of(_value(node, "term"))
        line = first.setdefault(term.casefold(), _line(node))
        if term and line != _line(node):
            yield _line(node), f"term '{term}' must be given once; it is also at line {line}"
        was = _value(node, "was")
        if was and not _value(node, "since"):
            yield _line(was), "`was` must come with `since`"


def _bank(stem: str, bank: list[Entry], chapters: Collection[str], numbers: Numbers) -> Iterator[Found]:
    """A bank is named like its chapter's file and asks about that chapter's sections."""
    if stem not in chapters:
        yield 1, f"a bank must be named like its chapter's file; there is no {stem}.md"
    for entry in bank:
        yield from _mapping(entry.node, QUESTION, QUESTION_REQUIRED, numbers)
        yield from _identity(entry)
        yield from _key_points(entry.node)
        yield from _stages(entry.node)
        yield from _model_answer(entry)
    chapter = stem[:2].lstrip("0")
    for entry in bank:
        section = entry.get("section")
        if section in numbers and section.split(".")[0] != chapter:
            yield entry.line("section"), f"`section` must be of chapter {chapter}; found {section}"
    yield from _enough([n for n in numbers if n.split(".")[0] == chapter], bank)


def _identity(entry: Entry) -> Iterator[Found]:
    """A question opens with its id, its section and a slug."""
    match = QUESTION_ID.fullmatch(entry.get("id"))
    if entry.get("id") and (not match or match["section"] != entry.get("section")):
        expected = f"{entry.get('section')}-slug"
        yield entry.line("id"), f"`id` must read {expected}; found '{entry.get('id')}'"
    pairs = entry.node.value if isinstance(entry.node, MappingNode) else []
    if pairs and pairs[0][0].value != "id":
        yield _line(entry.node), "`id` must be the first key"


def _key_points(node: Node) -> Iterator[Found]:
    """A question's key points differ and are one sentence each."""
    first: dict[str, int] = {}
    for point in _items(_value(node, "key_points")):
        text = _text_of(_value(point, "text"))
        line = first.setdefault(text.casefold(), _line(point))
        if text and line != _line(point):
            yield _line(point), f"a key point must be given once; it is also at line {line}"
        if len(split_sentences(text)) > 1:
            yield _line(point), f"a key point must be one sentence; found '{text[:60]} …'"


def _stages(node: Node) -> Iterator[Found]:
    """A design problem has its four stages in order, with points for each; other questions have none."""
    points = _items(_value(node, "key_points"))
    stages = _value(node, "stages")
    count = STAGED_KEY_POINTS if stages else KEY_POINTS
    listed = _value(node, "key_points")
    if listed and len(points) not in count:
        yield _line(listed), f"`key_points` must be a list of {count[0]} to {count[-1]}; found {len(points)}"
    names = [_text_of(_value(point, "stage")) for point in points]
    if not stages:
        for point, name in zip(points, names, strict=True):
            if name:
                yield _line(point), "`stage` must come with the question's `stages`"
        return
    found = [_text_of(_value(stage, "stage")) for stage in _items(stages)]
    if found != list(STAGES):
        yield _line(stages), f"`stages` must be {', '.join(STAGES)}; found {', '.join(found) or 'none'}"
    for point, name in zip(points, names, strict=True):
        if not name:
            yield _line(point), "`stage` must be given for a point of a question with `stages`"
    for stage in STAGES:
        if names.count(stage) < STAGE_KEY_POINTS:
            yield _line(stages), f"stage '{stage}' must have {STAGE_KEY_POINTS} key points or more"


def _model_answer(entry: Entry) -> Iterator[Found]:
    """A model answer has about 120 to 200 words; complaints begin well outside of that."""
    words = len(entry.get("model_answer").split())
    if words and words not in ANSWER_WORDS:
        bounds = f"{ANSWER_WORDS[0]} to {ANSWER_WORDS[-1]}"
        yield entry.line("model_answer"), f"`model_answer` must have {bounds} words; found {words}"


def _enough(sections: list[str], bank: list[Entry]) -> Iterator[Found]:
    """A section has at least three questions, of at least two kinds."""
    asked: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in bank:
        asked[entry.get("section")].append(entry)
    for section in sections:
        entries = asked[section]
        line = _line(entries[0].node) if entries else 1
        if len(entries) < QUESTIONS_PER_SECTION:
            yield line, f"section {section} must have 3 questions; found {len(entries)}"
        elif len({entry.get("kind") for entry in entries}) < KINDS_PER_SECTION:
            yield line, f"section {section} must have questions of two kinds; found one"


def _stand_once(questions: list[Entry], key: str) -> Iterator[FoundIn]:
    """Neither an id nor a question is given twice, in whatever file."""
    first: dict[str, Entry] = {}
    for entry in questions:
        text = entry.get(key)
        earlier = first.setdefault(text.casefold(), entry)
        if text and earlier is not entry:
            place = f"{earlier.file.name}:{earlier.line(key)}"
            yield entry.file, entry.line(key), f"`{key}` must differ from the one at {place}"
