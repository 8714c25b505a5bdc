"""`python -m interview grade`: grade answers point by point."""

import argparse
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from command_line import Record, answer_batch, run, text_field
from errors import MentorError
from interview.bank import KeyPoint, Question, read_bank
from interview.grading import Grade
from interview.model_grading import grader_of
from retriever.search import Retriever
from settings import load_settings


def main() -> int:
    """Parse the command line and grade."""
    parser = argparse.ArgumentParser(prog="python -m interview", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade the answers in a file of JSON lines")
    grade.add_argument(
        "--batch",
        metavar="FILE",
        required=True,
        help='lines such as {"id", "section", "question", "key_points": ["…"], "answer"} '
        'or {"id", "question_id", "answer"}; - is stdin',
    )
    grade.add_argument("--json", action="store_true", help="accepted for symmetry: the output is JSON")
    options = parser.parse_args()
    settings = load_settings()
    retriever = Retriever(settings)
    retriever.open()
    grader, bank = grader_of(settings, retriever), read_bank(settings.corpus)
    sections = frozenset(chunk.section for chunk in retriever.chunks)

    graders: Counter[str] = Counter()

    def record(line: Record) -> dict[str, Any]:
        grade = grader.grade(_question(line, bank, sections), text_field(line, "answer"))
        graders[grade.grader] += 1
        return grade_record(grade)

    code = answer_batch(options.batch, record)
    if settings.model:
        # A model may have failed on some: each record names its grader, and this is their sum.
        for name, count in graders.items():
            print(f"{count} graded by {name}", file=sys.stderr)
    return code


def grade_record(grade: Grade) -> dict[str, Any]:
    """A grade as the JSON of the `grade` command."""
    return {
        "score": grade.score,
        "verdicts": [
            {
                "key_point": verdict.key_point.text,
                "verdict": verdict.verdict,
                "evidence": verdict.evidence,
                "section": verdict.key_point.section,
            }
            for verdict in grade.verdicts
        ],
        "misconceptions": [asdict(misconception) for misconception in grade.misconceptions],
        "feedback": grade.feedback,
        "grader": grade.grader,
        "quoted": list(grade.quoted),
        "citations": [asdict(citation) for citation in grade.citations],
    }


def _question(line: Record, bank: dict[str, Question], sections: frozenset[str]) -> Question:
    if "question_id" in line:
        identity = text_field(line, "question_id")
        if identity not in bank:
            raise MentorError(f"the bank has no question {identity!r}; see the ids in corpus/questions/")
        return bank[identity]
    # Without a section the points are graded all the same; only nothing can be cited.
    section = "" if line.get("section") in (None, "") else text_field(line, "section")
    if section and section not in sections:
        raise MentorError(
            f"the handbook has no section {section!r}; see corpus/sections.tsv, or leave it out"
        )
    points = line.get("key_points")
    if not isinstance(points, list) or not points or not all(isinstance(point, str) for point in points):
        raise MentorError('expected "key_points" to be a list of sentences, one at least')
    return Question(
        "", section, text_field(line, "question"), tuple(KeyPoint(point, section) for point in points)
    )


if __name__ == "__main__":
    run(main)
