import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from database import transaction
from errors import StorageError, TransferError
from interview import transfer
from interview.bank import KeyPoint, Misconception, Question
from interview.grading import Grade, Verdict
from interview.progress import Progress, read_interviews
from interview.session import Attempt, Interview
from interview.transfer import Merge, merge, read_file, write_file

TODAY = date(2026, 11, 20)
POINT = KeyPoint("A log names the files.", "1.1", 3, ("The log knows.",))
GRADE = Grade(
    70,
    (Verdict(POINT, "covered", "größe 🙂 ![mine](x)"), Verdict(POINT, "missed")),
    (Misconception("wrong", "right", "1.2"),),
    "1 of 2 points covered.",
    "offline",
)
DONE = Attempt("1.1-a", ("my words ![picture](http://example.com/x)",), GRADE, 1)
BEGUN = Interview(("1.1-a", "1.2-b"), current=Attempt("1.1-a"))
HALF = Interview(("1.1-a", "1.2-b"), attempts=(DONE,), current=Attempt("1.2-b"))
OVER = replace(HALF, attempts=(DONE, Attempt("1.2-b", ("more",), replace(GRADE, score=90))), current=None)
OTHER = replace(HALF, attempts=(replace(DONE, answers=("something else",)),))
BANK = {one: Question(one, one.split("-")[0], "?", (POINT,)) for one in ("1.1-a", "1.2-b")}


@pytest.fixture
def here(new_engine):
    return new_engine("here")


@pytest.fixture
def there(new_engine):
    return new_engine("there")


def everything(engine):
    with transaction(engine) as connection:
        interviews = list(read_interviews(connection))
        connection.commit()
    kept = Progress(engine)
    return interviews, sorted(kept.graded(), key=lambda one: (one.interview, one.position)), kept.reviews()


def save(engine, interview, identity="a"):
    Progress(engine, BANK).save(identity, interview)


def test_a_file_brings_back_everything_into_an_empty_database(here, there):
    save(here, OVER)
    save(here, BEGUN, "b")
    data = write_file(here, TODAY)
    assert merge(there, read_file(data), BANK) == Merge(2, 0, 0, 0, 2)
    assert everything(there) == everything(here)
    exported = json.loads(data)
    assert (exported["format"], exported["version"]) == ("lakehouse-mentor progress", 1)
    assert set(exported) == {"format", "version", "exported_at", "interviews", "grades", "reviews"}
    assert [one["question_id"] for one in exported["reviews"]] == ["1.1-a", "1.2-b"]


def test_the_same_file_twice_changes_nothing(here, there):
    save(here, OVER)
    file = read_file(write_file(here, TODAY))
    merge(there, file, BANK)
    once, stamp = everything(there), Progress(there).stamp()
    again = merge(there, file, BANK)
    assert again == Merge(0, 0, 1, 0, 0)
    assert again.nothing
    assert (everything(there), Progress(there).stamp()) == (once, stamp)


def test_an_own_export_brings_nothing_new(here):
    save(here, HALF)
    before = everything(here)
    assert merge(here, read_file(write_file(here, TODAY)), BANK).nothing
    assert everything(here) == before


@pytest.mark.parametrize(
    ("mine", "theirs", "done", "stays"),
    [
        pytest.param(HALF, OVER, Merge(0, 1, 0, 0, 1), OVER, id="further-on-there"),
        pytest.param(OVER, HALF, Merge(0, 0, 1, 0, 0), OVER, id="further-on-here"),
        pytest.param(BEGUN, OVER, Merge(0, 1, 0, 0, 2), OVER, id="begun-here"),
        pytest.param(HALF, OTHER, Merge(0, 0, 0, 1, 0), HALF, id="another-way"),
        pytest.param(OTHER, OVER, Merge(0, 0, 0, 1, 0), OTHER, id="another-way-and-further"),
    ],
)
def test_of_two_versions_of_an_interview_the_one_that_goes_on_is_kept(here, there, mine, theirs, done, stays):
    save(here, mine)
    save(there, theirs)
    graded = {(one.interview, one.position): one for one in Progress(here).graded()}
    file = read_file(write_file(there, TODAY))
    before = everything(here)
    assert merge(here, file, BANK, dry=True) == done
    assert everything(here) == before
    assert merge(here, file, BANK) == done
    assert Progress(here).load("a") == stays
    after = {(one.interview, one.position): one for one in Progress(here).graded()}
    assert after | graded == after
    assert len(after) == sum(attempt.score is not None for attempt in stays.attempts)
    assert merge(here, file, BANK).nothing


def test_two_files_give_the_same_in_either_order(here, there, new_engine):
    save(here, OVER, "a")
    save(there, replace(OVER, attempts=(replace(DONE, grade=replace(GRADE, score=10)),)), "b")
    files = [read_file(write_file(engine, TODAY)) for engine in (here, there)]
    results = []
    for name, order in (("one", files), ("two", files[::-1])):
        engine = new_engine(name)
        for file in order:
            merge(engine, file, BANK)
        interviews, grades, reviews = everything(engine)
        results.append((sorted(interviews), grades, reviews))
    assert results[0] == results[1]


