"""Grades being made: each goes on to its end whatever becomes of the page that asked for it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from interview.session import Interview

REMEMBERED = 200
"""Grades that no page has come back for; an interview that was kept needs none of them."""


@dataclass(frozen=True)
class Step:
    """An interview after an answer was graded, and whether it could be kept."""

    interview: Interview
    id: str
    fault: Exception | None = None
    """Why it could not be kept."""


@dataclass(frozen=True)
class Grading:
    """One answer being graded."""

    text: str
    step: "Future[Step]"


class Gradings:
    """The grades being made in this process, by the turn that they are of. Safe to share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Grading] = {}

    def begin(self, turn: str, text: str, work: Callable[[], Step]) -> None:
        """Have an answer graded, unless one to the same turn is being graded already."""
        with self._lock:
            if turn in self._known:
                return
            grading = self._known[turn] = Grading(text, Future())
            while len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))

        def run() -> None:
            try:
                grading.step.set_result(work())
            except Exception as error:
                grading.step.set_exception(error)

        # A daemon: a model that does not answer keeps no server from stopping.
        threading.Thread(target=run, name="grading", daemon=True).start()

    def of(self, turn: str) -> Grading | None:
        """The grading of a turn, under way or done and not yet taken over."""
        return self._known.get(turn)

    def forget(self, turn: str) -> None:
        """Let a turn be graded anew."""
        with self._lock:
            self._known.pop(turn, None)
