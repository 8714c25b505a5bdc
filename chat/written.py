"""Passages → an answer that a model writes, every sentence of it checked against what it cites."""

import logging
import re
import secrets
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from chat.citations import Answer, Statement, citation, cite
from chat.conversation import EVERYWHERE, Turn, Where
from chat.draft import Piece, pieces_of
from chat.extractive import Answerer, ExtractiveAnswerer
from chat.model import ChatModel, Written
from chat.prompts import messages, says_no_answer
from chat.support import NEAR, Passages, Support
from errors import ChatModelFault
from retriever.search import Retriever
from settings import Settings

MOST_PASSAGES = 7
"""About 1,500 words, which small models still read."""
MOST_STATEMENTS = 12

INSTEAD = "Here are the handbook's own sentences instead."

_DECLINES = re.compile(
    r"\W*(I['’]?m sorry|I am sorry|sorry|I (can ?not|can['’]t|am unable|am not able|won['’]t)|as an AI)\b",
    re.IGNORECASE,
)
log = logging.getLogger("lakehouse_mentor")


def answerer_of(settings: Settings, retriever: Retriever) -> Answerer:
    """The answerer that the settings ask for."""
    quoting = ExtractiveAnswerer(retriever)
    return ModelAnswerer(quoting, retriever, ChatModel(settings)) if settings.model else quoting


class ModelAnswerer:
    """Lets a model write from the passages; refuses, and falls back, to the quoting answerer's answer.

    Safe to share between threads.
    """

    def __init__(
        self,
        quoting: ExtractiveAnswerer,
        retriever: Retriever,
        model: ChatModel,
        most_passages: int = MOST_PASSAGES,
    ) -> None:
        self._most_passages = most_passages
        self._quoting = quoting
        self._retriever = retriever
        self._model = model

    def stream(
        self, question: str, history: Sequence[Turn] = (), where: Where = EVERYWHERE
    ) -> Generator[Answer, None, None]:
        """Yield the answer as its sentences are written and checked; whatever fails, the last is whole.

        Raises:
            QuestionError: the question cannot be searched.
            StaleIndex: there is no sound index.
        """
        started = time.perf_counter()
        *_, quoted = self._quoting.stream(question, history, where)
        if not quoted.statements:
            yield quoted
            return
        try:
            with closing(self._written(quoted, history, where)) as growing:
                for answer in growing:
                    yield replace(answer, seconds=time.perf_counter() - started)
        except ChatModelFault as fault:
            log.info("answered with quotes: %s", fault)
            yield replace(quoted, note=f"{fault}. {INSTEAD}", seconds=time.perf_counter() - started)

    def _written(
        self, quoted: Answer, history: Sequence[Turn], where: Where
    ) -> Generator[Answer, None, None]:
        chunks = self._quoting.passages(quoted, where, self._most_passages)
        asked = messages(quoted, [turn.question for turn in history], chunks, secrets.token_hex(8))
        answer = replace(quoted, statements=(), mode="model", model=self._model.name)
        with closing(self._model.stream(asked)) as stream:
            written = next(stream)
            yield answer
            # The model reads meanwhile.
            checks = _Checks(Passages(chunks, self._retriever))
            before = written
            for written in stream:
                if written != before:
                    before = written
                    answer = checks.answer(answer, pieces_of(written.text, written.ended))
                yield answer
        _refuse_emptiness(answer, written)


@dataclass
class _Checks:
    """The checks of one answer; a sentence is checked once, however often the answer is put together."""

    passages: Passages
    _done: dict[Piece, Support | None] = field(default_factory=dict)

    def answer(self, answer: Answer, pieces: Sequence[Piece]) -> Answer:
        """The answer with those of the pieces that hold, and quotes in place of the others."""
        statements: list[Statement] = []
        left_out = 0
        once = list({piece.text: piece for piece in reversed(pieces)}.values())[::-1]
        for piece in once[:MOST_STATEMENTS]:
            statement = self._statement(piece, len(statements) + 1)
            if statement is None or (statement.replaces and _is_said(statement, statements)):
                left_out += 1
            else:
                statements.append(statement)
        grown = replace(answer, statements=tuple(statements), left_out=left_out)
        return replace(grown, note=_how_made(grown))

    def _statement(self, piece: Piece, number: int) -> Statement | None:
        if piece not in self._done:
            check = self.passages.code if piece.kind == "code" else self.passages.support
            self._done[piece] = check(piece.text, piece.numbers)
        support = self._done[piece]
        if support is None:
            return None
        source = citation(number, support.quote, support.chunk)
        if support.supported:
            return Statement(piece.kind, piece.text, source)
        if support.similarity < NEAR:
            return None
        (quote,) = cite([(support.quote, support.chunk)])
        return replace(quote, citation=source, replaces=True)


def _is_said(statement: Statement, statements: Sequence[Statement]) -> bool:
    return any(other.replaces and statement.text == other.text for other in statements)


def _refuse_emptiness(answer: Answer, written: Written) -> None:
    """Raise ChatModelFault unless something that the model wrote is left in the answer."""
    if any(not statement.replaces for statement in answer.statements):
        return
    if says_no_answer(written.text):
        why = "found no answer in the passages it was given"
    elif _DECLINES.match(written.text):
        why = "declined to answer"
    else:
        why = "wrote nothing that the handbook says"
    log.warning("model %s: %s", answer.model, why)
    raise ChatModelFault(f"{answer.model} {why}")


def _how_made(answer: Answer) -> str:
    """One line on who wrote an answer, and what the checks changed."""
    changes = []
    if answer.replaced:
        changes.append(f"{_sentences(answer.replaced)} replaced by a quote")
    if answer.left_out:
        changes.append(f"{_sentences(answer.left_out)} left out")
    because = f" ({' and '.join(changes)}, because the cited section does not say it)" if changes else ""
    return f"Written by {answer.model} and checked{because}"


def _sentences(count: int) -> str:
    return f"{count} sentence" if count == 1 else f"{count} sentences"