def test_an_interview_whose_grades_are_missing_in_the_file_is_graded_by_its_own(here, there):
    save(here, OVER)
    data = json.loads(write_file(here, TODAY)) | {"grades": [], "reviews": []}
    merge(there, read_file(json.dumps(data).encode()), BANK)
    mine, theirs = Progress(here).graded(), Progress(there).graded()
    assert [(one.question_id, one.score) for one in theirs] == [(one.question_id, one.score) for one in mine]


def changed(data: bytes, *path, value) -> bytes:
    tree = json.loads(data)
    at = tree
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(tree).encode()


KEY_POINT = ("interviews", 0, "interview", "attempts", 0, "grade", "verdicts", 0, "key_point")


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("version",), 2, "version 2, made by a newer version"),
        (("version",), 0, "version: Input should be 1"),
        (("format",), "other", "format: Input should be"),
        (("interviews", 0, "interview", "attempts", 0, "grade", "score"), "x", "attempts[0].grade.score: "),
        (("interviews", 0, "interview", "attempts", 0, "grade", "score"), 900, "score: must be 0 to 100"),
        (("interviews", 0, "id"), "../../x", "interviews[0].id: must be"),
        (("interviews", 0, "interview", "questions", 0), "<b>", "interviews[0].interview.questions: not"),
        (("interviews", 0, "changed"), "2026-11-20T10:00:00", "interviews[0].changed: must be a date"),
        ((*KEY_POINT, "text"), "![](http://example.com/x)", "attempts[0].grade: holds an image"),
        ((*KEY_POINT, "section"), "![x](y)", "attempts[0].grade: names a section"),
        (("grades", 1, "score"), 101, "grades[1].score: must be 0 to 100, is 101"),
        (("grades", 1, "position"), 10**30, "grades[1]: position, hints"),
        (("grades", 1, "position"), 0, "grades[1]: the answer at position 0"),
        (("grades", 1, "question_id"), "1.1-other", "grades[1]: its interview has no answer to '1.1-other'"),
        (("grades", 1, "hints"), -1, "grades[1]: position, hints and chapter"),
        (("grades", 1, "graded_at"), "9999-12-31T23:59:59-12:00", "grades[1].graded_at: must be a date"),
        (("grades", 1, "verdicts", 0, "weight"), 0, "grades[1].verdicts[0]: must have"),
        (("grades", 1, "verdicts", 0, "verdict"), "maybe", "grades[1].verdicts[0].verdict: Input should be"),
    ],
)
def test_a_broken_file_is_said_to_be_broken_where_it_is(here, path, value, complaint):
    save(here, OVER)
    with pytest.raises(TransferError) as raised:
        read_file(changed(write_file(here, TODAY), *path, value=value))
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\xff\xfe",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"format": "lakehouse-mentor progress", "version": "1"}',
    ],
)
def test_garbage_is_refused_in_words(data):
    with pytest.raises(TransferError, match=r"no export of Lakehouse Mentor.*Nothing was changed"):
        read_file(data)


def test_a_file_with_many_faults_names_the_first_and_counts_the_rest(here):
    save(here, OVER)
    data = json.loads(write_file(here, TODAY))
    data["grades"] = [one | {"score": 500} for one in data["grades"]] * 4
    with pytest.raises(TransferError, match=r"grades\[0\]\.score.*; and \d+ more"):
        read_file(json.dumps(data).encode())


def test_the_same_interview_twice_in_a_file_is_a_fault(here):
    save(here, OVER)
    data = json.loads(write_file(here, TODAY))
    data["interviews"] *= 2
    with pytest.raises(TransferError, match=r"interviews\[1\]\.id: 'a' is there twice"):
        read_file(json.dumps(data).encode())


def test_a_file_beyond_all_measure_is_not_read(monkeypatch):
    monkeypatch.setattr(transfer, "MOST_BYTES", 3)
    with pytest.raises(TransferError, match="4 bytes"):
        read_file(b"{}  ")


def test_an_import_that_fails_half_way_changes_nothing(here, there):
    save(here, OVER)
    save(there, BEGUN, "mine")
    before = everything(there)
    file = read_file(write_file(here, TODAY))
    with there.begin() as connection:
        connection.execute(text("ALTER TABLE interview RENAME COLUMN changed TO altered"))
    with pytest.raises(StorageError, match="no such column"):
        merge(there, file, BANK)
    with there.begin() as connection:
        connection.execute(text("ALTER TABLE interview RENAME COLUMN altered TO changed"))
    assert everything(there) == before


def test_an_interview_that_cannot_be_read_does_not_stop_an_export_and_is_not_overwritten(here, there):
    save(here, OVER)
    save(there, OVER)
    with here.begin() as connection:
        connection.execute(text("UPDATE interview SET interview = '{bad'"))
    assert json.loads(write_file(here, TODAY))["interviews"] == []
    assert len(json.loads(write_file(here, TODAY))["grades"]) == 2
    assert merge(here, read_file(write_file(there, TODAY)), BANK) == Merge(0, 0, 0, 1, 0)


def test_reset_and_import_is_where_it_was(here):
    save(here, OVER)
    before, data = everything(here), write_file(here, TODAY)
    Progress(here).forget()
    assert everything(here) == ([], [], {})
    merge(here, read_file(data), BANK)
    assert everything(here) == before
