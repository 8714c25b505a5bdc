"""What sort of question it is, and what it leans on. Pure, by rules that can be read."""

import re
from collections.abc import Sequence
from typing import Literal

Kind = Literal["definition", "comparison", "how-to", "troubleshooting", "drawback", "number", "open"]
Courtesy = Literal["greeting", "thanks", "abilities", "complaint", "doubt", "instructions"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "troubleshooting",
        re.compile(
            r"\b(\w+Exception|errors?|fail(s|ed|ing|ure)?|broken?|crash\w*|stuck|wrong|not work\w*|conflicts?"
            r"|slow(er)?|debug|troubleshoot\w*|root cause)\b|\bwhy (is|are|do|does|did) (my|our|the)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "drawback",
        re.compile(
            r"\b(drawbacks?|downsides?|disadvantages?|risks?|pitfalls?|dangers?|dangerous|caveats?|cons"
            r"|mistakes|limitations?|avoid|when (should|would|do) (i|we|you|one) not|when not(?! matched)"
            r"|problems? with|bad (about|idea))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "comparison",
        re.compile(
            r"\b(vs\.?|versus|differ\w*|compar\w*|better|instead of|rather than|trade-?offs?|pros and cons"
            r"|advantages?|prefer|choose|which (one|of)|should (i|we) use|when (should|would|to))\b"
            r"|\bor\b.*\?",
            re.IGNORECASE,
        ),
    ),
    (
        "number",
        re.compile(
            r"\b(how (many|much|long|big|large|often|far)|default|limit|(max|min)imum|retention|what size)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "how-to",
        re.compile(
            r"\b(how (do|can|should|would|to)|steps|syntax|command|sql|enable|disable|configure|create)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "definition",
        re.compile(
            r"^\W*(what('s| is| are| does)?|define|explain|describe|tell me about|meaning of)\b",
            re.IGNORECASE,
        ),
    ),
)
_NO_MORE = (
    r"(?!.*\b(what|how|why|when|where|which|who|and|but|now|or|can|could|does|do|is|are|should|would|if|about|on"
    r"|with|without|for|explain|show|give|tell|compare|next)\b)[^?]{0,50}"
)
"""The rest of a courtesy: nothing that goes on to ask."""
_COURTESIES: tuple[tuple[Courtesy, re.Pattern[str]], ...] = (
    (
        "instructions",
        re.compile(
            # Aimed at whoever answers: policies are overridden and catalogs act as others, too.
            r"\b(ignore|forget|disregard|override)\W+(\w+\W+){0,2}?(your|my|previous|prior|earlier|above)\b"
            r"(\W+\w+){0,3}?\W+(instructions?|prompts?|rules?|messages?|questions?)\b"
            r"|\b(ignore|forget|disregard) (everything|all|anything)\b.{0,20}\b(above|before|previous|said)\b"
            r"|\b(ignore|forget|disregard|override|bypass)\W+(the|all|any|every|these|those)?\W*"
            r"(instructions?|prompts?|rules?|guidelines?|restrictions?) (above|before|you (have|were|got))\b"
            r"|\b(answer|reply|respond|speak|talk) as (if|though) you\b|^\W*(system|assistant|developer)\s*:"
            r"|\b(from now on|policy|rule)\W+always (reply|answer|respond|say)\b"
            r"|\b(write|compose|sing|tell|make up)\b.{0,12}\b(poem|song|haiku|joke|limerick)\b"
            r"|\b(your|reveal|show|print|repeat|leak)\b.{0,20}\b(system|hidden) (prompt|instructions?)\b"
            r"|\byou are now (a|an|in|no longer)\b|^\W*(please )?(pretend (to be|you)|act as (a|an|my|if)\b)",
            re.IGNORECASE,
        ),
    ),
    (
        "greeting",
        re.compile(
            r"\W*(hi|hello|hey|good (morning|afternoon|evening|day)|greetings)( there| all| everyone)?\W*"
            r"|\W*((hi|hello|hey|good (morning|afternoon|evening))\b[^?]{0,24})?"
            r"how are you( doing)?( today)?\W*",
            re.IGNORECASE,
        ),
    ),
    (
        "thanks",
        re.compile(
            r"\W*((ok(ay)?|great|perfect|awesome|nice|cool|wow|haha+|lol|got it)( one)?"
            rf"([\s!.]*$|\s*[,.!:;)]+\s*)){{1,3}}{_NO_MORE}"
            rf"|\W*((ok(ay)?|great|perfect)\W+)?(many )?(thanks?( you)?|thx|cheers)\b{_NO_MORE}"
            rf"|\W*(bye|goodbye|good night|see you)\b{_NO_MORE}",
            re.IGNORECASE,
        ),
    ),
    (
        "complaint",
        re.compile(
            r"\W*((no|sorry|hm+|but|well|i think)\W+)*"
            r"((that|this|it|you|the answer|your answer)(['’]?s|['’]re| is| are| was)? (just |simply )?(wrong"
            r"|nonsense|useless|not (right|correct|true|helpful|what i (asked|meant|wanted)( for)?))"
            r"|i (disagree|(did not|didn['’]t) ask (for )?(that|this))|(wrong|bad)( answer)?)\W*",
            re.IGNORECASE,
        ),
    ),
    (
        "doubt",
        re.compile(
            r"\W*((hm+|oh|wow|wait|and)\W+)*(are you( really| quite)? (sure|certain)( about (that|this|it))?"
            r"|really|is (that|this|it) (really )?(so|right|true|correct)|how do you know|says who)\W*",
            re.IGNORECASE,
        ),
    ),
    (
        "abilities",
        re.compile(
            r"\W*((hi|hello|hey)\W+)?(what can you do|(who|what) are you|how (do|does) (you|this|it) work"
            r"|are you (an? )?(real|human|person|bot|robot|ai|machine|chatbot|llm|model|chatgpt|claude"
            r"|gemini|copilot)\b[\w ]{0,16}"
            r"|help( me)?|what can i ask( you)?|what do you know|what is this)\W*",
            re.IGNORECASE,
        ),
    ),
)
_ASKS = re.compile(
    r"\?|\b(what|how|why|when|where|which|who|whose|can|could|should|would|does|explain|show|give|tell|compare"
    r"|describe|list|summari[sz]e)\b|^\W*(is|are|do|did|will)\b",
    re.IGNORECASE,
)
_ONLY_WHY = re.compile(
    r"\W*((and|but|ok(ay)?|so)\W+)?(why( not| so| is (that|this|it))?|how (so|come))\W*", re.IGNORECASE
)
_LEANS = re.compile(
    r"^\W*(and|but|so|also|no|now|oh|yes|ok|what about|how about|why|why not|how so|what if|then|instead)\b"
    r"|^\W*which (one|of|is|are)\b"
    r"|^\W*(show|give) (me )?(the|an?|some)? ?(sql|code|commands?|syntax|examples?)\W*$"
    r"|\b(instead|then|the opposite|you (said|mean|meant))\W*$"
    r"|\b(it|its|they|them|their|this|that|these|those|the (other|former|latter|same|first|second)( one)?)\b",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"^\W*((ok(ay)?|hm+|well|oh|ah|and|but|so|no|yes|haha+|lol)\W+)*"
    r"(i|i['’]?(m|ve|ll|d)|let me|my|that|that['’]s|this|you|you['’]re|we|sorry|haha+|lol|fair|makes sense"
    r"|wish)\b",
    re.IGNORECASE,
)
"""How people begin to speak of themselves, or of the answer."""
_CONTINUES = re.compile(
    r"^\W*(and|what about|how about|which (one|of|is|are))\b.*\?\W*$"
    r"|^\W*(show|give) (me )?(the|an?|some)? ?(sql|code|commands?|syntax|examples?)\W*$",
    re.IGNORECASE | re.DOTALL,
)
_MORE = re.compile(
    r"\W*((ok(ay)?|yes|and|please|can you|could you|i want|i need|a (bit|little))\W+)*"
    r"(go on|continue|carry on|keep going|more|more (details?|info|information|of (it|that|this))|what else"
    r"|(tell|show|give) me( a (bit|little))? more( details?)?|anything else|elaborate|expand"
    r"|(say|put|explain) (it|that|this) ((more )?simp(ler|ly)|differently|again|in (other|simpler) words)"
    r"|explain( (it|that|this))?( more| further| again| in (more )?(detail|depth)| better)?"
    r"|i (do not|don['’]t|did not|didn['’]t) (understand|get)( (it|that|this))?)"
    r"(\W+(on|about) (it|that|this))?(\W+please)?\W*",
    re.IGNORECASE,
)
_ANEW = re.compile(
    r"^\W*((ok(ay)?|no|well|sorry|wait|hm+)\W+)*"
    r"((never ?mind|forget (it|that|about (it|that)))\b\W*"
    r"|((let'?s )?(change|switch) (of )?(the )?|(a |one )?(new|next|different|unrelated|another) )"
    r"(question|topic|subject)\s*[-–—.:,;!]+\s*)",
    re.IGNORECASE,
)
_NOT_POINTING = re.compile(
    # "A table that someone dropped", "is it true that the log …": it joins, and points at nothing.
    r"\b(?!(is|are|was|do|does|did|can|about|with|for|of|by|like|than|after|before|in|on|to|from|and|but|if|why"
    r"|how|what|when|not)\b)\w+ that(?= (someone|somebody|nobody|people|we|i|you|the|an?|no|my|our|is|are|was"
    r"|were|has|have|had|can|cannot|could|will|would|does|do|did|must|should|may|might|runs?|uses?|needs?|keeps?"
    r"|writes?|reads?)\b)"
    r"|\bis it \w+ (to|that)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"^\W*(wie|was|warum|wann|welche[rs]?|kann ich|comment|pourquoi|qu['’]est|quelle?s?|cómo|qué|por qué|cuál"
    r"|come|perché|che cosa|como|o que|qual|hoe|waarom|wat is|jak|dlaczego|hur|varför)\b",
    re.IGNORECASE,
)
_FOREIGN_WORDS = re.compile(
    r"\b(der|das|ein|eine[rnms]?|und|ist|sind|ich|nicht|für|mit|auf|wie|wird|werden|kann|les|une|des|est|sont"
    r"|dans|pour|avec|comment|pourquoi|est-ce|los|las|una|del|para|con|qué|cómo|el|il|gli|che|della|sono|não"
    r"|uma|het|een|wat|hoe|zijn|och|jak)\b",
    re.IGNORECASE,
)
_ENGLISH_WORDS = re.compile(
    r"\b(the|a|an|is|are|of|to|in|on|how|what|why|when|which|do|does|can|i|my|we|our|for|with|and|it)\b",
    re.IGNORECASE,
)
_SIDES = (
    re.compile(r"\bdifferences? between (?:an? |the )?(.+?) and (?:an? |the )?([^?.,:;]+)", re.IGNORECASE),
    re.compile(
        r"\bcompare (?:an? |the )?(.+?) (?:and|with|to|against) (?:an? |the )?([^?.,:;]+)", re.IGNORECASE
    ),
    re.compile(r"(?:^|[:,;] *)([^:,;?.]+?) (?:vs\.?|versus|compared (?:to|with)) ([^?.,:;]+)", re.IGNORECASE),
    re.compile(
        r"\b(?:use|choose|pick|prefer|take|go with|want|need|is it|an?|the) ((?:\S+ ){0,3}\S+) (?:or|over"
        r"|instead of|rather than) (?:an? |the )?([^?.,:;]+)",
        re.IGNORECASE,
    ),
    re.compile(r"^\W*([^?.,:;]{2,40}?) or (?:an? |the )?([^?.,:;]{2,40})\?", re.IGNORECASE),
)
"""How two things are set against each other, the clearest first."""
_SIDE_ENDS = re.compile(
    r"^(?:is|are|an?|the) | (?:for|in|on|when|if|at|to|better|cheaper|faster|as)\b.*", re.IGNORECASE
)
_PARTS = re.compile(
    r"(?<=\?)\s+|\s*[,;]?\s+and\s+(?=(?:what|how|why|when|which|who|where|does|do|is|are|can|should)\b)",
    re.IGNORECASE,
)
FEWEST_WORDS = 3
"""A shorter piece of a question is no question."""


def kind_of(question: str) -> Kind:
    """The first kind whose signs the question shows; `open` if none."""
    return next((kind for kind, signs in _KINDS if signs.search(question)), "open")


def sides_of(question: str) -> tuple[str, str] | None:
    """The two things that a question compares: “A vs B”, “the difference between A and B”, “A or B?”."""
    found = next(filter(None, (sides.search(question) for sides in _SIDES)), None)
    if found is None or kind_of(question) != "comparison":
        return None
    one, other = (_SIDE_ENDS.sub("", side.strip()) for side in found.groups())
    return (one, other) if one and other else None


def courtesy_of(question: str, in_conversation: bool = False) -> Courtesy | None:
    """The courtesy the whole message is, if it asks nothing of the handbook.

    In a conversation "How does it work?" asks about its subject and not about this program.
    """
    for courtesy, signs in _COURTESIES:
        whole = courtesy != "instructions"
        if signs.fullmatch(question) if whole else signs.search(question):
            return (
                None if in_conversation and courtesy == "abilities" and _LEANS.search(question) else courtesy
            )
    return None


def is_english(question: str) -> bool:
    """Whether a question could be English: in Latin letters, and not led by another language's words."""
    letters = [character for character in question if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    return latin > 0.7 * len(letters) and not _FOREIGN.search(question)


def is_foreign(question: str) -> bool:
    """Whether a question is surely in another language that is written in Latin letters."""
    foreign = len(_FOREIGN_WORDS.findall(question))
    return foreign >= 2 and foreign > len(_ENGLISH_WORDS.findall(question))


def parts_of(question: str) -> list[str]:
    """The questions within a question: “What is X, and how do I Y?” asks two things."""
    parts = [part.strip() for part in _PARTS.split(question) if part and part.strip()]
    return parts if all(len(part.split()) >= FEWEST_WORDS for part in parts) else [question]


def asks(message: str) -> bool:
    """Whether a message has the form of a question or a request, and is not only said."""
    return bool(_ASKS.search(message))


def is_remark(message: str) -> bool:
    """Whether a message is said in passing: it asks nothing, and is of the person or of the answer."""
    return bool(_REMARK.match(message)) and not asks(message)


def leans(question: str, terms: Sequence[str]) -> bool:
    """Whether a question of few words points at something said before: “and on Azure?”, “why?”."""
    return len(terms) <= 1 or points_back(question)


def continues(question: str) -> bool:
    """Whether a question goes on with the one before: “and on Azure?”, “what about costs?”."""
    return bool(_CONTINUES.search(question))


def asks_for_more(message: str) -> bool:
    """Whether a message asks for more of the last answer, and for nothing in particular."""
    return bool(_MORE.fullmatch(message))


def asks_only_why(message: str) -> bool:
    """Whether a message asks for the reason of what was just said: to say that again is no answer."""
    return bool(_ONLY_WHY.fullmatch(message))


def asked_anew(question: str) -> str:
    """What is asked after “never mind” or “another question”; empty where no change is announced."""
    announced = _ANEW.match(question)
    return question[announced.end() :] if announced else ""


def points_back(question: str) -> bool:
    """Whether a question names what it is about by a word for something said before."""
    return bool(_LEANS.search(_NOT_POINTING.sub(" ", question)))
