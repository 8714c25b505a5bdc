"""What the words of a sentence show besides their meaning: denial, opposites, figures, glue. Pure."""

import re
from collections.abc import Sequence

from retriever.lexical import STOP_WORDS

_WORD = re.compile(r"[a-z0-9_][\w.'’-]*[\w]|[a-z0-9]", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|cannot|without|nothing|nobody|nowhere|hardly|isnt|doesnt|dont|cant)\b"
    r"|n['’]t\b|\b(?:untrue|false|wrong|impossible|fails? to|instead of|rather than)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,  ]*(?:\.\d+)?(?![\w])|(?<![\w.])\d+(?:\.\d+)?(?=[a-z%]{1,3}\b)", re.I)
_SPELLED = {
    name: str(value)
    for value, name in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
    if name not in ("zero", "one")
}
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|probably|possibly|i think|i guess|i believe|not sure|"
    r"don['’]t know|might|as far as i)\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:some(?: people)? (?:say|think|believe|claim)|people (?:often )?(?:say|think|believe|claim)|"
    r"(?:often|sometimes|commonly) (?:said|claimed|heard|believed)|(?:a|the|one) (?:common |usual )?"
    r"(?:myth|misconception|mistake|misunderstanding|wrong idea)|you (?:often |sometimes )?hear|"
    r"it is (?:often |sometimes )?(?:said|claimed|believed)|"
    r"(?:many|most) (?:people )?(?:think|believe|assume))\b",
    re.IGNORECASE,
)
_OPPOSITES = """
always never; always sometimes; before after; more less; more fewer; many few; must may; must optional;
required optional; fail work; fail succeed; enable disable; on off; true false; same different; same
separate; one every; single multiple; single several; small large; small big; large little; increase
decrease; grow shrink; high low; higher lower; rise fall; fast slow; faster slower; automatic manual;
automatically manually; allow forbid; allow block; allow refuse; allow reject; allowed forbidden; keep
delete; keep drop; keep lose; keep remove; retain remove; cheap expensive; cheaper dearer; cheaper
expensive; permanent temporary; permanent short-lived; static dynamic; append overwrite; first last;
start end; inside outside; supported unsupported; safe dangerous; safe unsafe; shared separate; shared
own; shared isolated; serial parallel; managed external; managed unmanaged; synchronous asynchronous;
read write; reader writer; logical physical; public private; open closed; local remote; full partial;
full incremental; exact approximate; exactly approximately; minimum maximum; least most; best worst;
early late; earlier later; old new; older newer; above below; upstream downstream; source target; push
pull; row column; batch stream; narrow wide; default explicit; immediately later; immediately
eventually; directly indirectly; part whole; all none; all only; every only; any only; everything
nothing; at-least-once exactly-once; accept reject; add remove; attach detach; grant revoke; inherit
override; include exclude; internal external; lock optimistic; locks optimistic; mutable immutable;
enforced informational; enforce informational; lazy eager; hot cold; primary secondary; free billed;
free paid; stateless stateful; scale shrink; compress expand; merge split; broadcast shuffle; driver
executor; account workspace; table catalog; ignore honour; possible impossible; easy hard; cluster
warehouse; planning execution; write query; physical logical; create reuse; rebuild reuse; skip scan;
central local
"""
OPPOSITES: frozenset[tuple[str, str]] = frozenset(
    pair
    for entry in _OPPOSITES.replace("\n", " ").split(";")
    for one, two in [entry.split()]
    for pair in ((one, two), (two, one))
)
"""Words that turn a statement round when one stands for the other, both ways."""
_ABSOLUTE = frozenset(
    [
        "always",
        "never",
        "automatically",
        "simply",
        "everything",
        "nothing",
        "anyway",
        "every",
        "any",
        "entire",
        "whole",
        "fully",
        "all",
        "just",
        "perfectly",
        "exactly",
        "identical",
        "itself",
        "enough",
        "safe",
    ]
)
_CONTRAST = frozenset(
    [
        "but",
        "or",
        "unless",
        "while",
        "although",
        "however",
        "though",
        "otherwise",
        "except",
        "until",
        "than",
        "still",
        "rather",
        "instead",
        "may",
        "whether",
        "depends",
        "first",
        "where",
        "isn't",
        "doesn't",
        "don't",
        "won't",
        "can't",
        "not",
    ]
)
LEAST_GLUE = 0.15
"""Least share of function words; a pile of terms states nothing."""
REACH = 4
"""How many words after a denial it covers."""


def words(text: str) -> list[str]:
    """The words in lower case, setting names whole."""
    return [word.lower() for word in _WORD.findall(text)]


def negates(text: str) -> bool:
    """Whether the text denies something."""
    return bool(_NEGATION.search(text))


def denied(text: str) -> set[str]:
    """The words within the reach of a denial."""
    reached: set[str] = set()
    for match in _NEGATION.finditer(text):
        clause = re.split(r"[.;:,!?]\s", text[match.end() :], maxsplit=1)[0]
        reached.update(words(clause)[:REACH])
    return reached


def opposed(one: str, other: str) -> int:
    """How many words of one text stand opposite to a word of the other that it lacks itself."""
    mine, yours = _singular(one), _singular(other)
    return sum(a in mine and b in yours and a not in yours and b not in mine for a, b in OPPOSITES)


def numbers(text: str) -> set[str]:
    """The figures of a text, without separators: `1,000` and `1 000` are one; small ones also spelled."""
    found = {re.sub(r"[,  ]", "", match[0]) for match in _NUMBER.finditer(text)}
    found |= {_SPELLED[word] for word in words(text) if word in _SPELLED}
    return {number.rstrip("0").rstrip(".") if "." in number else number for number in found if number}


def is_hedged(text: str) -> bool:
    """Whether the speaker is not sure."""
    return bool(_HEDGE.search(text))


def is_reported(text: str) -> bool:
    """Whether the text says what others believe."""
    return bool(_REPORTED.search(text))


def absolutes(text: str) -> float:
    """Words that allow no exception, per 100 words: frequent where somebody is confidently wrong."""
    said = words(text)
    return 100 * sum(word in _ABSOLUTE for word in said) / len(said) if said else 0.0


def contrasts(text: str) -> float:
    """Words that weigh and limit, per 100 words: frequent where somebody knows."""
    said = words(text)
    return 100 * sum(word in _CONTRAST for word in said) / len(said) if said else 0.0


def glue(text: str) -> float:
    """The share of function words, 0 to 1: what joins terms into a statement."""
    said = re.findall(r"[\w']+", text.lower())
    return sum(word in STOP_WORDS for word in said) / len(said) if said else 0.0


def commas(text: str) -> float:
    """Separators of a list per word; a pile of terms has many."""
    said = text.split()
    return len(re.findall(r"[,;/•|]|\s[-–→]\s", text)) / len(said) if said else 0.0


def names(text: str) -> set[str]:
    """Setting names, commands in capitals and error classes: right to the letter or not at all."""
    found = re.findall(
        r"`[^`\n]+`|\b\w+(?:[._]\w+)+\b|\b[A-Z]{3,}\b|\b[a-z]+[A-Z]\w+\b|\b[A-Z]\w+[A-Z]\w+\b", text
    )
    return {name.strip("`").lower() for name in found}


def _singular(text: str) -> set[str]:
    said: Sequence[str] = words(text)
    return {
        form
        for word in said
        for form in (word, word.removesuffix("s"), word.removesuffix("ed"), word.removesuffix("ing"))
    }
