"""`python -m retriever`: the passages of the handbook that a question finds."""

import argparse
import time
from typing import Any

from command_line import answer_batch, emit, run, text_field
from ingest.chunks import CLOUDS
from ingest.versions import HANDBOOK
from retriever.search import Passage, Retriever
from settings import load_settings


def main() -> int:
    """Parse the command line and search."""
    parser = argparse.ArgumentParser(prog="python -m retriever", description=__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("question", metavar="QUESTION", nargs="?")
    asked.add_argument(
        "--batch",
        metavar="FILE",
        help='JSON lines such as {"id": "1", "question": "…"}; - is stdin',
    )
    parser.add_argument("-k", type=int, default=10, help="how many passages (default 10)")
    parser.add_argument(
        "--chapter",
        metavar="N",
        type=int,
        action="append",
        default=[],
        help="only this chapter; repeatable",
    )
    parser.add_argument("--collection", metavar="NAME", default=HANDBOOK, help="search documents of your own")
    parser.add_argument(
        "--cloud", choices=[*CLOUDS.values()], default="", help="prefer what holds for this one"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    retriever = Retriever(load_settings(), options.collection)
    retriever.open()

    def answer(question: str) -> tuple[list[Passage], float]:
        started = time.perf_counter()
        passages = retriever.search(question, options.k, options.chapter, options.cloud)
        return passages, round(time.perf_counter() - started, 4)

    def record(question: str) -> dict[str, Any]:
        passages, seconds = answer(question)
        return {
            "question": question,
            "passages": [_fields(passage) for passage in passages],
            "seconds": seconds,
        }

    if options.batch is not None:
        return answer_batch(options.batch, lambda line: record(text_field(line, "question")))
    if options.json:
        emit({"id": None} | record(options.question))
        return 0
    passages, seconds = answer(options.question)
    for passage in passages:
        chunk = passage.chunk
        print(
            f"{passage.score:.2f}  {chunk.section} {chunk.title} › {chunk.heading}"
            f"  ({chunk.path}#{chunk.anchor})"
        )
        print("      " + " ".join(chunk.text.split())[:160])
    print(f"{len(passages)} passages in {seconds * 1000:.0f} ms")
    return 0


def _fields(passage: Passage) -> dict[str, Any]:
    chunk = passage.chunk
    return {
        "section": chunk.section,
        "title": chunk.title,
        "heading": chunk.heading,
        "chunk": chunk.id,
        "score": round(passage.score, 4),
        "text": chunk.text,
        "path": chunk.path,
        "anchor": chunk.anchor,
    }


if __name__ == "__main__":
    run(main)
