import pytest

from interview.topics import MOST_PIECES, MOST_TOPICS, pieces, topics

DESCRIPTION = """Data Engineer (m/f/d)

- Keep many small files compacted in our tables
- You know autoscaling of clusters, cluster types, and compaction
1. We offer free coffee; dental insurance and a dog-friendly office.
"""


def test_a_description_is_taken_apart_into_what_it_asks_for():
    assert pieces(DESCRIPTION) == [
        "Data Engineer",
        "m/f/d",
        "Keep many small files compacted in our tables",
        "You know autoscaling of clusters",
        "cluster types",
        "compaction",
        "We offer free coffee",
        "dental insurance and a dog-friendly office",
    ]


@pytest.mark.parametrize("text", ["", " \n\n ", "---\n***\n1. 2. 3.", "\0\u2028"])
def test_nothing_said_is_nothing_asked_for(text):
    assert pieces(text) == []


def test_a_huge_description_costs_a_bounded_number_of_searches():
    assert len(pieces("\n".join(f"requirement {number}" for number in range(5000)))) == MOST_PIECES


def test_its_topics_are_the_sections_that_cover_it(small_retriever):
    found = topics(DESCRIPTION, small_retriever.find)
    words = {topic.section: topic.words for topic in found}
    assert "Keep many small files compacted in our tables" in words["1.2"]
    assert "compaction" in words["1.2"]
    assert "You know autoscaling of clusters" in words["2.2"]
    assert not any("coffee" in said or "dental" in said for topic in found for said in topic.words)
    assert found[0].section == "1.2"
    assert len(found) <= MOST_TOPICS


def test_a_description_of_something_else_has_no_topics(small_retriever):
    assert topics("We bake bread.\nYou like butter and jam in the morning.", small_retriever.find) == ()
