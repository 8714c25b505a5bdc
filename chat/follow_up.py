"""A turn of a conversation → a question that stands on its own. Pure, by rules that can be read."""

import re
from collections.abc import Callable

MOST_SUBJECT_WORDS = 6
"""A longer piece of a question is no name of anything."""

_ASKED = r"(?:an?\s+|the\s+)?(?P<{}>[\w` ./'-]+?)"
_SUBJECT = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)?"
    rf"(?:(?:what(?:'s| is| are)|explain|describe|define|tell me about)\s+{_ASKED.format('thing')}"
    rf"|(?:what|how)\s+(?:does|do)\s+{_ASKED.format('doer')}"
    r"\s+(?:work|do|mean|delete|remove|store|cost|help))"
    r"(?:\s+(?:used for|good for|for))?(?:\s+in (?:delta(?: lake)?|databricks|spark))?\s*[?.!]*$",
    re.IGNORECASE,
)
"""A question about a thing, and not about what happens to it: a pronoun after it means the thing."""
_NO_NAME = re.compile(
    r":|'s\b|\b(how|why|what|where|compare|show|give|it|its|they|them|their|this|these|those|other"
    r"|i|we|you|my|our|to|is|are|was|be|can|should|must|when|if|that|which|who|and|or|vs|between|the|an?|of"
    r"|difference|happens?|best|default|new|from|on|with|by)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|also|ok(?:ay)?|now|no|oh|yes|well|sorry|then|right|got it|hm+)\b[\s,.:;!–-]*)+",
    re.IGNORECASE,
)
_RATHER = re.compile(
    r"^\W*(?:i (?:actually )?(?:meant?|mean)|rather|what about|how about|now|tell me about|let'?s talk about"
    r"|let'?s move on to|next)\s+",
    re.IGNORECASE,
)
_WHOSE = re.compile(r"\b(its|their)\b(?=\s+\w)", re.IGNORECASE)
_THING = re.compile(r"\b(it|they|them)\b", re.IGNORECASE)
_JOINING = re.compile(
    r"\bis it (?:\w+ )?(?:\w+) (?:to|that)\b|\bdoes it (?:matter|make sense)\b|\bit (?:seems|depends)\b",
    re.IGNORECASE,
)


def subject_of(question: str) -> str:
    """What a question is about, where it asks about one thing: “What does VACUUM delete?” → “VACUUM”.

    Empty where it asks for more than one name can stand for.
    """
    words = question.split()
    named = _SUBJECT.match(question)
    subject = (named["thing"] or named["doer"]).strip() if named else question.strip(" ?.!")
    short = len(subject.split()) <= MOST_SUBJECT_WORDS and (named or len(words) <= MOST_SUBJECT_WORDS)
    return subject if short and subject and not _NO_NAME.search(subject) else ""


def uses_pronoun(question: str) -> bool:
    """Whether a question says “it”, “they” or “their” of something that it does not name."""
    return bool(_WHOSE.search(question) or _THING.search(question)) and not _JOINING.search(question)


def without_opening(question: str) -> str:
    """The question without the words that only join it to what was said: “and”, “ok, now”."""
    return _OPENING.sub("", question).strip() or question.strip()


def named_instead(question: str) -> str:
    """What is named where a turn names a thing and asks nothing new: “no, I meant Z-order” → “Z-order”."""
    bare = without_opening(question)
    rather = _RATHER.match(bare)
    name = bare[rather.end() :] if rather else bare if bare != question.strip() else ""
    return name.strip(" ?.!")


def in_terms_of(question: str, before: str, is_name: Callable[[str], bool]) -> str:
    """The question, said so that it stands on its own after another one.

    A pronoun makes way for the thing that was asked about; else both stand in one question, with no
    question mark between them: it is one thing that is asked.

    Args:
        question: the turn.
        before: the last question that stood on its own.
        is_name: whether words name a thing; a turn that gives only a name asks the same of it.
    """
    subject = subject_of(before)
    other = named_instead(question)
    if subject and other and len(other.split()) <= MOST_SUBJECT_WORDS and is_name(other):
        return before.replace(subject, other, 1)
    bare = without_opening(question)
    if subject and not _JOINING.search(bare):
        whose = _WHOSE.sub(lambda _: f"{subject}'s", bare, count=1)
        if whose != bare:
            return whose
        thing = _THING.sub(lambda _: subject, bare, count=1)
        if thing != bare:
            return thing
    return f"{subject or before.rstrip(' ?.!')}: {bare}"
