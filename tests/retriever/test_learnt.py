"""What the lessons do for the search: a question is compared with those whose answer is known."""

import json
import shutil

import numpy as np
import pytest

from chat.compose import candidates_of
from chat.sufficiency import weigh
from ingest.lessons import VECTORS, read_lessons
from ingest.pipeline import ingest_handbook
from ingest.shipped import write_rows
from retriever.learnt import NEAREST_SHARE, LessonIndex
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


def test_one_near_lesson_is_not_outweighed_by_its_section_having_no_more(tmp_path):
    """A section with few lessons is judged by them, and not by how many others have."""
    near = np.array([0.7, 0.2, 0.2, 0.1], np.float32)
    sections = ("1.1", "1.2", "1.2", "1.2")
    lines = "".join(
        json.dumps({"section": section, "kind": "plain", "question": f"{n}?", "first": [], "holds": []})
        + "\n"
        for n, section in enumerate(sections)
    )
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01-storage.jsonl").write_text(lines, "utf-8")
    hashes = [lesson.hash for lessons in read_lessons(tmp_path).values() for lesson in lessons]
    write_rows(tmp_path / VECTORS, "one", hashes, np.eye(4, dtype=np.float32))
    found = LessonIndex(tmp_path, tmp_path, "one").sections(near)
    expected = {"1.1": (0.7, (0.7 + 0.1 + 0.1) / 3), "1.2": (0.2, 0.5 / 3)}
    assert found == {
        section: pytest.approx(NEAREST_SHARE * nearest + (1 - NEAREST_SHARE) * mean)
        for section, (nearest, mean) in expected.items()
    }


def test_each_requirement_of_a_long_question_is_compared_with_the_lessons(taught):
    page = (
        "Our customer is a utility with many plants. We load sensor files every minute into one Delta table. "
        "Two jobs write to it at the same time. Queries became slow because there are many small files. "
        f"{ASKED}. The bill for storage must not grow, and a crash must lose nothing of all that."
    )
    findings = taught.find(page)
    assert len(findings.facets) > 1
    near = max(one.similarity for one in findings.lessons if one.lesson.kind == "plain")
    whole, lesson = taught.encode([page, LESSONS[0]["question"]])
    assert near > whole @ lesson + 0.1


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
