import yaml

from evals import conversations
from evals.conversations import Conversation, Said, read_conversations

LOG, SMALL_FILES, NOWHERE = frozenset({"1.1"}), frozenset({"1.2"}), frozenset()


def share(settings, *turns):
    """The share of turns that were handled rightly, by kind, of one conversation."""
    measured = conversations.measure(settings, [Conversation("c", turns)])["all"]
    return {kind: row["mean"] for kind, row in measured.items() if row["turns"]}


def test_a_turn_is_right_when_its_section_is_found_and_answered(small_index):
    first = Said("What is a commit log?", "first", LOG)
    assert share(small_index.settings, first, Said("What does it hold?", "follow-up", LOG)) == {
        "first": 1.0,
        "later, to be answered": 1.0,
        "follow-up": 1.0,
    }
    assert share(small_index.settings, Said(first.question, "first", frozenset({"9.9"}))) == {"first": 0.0}


def test_small_talk_and_what_is_outside_are_right_when_treated_so(small_index):
    found = share(
        small_index.settings,
        Said("Why do small files make queries slow?", "first", SMALL_FILES),
        Said("thanks!", "small-talk", NOWHERE),
        Said("Who won the football world cup in 1998?", "outside", NOWHERE),
    )
    assert found == {"first": 1.0, "small talk": 1.0, "outside": 1.0}
    wrong = share(small_index.settings, Said("What is a commit log?", "small-talk", NOWHERE))
    assert wrong == {"small talk": 0.0}
    assert share(small_index.settings, Said("What is a commit log?", "outside", NOWHERE)) == {"outside": 0.0}


def test_our_own_can_be_read(small_index):
    own = read_conversations()
    assert len(own) >= 60
    assert all(len(conversation.turns) >= 2 for conversation in own)
    kinds = {turn.kind for conversation in own for turn in conversation.turns}
    assert kinds == {"first", "follow-up", "change", "small-talk", "outside"}
    assert yaml.safe_load(conversations.OWN.read_text("utf-8"))[0]["id"] == own[0].id
