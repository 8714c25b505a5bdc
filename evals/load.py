"""`python -m evals.load`: many people at once on the real app, each a session of its own.

Run by hand, on a machine that does nothing else. The app runs as a process of its own over the whole
handbook and a new database; the people speak Streamlit's protocol to it, because twenty browsers would
measure the browsers. What they are told by the page, and what the database holds in the end, is counted.
"""

import argparse
import asyncio
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from command_line import run
from database import open_database
from errors import MentorError
from evals.questions import read_questions
from interview.bank import Question, read_bank
from interview.progress import Progress
from settings import PROJECT, Settings, load_settings

PATIENCE = 120.0
"""Seconds that a person waits for a page."""
QUESTIONS = 2
"""Answered in each interview."""
ASKED = 4
"""Asked by each person on the Ask page."""
THINKING = 5.0
"""Seconds between two questions of one person."""
_MADE = re.compile(r" · (\d+) (ms|s)$")


@dataclass
class Found:
    """What was measured, in seconds, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def took(self, what: str, seconds: float) -> None:
        """Note how long something took."""
        self.seconds.setdefault(what, []).append(seconds)


class Session:
    """One person's page: what is drawn on it, and what can be done there."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._script = ""
        self._elements: dict[tuple[int, ...], Any] = {}
        self.query = ""
        """The address after its question mark."""
        self.first = 0.0
        """When the answer, or the first words of one, were drawn last, as `time.perf_counter` counts."""

    async def open(self, page: str, query: str = "") -> None:
        """Open a page of the app, by its path."""
        self.query = query
        await self._run({}, page)

    async def press(self, button: str, text: str | None = None) -> None:
        """Press the button of that key, after writing into the page's box if there is a text."""
        values: dict[str, str | bool] = {self._id("button", button): True}
        if text is not None:
            values[self._id("text_area")] = text
        await self._run(values)

    async def write(self, text: str) -> None:
        """Write into the page's box and leave it."""
        await self._run({self._id("text_area"): text})

    async def ask(self, question: str) -> None:
        """Ask on the Ask page."""
        await self._run({self._id("chat_input"): question})

    def all(self, kind: str) -> list[Any]:
        """The elements of a kind, in the order of the page."""
        drawn = (self._elements[at] for at in sorted(self._elements))
        return [getattr(element, kind) for element in drawn if element.WhichOneof("type") == kind]

    def faults(self) -> list[str]:
        """What the page complains about."""
        return [fault.message for fault in self.all("exception")] + [box.body for box in self.all("alert")]

    def _id(self, kind: str, key: str = "") -> str:
        # Streamlit ends a widget's id with its key.
        found = [widget.id for widget in self.all(kind) if widget.id.endswith(f"-{key}" if key else "")]
        if not found:
            raise MentorError(f"the page has no {kind} {key}; it says {self.faults()}")
        return str(found[0])

    async def _run(self, values: Mapping[str, str | bool], page: str = "") -> None:
        """Send what was done, and take in the page until its script has run to the end."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.page_name = self.query, self._script, page
        for identity, value in values.items():
            widget = rerun.widget_states.widgets.add(id=identity)
            if isinstance(value, bool):
                widget.trigger_value = value
            elif identity in {box.id for box in self.all("chat_input")}:
                widget.chat_input_value.data = value
            else:
                widget.string_value = value
        await self._stream.send(message.SerializeToString())
        await asyncio.wait_for(self._drawn(), PATIENCE)

    async def _drawn(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        drawn: set[tuple[int, ...]] = set()
        self.first = 0.0
        while True:
            message = ForwardMsg.FromString(await self._stream.recv())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                drawn.clear()
            elif kind == "navigation":
                self._script = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                at, element = tuple(message.metadata.delta_path), message.delta.new_element
                self._elements[at] = element
                drawn.add(at)
                if not self.first and "[1]" in element.markdown.body:
                    self.first = time.perf_counter()
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                # What this run did not draw is gone from the page.
                self._elements = {at: one for at, one in self._elements.items() if at in drawn}
                return


async def interviewed(
    url: str, number: int, section: str, bank: Mapping[str, Question], found: Found
) -> tuple[str, list[str]]:
    """One person's interview; returns its id and what was answered."""
    by_words = {question.question: question for question in bank.values()}
    answers: list[str] = []
    async with connected(url) as page:
        await timed(found, "a page to begin with", page.open("interview", f"section={section}"))
        await timed(found, "Start to the first question", page.press("start"))
        for asked in range(QUESTIONS):
            question = by_words[page.all("heading")[0].body]
            points = " ".join(point.text for point in question.key_points[: 2 + number % 3])
            answers.append(f"Person {number} says to question {asked + 1} what follows. {points}")
            await asyncio.sleep(random.uniform(0, THINKING))  # noqa: S311
            await timed(found, "typing kept", page.write(answers[-1][:40]))
            await timed(found, "Submit to feedback", page.press("submit", answers[-1]))
            if not any(text.body.startswith("Graded by") for text in page.all("markdown")):
                raise MentorError(f"no feedback for person {number}; the page says {page.faults()}")
            if asked + 1 < QUESTIONS:
                await timed(found, "Next question", page.press("next"))
        await timed(found, "End to the report", page.press("end"))
        found.errors += page.faults()
        return dict(parse_qsl(page.query))["interview"], answers


