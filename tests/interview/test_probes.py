from dataclasses import replace

import numpy as np
import pytest

from interview import probes
from interview.bank import KeyPoint, Question
from interview.grading import Grade, Verdict
from interview.session import Attempt, Probe

OFFSETS = KeyPoint(
    "Spark commits no consumer-group offsets, so lag is read from the query's progress.", "5.1", 3
)
PRUNING = KeyPoint("The query reads every file that has no statistics.", "7.1", 2)
QUESTION = Question(
    "5.1-lag",
    "5.1",
    "How do you watch a stream?",
    (OFFSETS, PRUNING),
    probes=("Where would you look for the lag?", "Why does nothing get skipped?"),
)


def encode_as(vectors):
    """Texts → their vectors in a small made-up space, normalised; a text not named points nowhere."""

    def encode(texts):
        rows = np.array([[*vectors.get(text, (0.0, 0.0)), 0.001] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return encode


NEAR = encode_as(
    {
        OFFSETS.text: (1.0, 0.0),
        PRUNING.text: (0.0, 1.0),
        QUESTION.probes[0]: (0.9, 0.1),
        QUESTION.probes[1]: (0.1, 0.9),
    }
)
FAR = encode_as({OFFSETS.text: (1.0, 0.0), PRUNING.text: (0.0, 1.0)})


def graded(first="missed", second="missed", evidence=""):
    return Grade(0, (Verdict(OFFSETS, first, evidence), Verdict(PRUNING, second)))


def ask(grade, encode=NEAR, question=QUESTION, asked=()):
    attempt = Attempt(question.id, ("words",), grade, probes=asked)
    return probes.next_probe(question, attempt, encode, lambda section: f"Title of {section}")


@pytest.mark.parametrize(
    ("text", "among", "subject"),
    [
        ("Zerobus delivers at least once, so each record carries an id.", "", "Zerobus"),
        ("The audit system table keeps 365 days.", "", "the audit system table"),
        ("Queries in flight equal arrivals times seconds.", "more queries in flight", "queries in flight"),
        ("With a full refresh, the position and the rows are cleared.", "", "the position and the rows"),
        ("A column gets a new version for each change.", "", ""),
        ("At 150,000 records a second the gateways need two streams.", "", ""),
        ("It is never validated.", "", ""),
        ("Neither clone keeps the history.", "", ""),
        ("Longer retention of the removed files behind old versions of tables costs storage.", "", ""),
    ],
)  # fmt: skip
def test_the_subject_is_what_stands_before_the_verb(text, among, subject):
    assert probes.subject(KeyPoint(text, "1.1"), among) == subject


def test_the_probe_of_the_bank_nearest_to_the_heaviest_point_is_asked():
    assert ask(graded()) == Probe(QUESTION.probes[0], OFFSETS.text)
    assert ask(graded("covered")) == Probe(QUESTION.probes[1], PRUNING.text)


def test_without_a_near_probe_the_subject_is_asked_for_and_the_point_not_given_away():
    question = replace(
        QUESTION, key_points=(replace(OFFSETS, text="The lag of a stream is read from its progress."),)
    )
    grade = Grade(0, (Verdict(question.key_points[0], "missed"),))
    asked = ask(grade, encode_as({question.key_points[0].text: (1.0, 0.0)}), question)
    assert asked == Probe(
        "What about the lag of a stream? Say what holds there, and why it matters.",
        grade.verdicts[0].key_point.text,
    )
    assert "progress" not in asked.text


def test_without_a_subject_the_section_is_named():
    point = KeyPoint("At 20 GB it spills.", "7.3")
    question = replace(QUESTION, key_points=(point,), probes=())
    asked = ask(Grade(0, (Verdict(point, "missed"),)), FAR, question)
    assert (
        asked.text == "One thing from “Title of 7.3” is still open. What is it, and why does it matter here?"
    )


def test_a_probe_that_asks_for_another_point_is_not_taken():
    nearer = encode_as({OFFSETS.text: (0.8, 0.6), PRUNING.text: (0.0, 1.0), QUESTION.probes[1]: (0.2, 0.98)})
    assert ask(graded(), nearer).text not in QUESTION.probes


def test_what_contradicts_a_point_is_quoted_back():
    asked = ask(graded("contradicted", evidence="Spark commits\nits offsets to Kafka."))
    assert asked.text == "You said “Spark commits its offsets to Kafka”; when would that not hold?"
    long = ask(graded("contradicted", evidence="word " * 100))
    assert len(long.text) < probes.MOST_QUOTED + 60
    assert " …”" in long.text


def test_no_probe_is_asked_twice_and_no_third():
    first = Probe(QUESTION.probes[0], OFFSETS.text)
    second = Probe(QUESTION.probes[1], PRUNING.text)
    assert ask(graded(), asked=(first,)) == second
    assert ask(graded(), asked=(first, second)) is None
    assert ask(graded("covered", "covered")) is None


def test_hints_name_the_section_then_the_subject():
    points = (KeyPoint("The commit log names the files that count.", "1.1", 3),)
    assert probes.hint(QUESTION, points, 1, "Tables") == "Think about what section 1.1 says: Tables."
    assert (
        probes.hint(QUESTION, points, 2, "Tables") == "The heaviest point still open is about the commit log."
    )
    odd = (KeyPoint("At 20 GB it spills to the disk.", "1.1"),)
    assert probes.hint(QUESTION, odd, 2, "") == "The heaviest point still open begins “At GB …”."
