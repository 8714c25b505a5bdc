"""`python -m chat`: a cited answer from the handbook."""

import argparse
from collections.abc import Sequence
from typing import Any

from chat.citations import Answer
from chat.conversation import Turn, Where
from chat.extractive import Answerer
from chat.written import answerer_of
from command_line import Record, answer_batch, emit, run, text_field
from errors import MentorError, QuestionError
from ingest.chunks import CLOUDS
from ingest.versions import HANDBOOK
from retriever.search import Retriever
from settings import load_settings


def main() -> int:
    """Parse the command line and answer."""
    parser = argparse.ArgumentParser(prog="python -m chat", description=__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("question", metavar="QUESTION", nargs="?")
    asked.add_argument(
        "--batch",
        metavar="FILE",
        help='JSON lines such as {"id": "1", "question": "…"} or {"id": "2", "turns": ["…"]}; - is stdin',
    )
    parser.add_argument(
        "--chapter",
        metavar="N",
        type=int,
        action="append",
        default=[],
        help="only this chapter; repeatable",
    )
    parser.add_argument("--collection", metavar="NAME", default=HANDBOOK, help="ask documents of your own")
    parser.add_argument(
        "--cloud", choices=[*CLOUDS.values()], default="", help="prefer what holds for this one"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    settings = load_settings()
    retriever = Retriever(settings, options.collection)
    retriever.open()
    answerer = answerer_of(settings, retriever)
    where = Where(tuple(options.chapter), options.cloud)

    def record(line: Record) -> dict[str, Any]:
        if "turns" not in line:
            return _ask(answerer, text_field(line, "question"), (), where).record()
        return {"turns": _converse(answerer, line["turns"], where)}

    if options.batch is not None:
        return answer_batch(options.batch, record)
    answer = _ask(answerer, options.question, (), where)
    if options.json:
        emit({"id": None} | answer.record())
    else:
        _print(answer)
    return 0


def _ask(answerer: Answerer, question: str, history: Sequence[Turn], where: Where) -> Answer:
    *_, answer = answerer.stream(question, history, where)
    return answer


def _converse(answerer: Answerer, turns: object, where: Where) -> list[Record]:
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise MentorError('expected "turns" to be a list of questions')
    history: list[Turn] = []
    records = []
    for question in turns:
        try:
            answer = _ask(answerer, question, history, where)
        except QuestionError as error:
            records.append({"question": question, "error": str(error)})
            continue
        if answer.mode != "small-talk":
            history.append(Turn.of(answer))
        records.append(answer.record())
    return records


def _print(answer: Answer) -> None:
    print(answer.text)
    if answer.missing and not answer.refused:
        print(f"\nNot covered: {'; '.join(answer.missing)}")
    if answer.citations:
        print()
    for citation in answer.citations:
        print(
            f"[{citation.number}] {citation.section} {citation.title} › {citation.heading}"
            f" ({citation.path}#{citation.anchor})"
        )
    if answer.statements and answer.note:
        print(f"\n{answer.note}")


if __name__ == "__main__":
    run(main)