async def asking(url: str, number: int, questions: Sequence[str], found: Found) -> None:
    """One person's questions on the Ask page, some seconds between them."""
    await asyncio.sleep(random.uniform(0, THINKING))  # noqa: S311
    async with connected(url) as page:
        await timed(found, "a page to begin with", page.open(""))
        for at in range(ASKED):
            await asyncio.sleep(THINKING)
            began = time.perf_counter()
            await timed(
                found, "question to whole answer", page.ask(questions[(number * ASKED + at) % len(questions)])
            )
            if page.first:
                found.took("question to first words", page.first - began)
            made = [seen for text in page.all("markdown") if (seen := _MADE.search(text.body))]
            if len(made) != at + 1:
                found.errors.append(f"person {number}: {len(made)} answers to {at + 1} questions")
            if made:
                found.took("the answer itself", float(made[-1][1]) / (1000 if made[-1][2] == "ms" else 1))
            found.errors += page.faults()


async def timed(found: Found, what: str, step: Awaitable[None]) -> None:
    """Take a step and note how long it took."""
    began = time.perf_counter()
    await step
    found.took(what, time.perf_counter() - began)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Session]:
    """A session of its own on the app."""
    from websockets.asyncio.client import connect

    address = url.replace("http://", "ws://") + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, ping_interval=None) as stream:  # type: ignore[list-item]
        yield Session(stream)


async def interviews(url: str, people: int, settings: Settings, database: str) -> Found:
    """Everybody's interview at once; what is not in the database in the end is an error."""
    bank, found = read_bank(settings.corpus), Found()
    many = Counter(question.section for question in bank.values() if not question.stages)
    sections = [section for section, count in many.items() if count >= QUESTIONS]
    sat = await asyncio.gather(
        *(
            interviewed(url, number, sections[number * 5 % len(sections)], bank, found)
            for number in range(people)
        ),
        return_exceptions=True,
    )
    kept = Progress(open_database(database), bank)
    rows = Counter(row.interview for row in kept.graded())
    for number, one in enumerate(sat):
        if isinstance(one, BaseException):
            found.errors.append(f"person {number}: {type(one).__name__}: {one}")
            continue
        identity, answers = one
        interview = kept.load(identity)
        attempts = interview.attempts if interview else ()
        if [attempt.answers for attempt in attempts] != [(answer,) for answer in answers]:
            found.errors.append(f"person {number}: what was answered is not what is kept")
        if any(attempt.grade is None for attempt in attempts) or rows[identity] != len(answers):
            found.errors.append(f"person {number}: {rows[identity]} of {len(answers)} grades are kept")
    return found


async def questions(url: str, people: int) -> Found:
    """Everybody's questions, some seconds between two of one person."""
    found = Found()
    asked = [question.question for question in read_questions()]
    random.Random(0).shuffle(asked)  # noqa: S311
    done = await asyncio.gather(
        *(asking(url, number, asked, found) for number in range(people)), return_exceptions=True
    )
    found.errors += [f"{type(one).__name__}: {one}" for one in done if isinstance(one, BaseException)]
    return found


def as_lines(name: str, found: Found) -> str:
    """The medians, the slowest in twenty, and the errors."""
    lines = [name]
    for what, seconds in found.seconds.items():
        late = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
        lines.append(
            f"  {what}: median {statistics.median(seconds):.2f} s, 95% within {late:.2f} s ({len(seconds)})"
        )
    lines.append(f"  errors: {len(found.errors)}")
    lines += [f"    {error[:300]}" for error in found.errors[:10]]
    return "\n".join(lines)


@contextmanager
def serving(settings: Settings, folder: Path, database: str) -> Iterator[str]:
    """The app as a process of its own; yields its address when its index is open."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {"DATABASE_URL": database, "MENTOR_DATA_DIR": str(settings.data_dir)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=log, stderr=log)  # noqa: S603
        try:
            url = f"http://127.0.0.1:{port}"
            asyncio.run(ready(url))
            yield url
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


async def ready(url: str) -> None:
    """Wait until the app answers and its index is open."""
    for _ in range(int(PATIENCE)):
        try:
            async with connected(url) as page:
                await page.open("")
                if page.all("chat_input"):
                    return
        except OSError:
            pass
        await asyncio.sleep(1)
    raise MentorError(f"the app was not ready in {PATIENCE:.0f} s; run `python -m ingest` first")


def main() -> int:
    """Serve, let the people in, and print what was found.

    Returns:
        1 if anything was lost or went wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m evals.load", description=main.__doc__)
    parser.add_argument("--interviewed", type=int, default=20, metavar="PEOPLE", help="at once; default 20")
    parser.add_argument("--asking", type=int, default=25, metavar="PEOPLE", help="at once; default 25")
    options = parser.parse_args()
    settings = load_settings()
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        database = f"sqlite:///{Path(name) / 'mentor.db'}"
        with serving(settings, Path(name), database) as url:
            sat = asyncio.run(interviews(url, options.interviewed, settings, database))
            print(as_lines(f"{options.interviewed} interviewed at once", sat), flush=True)
            asked = asyncio.run(questions(url, options.asking))
            print(as_lines(f"{options.asking} asking, {THINKING:.0f} s between questions", asked))
        log = (Path(name) / "server.log").read_text("utf-8")
    faults = re.findall(r"^\S*(?:Error|Exception)\b.*", log, re.MULTILINE)
    print(f"faults in the server's log: {len(faults)} {faults[:3]}; load after {os.getloadavg()[0]:.1f}")
    return 1 if sat.errors or asked.errors or faults else 0


if __name__ == "__main__":
    run(main)
