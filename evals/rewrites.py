"""A statement → the same in nearly its own words, or its plain denial: by rules, to train on. Pure.

People wrote most of what the pair reader learns from, in words far from the key point's. Without
these it would learn that who uses the same words cannot be right.
"""

import random
import re

_SYNONYMS = (
    (r"^Each\b", "Every"),
    (r"^Every\b", "Each"),
    (r"^All\b", "Every one of the"),
    (r"^The ", ""),
    (r"^A ", "The "),
    (r"\bdoes not\b", "doesn't"),
    (r"\bdo not\b", "don't"),
    (r"\bcannot\b", "can't"),
    (r"\bis not\b", "isn't"),
    (r"\bneeds\b", "requires"),
    (r"\bremoves\b", "deletes"),
    (r"\bkeeps\b", "retains"),
    (r"\bbecause\b", "since"),
    (r"\bbefore\b", "prior to"),
    (r"\bonly\b", "just"),
    (r"\bmust be\b", "has to be"),
    (r"\bmust\b", "has to"),
    (r"\bcan\b", "is able to"),
    (r"\buse\b", "choose"),
    (r"\bwithout\b", "with no"),
    (r"\bwithout an? (\w+)\b", r"and there is no \1"),
    (r"\bis never\b", "is not ever"),
    (r"\bnever (\w+)s\b", r"does not \1"),
    (r"\bno longer\b", "not any more"),
    (r"\buntil\b", "up to when"),
    (r"\bsmall\b", "little"),
    (r"\blarge\b", "big"),
    (r"\bwrites\b", "puts"),
    (r"\breads\b", "looks at"),
)
_OPENINGS = ("{}",) * 4 + (
    "So {}",
    "Well, {}",
    "I would say that {}",
    "First of all, {}",
    "In short: {}",
    "And {}",
)
_LIFTED = (
    (r"\bdoes not\b", "does"),
    (r"\bdo not\b", "do"),
    (r"\bcannot\b", "can"),
    (r"\bis not\b", "is"),
    (r"\bare not\b", "are"),
    (r"\bnever\b", "always"),
    (r"\bwithout\b", "with"),
    (r"\bno\b", "a"),
    (r"\bnot\b ?", ""),
)
_DENIALS = (
    (r"\bis\b", "is not"),
    (r"\bare\b", "are not"),
    (r"\bcan\b", "cannot"),
    (r"\bmust\b", "need not"),
    (r"\bhas\b", "has no"),
    (r"\bhave\b", "do not have"),
    (r"\bonly\b", "not only"),
    (r"\balways\b", "never"),
    (r"\bneeds\b", "does not need"),
    (r"\bwill\b", "will not"),
    (r"\bkeeps\b", "does not keep"),
    (r"\breads\b", "does not read"),
    (r"\bwrites\b", "does not write"),
    (r"\bremoves\b", "does not remove"),
    (r"\bcosts\b", "costs no"),
    (r"\b(\w+)s\b(?= (?:the|a|an|its|each|every|all|one)\b)", r"does not \1"),
)
_OPPOSITES = (
    ("before", "after"),
    ("more", "less"),
    ("faster", "slower"),
    ("first", "last"),
    ("smaller", "larger"),
    ("cheaper", "dearer"),
    ("old", "new"),
    ("reader", "writer"),
    ("source", "target"),
    ("inside", "outside"),
    ("lower", "higher"),
    ("fewer", "more"),
    ("every", "no"),
    ("all", "none of the"),
    ("automatic", "manual"),
    ("early", "late"),
    ("driver", "executor"),
    ("account", "workspace"),
    ("read", "write"),
)
_NAME = re.compile(r"[A-Z]{2}|`|[A-Z]\w*[A-Z]")
_FIGURE = re.compile(r"(?<![\w.,])\d+(?![\w.,])")


def restated(text: str, chance: random.Random) -> str:
    """The same statement: a synonym, an opening, sometimes without capitals and the full stop."""
    for pattern, other in chance.sample(_SYNONYMS, len(_SYNONYMS)):
        changed = re.sub(pattern, other, text, count=1)
        if changed != text:
            text = changed
            break
    opening = chance.choice(_OPENINGS)
    if opening != "{}" and not _NAME.match(text):
        text = text[:1].lower() + text[1:]
    text = opening.format(text)
    return text.rstrip(".").lower() if chance.random() < 0.2 else text


def denied(text: str, chance: random.Random) -> str | None:
    """The statement denied, turned round, or with another figure; None where no rule applies."""
    if chance.random() < 0.3:
        for pair in chance.sample(_OPPOSITES, len(_OPPOSITES)):
            for word, other in (pair, pair[::-1]):
                changed = re.sub(rf"\b{word}\b", other, text, count=1)
                if changed != text:
                    return changed
    figure = _FIGURE.search(text)
    if figure and chance.random() < 0.5:
        wrong = int(figure[0]) * chance.choice((2, 3, 5, 10)) + 1
        return f"{text[: figure.start()]}{wrong}{text[figure.end() :]}"
    for pattern, other in (*_LIFTED, *chance.sample(_DENIALS, len(_DENIALS))):
        if re.search(pattern, text):
            return re.sub(pattern, other, text, count=1)
    return None
