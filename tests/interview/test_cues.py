import pytest

from interview import cues


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It takes 1,000 files and 2.50 dollars.", {"1000", "2.5"}),
        ("After three days, or 30 s.", {"3", "30"}),
        ("No figure here, one at most.", set()),
    ],
)
def test_figures_are_compared_without_their_dress(text, found):
    assert cues.numbers(text) == found


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("Writers check before the commit.", "Writers check after the commit.", 1),
        ("Few large workers.", "Many small workers.", 2),
        ("It is checked before and after.", "It is checked after.", 0),
        ("The log is read.", "The log is read.", 0),
    ],
)
def test_opposites_count_only_where_one_stands_for_the_other(one, other, count):
    assert cues.opposed(one, other) == count


def test_a_denial_reaches_the_words_behind_it_within_its_clause():
    assert cues.denied("Delta does not lock, the table waits.") == {"lock"}
    assert cues.denied("Delta locks the table.") == set()


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("Some say that Delta locks the table, but it does not.", True),
        ("A common mistake is to size the driver first.", True),
        ("Delta locks the table.", False),
    ],
)
def test_what_others_believe_is_told_from_what_is_claimed(text, reported):
    assert cues.is_reported(text) is reported
