"""An answerer for the pages: quick, counted, and told what to say."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from streamlit.runtime.scriptrunner import StopException

from chat.citations import Answer, Citation, Place, Statement
from chat.conversation import EVERYWHERE, Turn, Where

QUOTE = "Compaction keeps every row and changes only the files that hold them."
CITATION = Citation(
    1,
    "1.2",
    "File compaction & small files",
    "Common mistakes",
    QUOTE,
    "01-storage.md",
    "common-mistakes-1",
)
ANSWER = Answer("", "", (Statement("sentence", QUOTE, CITATION),), confidence=0.9, seconds=0.012)
REFUSAL = Answer(
    "",
    "",
    note="The handbook does not answer this.",
    refused=True,
    nearest=(Place("2.2", "Autoscaling"), Place("1.1", "Tables and the commit log")),
)


class FakeAnswerer:
    """Answers everything with `answer`, or raises it; remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer | BaseException = ANSWER
        self.interrupted = False
        """Whether a click ends the page's script in the middle of the next answer."""
        self.asked: list[tuple[str, list[Turn], Where]] = []

    @property
    def calls(self) -> int:
        return len(self.asked)

    def stream(
        self, question: str, history: Sequence[Turn] = (), where: Where = EVERYWHERE
    ) -> Iterator[Answer]:
        self.asked.append((question, list(history), where))
        if isinstance(self.answer, BaseException):
            raise self.answer
        yield replace(self.answer, question=question, searched_for=question)
        if self.interrupted:
            self.interrupted = False
            raise StopException
