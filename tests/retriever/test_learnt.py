"""What the lessons do for the search: a question is compared with those whose answer is known."""

import json
import shutil

import pytest

from chat.compose import candidates_of
from chat.sufficiency import weigh
from ingest.pipeline import ingest_handbook
from retriever.search import Retriever, rank_sections
from tests.conftest import settings_for

HELD = (
    "A yearly audit would change the decision to monthly copies, because log retention of a year slows "
    "every snapshot."
)
FIRST = "Address a table by its name, never by the files in its directory."
LESSONS = (
    {
        "section": "1.1",
        "kind": "plain",
        "question": "an inspector wants to see what we had in spring",
        "first": [FIRST],
        "holds": [FIRST, HELD],
    },
    {
        "section": "1.1",
        "kind": "near",
        "question": "which inspector certifies the padding of the file names",
        "first": [],
        "holds": [],
    },
)
ASKED = "our inspector would like to see the state of last spring"


@pytest.fixture(scope="module")
def taught(tmp_path_factory, small_index):
    """The small handbook with two lessons."""
    folder = tmp_path_factory.mktemp("taught")
    corpus = shutil.copytree(small_index.settings.corpus, folder / "corpus")
    (corpus / "lessons").mkdir()
    lines = "".join(json.dumps(lesson) + "\n" for lesson in LESSONS)
    (corpus / "lessons" / "01-storage.jsonl").write_text(lines, "utf-8")
    (folder / "data").mkdir()
    (folder / "data" / "encoder").symlink_to(small_index.settings.data_dir / "encoder")
    settings = settings_for(folder / "data", corpus)
    ingest_handbook(settings)
    return Retriever(settings)


def test_the_nearest_lessons_are_found_first(taught, small_retriever):
    found = taught.find(ASKED).lessons
    assert [one.lesson.kind for one in found] == ["plain", "near"]
    assert 1 > found[0].similarity > found[1].similarity > 0
    assert small_retriever.find(ASKED).lessons == ()


def test_lessons_of_other_chapters_are_not_found(taught):
    assert taught.find(ASKED, chapters=[2]).lessons == ()


def test_a_lesson_leads_to_its_section(taught, small_retriever):
    def lead(retriever):
        sections = rank_sections(retriever.find(ASKED).passages)
        return sections["1.1"] / max(score for name, score in sections.items() if name != "1.1")

    assert lead(taught) > lead(small_retriever)


def test_what_a_lesson_holds_is_worth_more_even_from_a_scenario(taught, small_retriever):
    def worth(retriever):
        candidates = candidates_of(retriever.find(ASKED), retriever)
        return {candidate.sentence.text: candidate.worth for candidate in candidates}

    before, after = worth(small_retriever), worth(taught)
    assert after[FIRST] > before[FIRST] + 1
    assert HELD not in before
    assert HELD in after


def test_what_answers_a_lesson_alone_comes_sooner(taught, small_retriever):
    def place(retriever):
        candidates = candidates_of(retriever.find(ASKED), retriever)
        return [candidate.sentence.text for candidate in candidates].index(FIRST)

    assert place(taught) < place(small_retriever) / 2


def test_a_question_that_nothing_answers_makes_those_like_it_less_sure(taught, small_retriever):
    asked = "which inspector certified the padding of file names"
    assert weigh(taught.find(asked), taught).signals["asked"] < 0
    assert weigh(small_retriever.find(asked), small_retriever).signals["asked"] > 0
