"""Settings, index and answerer joined once for all pages: the only `st.cache_resource`."""

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import streamlit as st

from chat.conversation import Where
from chat.extractive import Answerer, ExtractiveAnswerer
from chat.history import History
from chat.written import answerer_of
from database import open_database
from errors import MentorError, StaleIndex
from ingest.glossary import Term, read_glossary
from ingest.pipeline import Progress, chapter_files, ingest_handbook, read_handbook
from ingest.sections import Document, Section
from interview import next_questions as following
from interview import plan
from interview.bank import Question, bank_files, read_bank
from interview.graded import Graded
from interview.grading import Grader
from interview.mastery import Standing, shown_grader, standings
from interview.progress import Progress as InterviewProgress
from retriever.search import Retriever
from retriever.typed import TextIndex
from settings import Settings, load_settings
from ui.gradings import Gradings
from ui.underline import Underliner

Stamp = tuple[tuple[str, int], ...]
"""Names and times of files: another one when what was read of them must be read again."""
log = logging.getLogger("lakehouse_mentor")


class Preparation:
    """Opens the index in the background, and makes it first where there is no usable one."""

    def __init__(self, settings: Settings, retriever: Retriever) -> None:
        self._settings = settings
        self._retriever = retriever
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.progress = Progress("Opening the handbook", 0, 1)
        self.indexing = False
        """Whether the index is being made, rather than opened."""
        self._since = time.monotonic()
        self.ready = False
        self.fault = ""

    def start(self) -> None:
        """Begin, unless it is done or under way."""
        with self._lock:
            if self.ready or (self._thread and self._thread.is_alive()):
                return
            self.fault = ""
            self._thread = threading.Thread(target=self._run, name="preparation", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether the index is open, after at most so long."""
        if self._thread:
            self._thread.join(seconds)
        return self.ready

    def _run(self) -> None:
        try:
            try:
                self._retriever.open()
            except StaleIndex as error:
                log.warning("%s; indexing now", str(error).partition(";")[0])
                self.indexing = True
                ingest_handbook(self._settings, observe=self._observe)
                self._retriever.open()
            # The first question is not to wait for it.
            _ = self._retriever.pairs
            self.ready = True
        except MentorError as error:
            self.fault = str(error)
        except Exception:
            self.fault = apology()

    def seconds_left(self) -> float | None:
        """An estimate for the stage under way; None while there is nothing to go by."""
        done, total = self.progress.done, self.progress.total
        if not 0 < done < total:
            return None
        return (time.monotonic() - self._since) * (total - done) / done

    def _observe(self, progress: Progress) -> None:
        if progress.stage != self.progress.stage:
            self._since = time.monotonic()
        self.progress = progress


@st.cache_resource
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()


@st.cache_resource
def retriever() -> Retriever:
    """The search over the handbook."""
    return Retriever(settings())


@st.cache_resource
def preparation() -> Preparation:
    """The one preparation of this process."""
    return Preparation(settings(), retriever())


@st.cache_resource
def answerer() -> Answerer:
    """What the Ask page asks: a model if the settings name one."""
    return answerer_of(settings(), retriever())


@st.cache_data(max_entries=500, show_spinner=False)
def _is_answered(question: str, section: str, chapters: tuple[int, ...]) -> bool:
    *_, answer = ExtractiveAnswerer(retriever()).stream(question, where=Where(chapters))
    return any(citation.section == section for citation in answer.citations)


def next_questions(
    cited: tuple[str, ...], asked: tuple[str, ...], chapters: tuple[int, ...]
) -> tuple[str, ...]:
    """What may be asked next: questions that the handbook answers, with the section they are about.

    Args:
        cited: the sections of the last answer, most important first.
        asked: what was asked before.
        chapters: which are searched; all if empty.
    """
    try:
        candidates = following.candidates(cited, sections(), glossary(), bank())
        return following.offered(
            candidates, asked, lambda one: _is_answered(one.question, one.section, chapters)
        )
    except MentorError:
        return ()  # no answer is worth less for it, and the other pages say what is wrong


@st.cache_resource(show_spinner=False)
def database() -> sa.Engine:
    """The database of conversations and progress.

    Raises:
        StorageError: it cannot be opened.
    """
    return open_database(settings().database_url)


@st.cache_resource(show_spinner=False)
def history() -> History:
    """The conversations kept in the database.

    Raises:
        StorageError: the database cannot be opened.
    """
    return History(database())


@st.cache_resource(max_entries=2, show_spinner=False)
def _progress(stamp: Stamp) -> InterviewProgress:
    return InterviewProgress(database(), _bank(stamp))


def progress() -> InterviewProgress:
    """The interviews kept in the database.

    Raises:
        StorageError: the database cannot be opened.
        QuestionBankError: the bank, which says what was asked, cannot be read.
    """
    return _progress(_stamp(bank_files(settings().corpus)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _bank(stamp: Stamp) -> dict[str, Question]:
    return read_bank(settings().corpus)


def bank() -> dict[str, Question]:
    """The question bank by id, as it is on the disk now.

    Raises:
        QuestionBankError: it cannot be read.
    """
    return _bank(_stamp(bank_files(settings().corpus)))


@st.cache_resource
def grader() -> Grader:
    """What grades the answers of a mock interview: a model if the settings name one."""
    from interview.model_grading import grader_of

    return grader_of(settings(), retriever())


@st.cache_resource
def gradings() -> Gradings:
    """The answers being graded, of all sessions."""
    return Gradings()


@st.cache_resource(max_entries=2)
def _graded(stamp: tuple[int, int]) -> tuple[Graded, ...]:
    return tuple(progress().graded())


def graded() -> Sequence[Graded]:
    """Every graded answer, in order of time.

    Raises:
        StorageError: the database refuses.
    """
    return _graded(progress().stamp())


@st.cache_resource(max_entries=4)
def _standing(stamp: tuple[int, int], grader: str) -> Mapping[str, Standing]:
    return standings(row for row in _graded(stamp) if row.grader == grader)


def standing(by: str = "") -> Mapping[str, Standing]:
    """How well each section is known that was asked about, by one grader's grades.

    Args:
        by: whose; if empty the current grader's, or while it has graded nothing the last one's.

    Raises:
        StorageError: the database refuses.
    """
    stamp = progress().stamp()
    return _standing(stamp, by or shown_grader(_graded(stamp), grader().name))


def mastery() -> Mapping[str, float]:
    """How well each section is known, 0 to 1; without those that nobody was asked about.

    Raises:
        StorageError: the database refuses.
    """
    return {section: found.mastery for section, found in standing().items()}


def today() -> plan.Today:
    """Today's ten questions and what is left of them.

    Raises:
        StorageError: the database refuses.
        QuestionBankError: the bank cannot be read.
    """
    rows, questions = graded(), list(bank().values())
    return plan.today(questions, rows, progress().reviews(), day(), shown_grader(rows, grader().name))


def day() -> plan.Day:
    """Today, where the person is."""
    return plan.day_of(datetime.now(UTC), zone())


def zone() -> tzinfo:
    """The browser's time zone; UTC where it tells none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC


def now() -> float:
    """The time, in Unix seconds."""
    return time.time()


@st.cache_data(max_entries=1000, show_spinner=False)
def sentence_for(section: str, text: str) -> str:
    """The sentence of a section that is nearest to a text; empty if none is found.

    Raises:
        StaleIndex: there is no sound index.
    """
    found = retriever().find(text, chapters=(int(section.partition(".")[0]),)).sentences
    here = (hit for hit in found if hit.chunk.section == section and hit.sentence.kind != "code")
    return next((hit.sentence.text for hit in here), "")


def _stamp(files: Iterable[Path]) -> Stamp:
    return tuple((file.name, file.stat().st_mtime_ns) for file in files)


@st.cache_resource(show_spinner=False)
def _documents(stamp: Stamp) -> tuple[Document, ...]:
    return tuple(read_handbook(settings().corpus))


def _chapters_stamp() -> Stamp:
    """Names the chapters as they are on the disk now."""
    return _stamp(chapter_files(settings().corpus))


def handbook() -> tuple[Document, ...]:
    """The chapters as they are on the disk now.

    Raises:
        CorpusError: a chapter is at fault.
    """
    return _documents(_chapters_stamp())


def _sections(stamp: Stamp) -> list[Section]:
    return [section for document in _documents(stamp) for section in document.sections]


def sections() -> dict[str, Section]:
    """The handbook's sections by number."""
    return {section.number: section for document in handbook() for section in document.sections}


def title_of(section: str) -> str:
    """A section's title."""
    found = sections().get(section)
    return found.title if found else ""


def chapters() -> dict[int, str]:
    """The chapters' titles by number."""
    return {document.front["chapter"]: document.front["title"] for document in handbook()}


def verified(chapter: int) -> str:
    """The month in which a chapter's facts were last checked."""
    return next(
        (str(document.front["verified"]) for document in handbook() if document.front["chapter"] == chapter),
        "",
    )


def report_address(section: str) -> str:
    """Where to report an error in a section."""
    return settings().report_url.replace("{section}", section)


def origin() -> str:
    """Scheme, host and port of the address that the browser shows."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@st.cache_resource(max_entries=2, show_spinner=False)
def _glossary(stamp: int) -> tuple[Term, ...]:
    return read_glossary(settings().corpus)


def _glossary_stamp() -> int:
    path = settings().corpus / "glossary.yaml"
    return path.stat().st_mtime_ns if path.is_file() else 0


def glossary() -> tuple[Term, ...]:
    """The glossary as it is on the disk now.

    Raises:
        CorpusError: the glossary is malformed.
    """
    return _glossary(_glossary_stamp())


@st.cache_resource(max_entries=2, show_spinner=False)
def _underliner(chapters: Stamp, glossary: int) -> Underliner:
    return Underliner(_glossary(glossary), _sections(chapters))


def underliner() -> Underliner:
    """What finds the glossary's terms in a section's text.

    Raises:
        CorpusError: a chapter or the glossary is at fault.
    """
    return _underliner(_chapters_stamp(), _glossary_stamp())


@st.cache_resource(max_entries=2, show_spinner=False)
def _text_index(chapters: Stamp) -> TextIndex:
    return TextIndex(_sections(chapters))


def text_index() -> TextIndex:
    """What looks through the handbook's sentences while somebody types.

    Raises:
        CorpusError: a chapter is at fault.
    """
    return _text_index(_chapters_stamp())


def keep_choices() -> None:
    """Keep what is chosen in the sidebar: Streamlit forgets the widgets that a page does not draw."""
    for key in ("chapters", "cloud"):
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def prepare() -> None:
    """Start opening the index while the page is drawn."""
    try:
        preparation().start()
    except MentorError as error:
        st.error(str(error))
        st.stop()


@st.fragment(run_every=0.5)
def draw_preparation() -> None:
    """Draw how far the first index is, until it is there; or why there is none."""
    current = preparation()
    if current.fault:
        st.error(current.fault.replace("\n", "  \n"))
        if st.button("Try again", key="again"):
            current.start()
        return
    if current.ready:
        st.rerun()
    progress, left = current.progress, current.seconds_left()
    share = min(1.0, progress.done / max(1, progress.total))
    st.progress(share, text=progress.stage + (f" · {left:.0f} s left" if left else ""))
    if current.indexing:
        st.caption("The index is made once. The Handbook page is readable already.")


def apology() -> str:
    """Log the exception being handled and return words for the page, joined by an id."""
    identity = uuid.uuid4().hex[:8]
    log.exception("fault %s", identity)
    return f"Something went wrong on our side. The log has the details under the id {identity}."
