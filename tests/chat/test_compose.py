import pytest

from chat.compose import (
    CORRECTS_ASSUMED_BONUS,
    CORRECTS_BONUS,
    DEFINES_BONUS,
    DESCRIBES_BONUS,
    _corrects_bonus,
    _says_what_it_is,
)


@pytest.mark.parametrize(
    ("sentence", "asked", "expected"),
    [
        ("A commit log is an ordered list of commits.", "commit log", DEFINES_BONUS),
        ("The change data feed (CDF) is the list of changed rows.", "CDF", DEFINES_BONUS),
        ("The change data feed (CDF) is the list of changed rows.", "change data feed", DEFINES_BONUS),
        ("Small files are files far below the best size.", "small file", DEFINES_BONUS),
        ("A commit log keeps the order of commits.", "commit log", DESCRIBES_BONUS),
        ("Commit logs are checked with their files.", "commit log", 0.0),
        ("A commit log is not a backup.", "commit log", 0.0),
        ("A reader of the commit log is a client.", "commit log", 0.0),
        ("ABAC (attributes as a basis of access) decides by tags.", "ABAC", DESCRIBES_BONUS),
        ("Log", "log", 0.0),
    ],
)
def test_a_definition_has_what_is_asked_for_as_its_subject(small_retriever, sentence, asked, expected):
    terms = frozenset(small_retriever.terms(asked))
    assert _says_what_it_is(sentence, terms, small_retriever) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is it true that a delete frees storage at once?", CORRECTS_BONUS),
        ("Since larger files are better, what size should I compact to?", CORRECTS_ASSUMED_BONUS),
        ("As Delta locks the table on write, how do readers wait?", CORRECTS_ASSUMED_BONUS),
        ("As a data engineer, how do I choose between a view and a table?", 0.0),
        ("As of Databricks Runtime 18, what changed for streams?", 0.0),
        ("Since 2024, which workspaces are serverless by default?", 0.0),
        ("Why does a stateful stream need a watermark?", 0.0),
    ],
)
def test_a_correction_gains_only_under_a_question_that_claims_something(question, expected):
    assert _corrects_bonus(question) == expected
