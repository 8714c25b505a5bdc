"""Every test starts without the person's settings and with a data directory of its own."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.embedder import Model, find_model
from ingest.pipeline import Report, ingest_handbook, prepare_encoder
from retriever.search import Retriever
from settings import DEFAULT_EMBEDDER, Settings, load_settings
from tests.fakes import WordHashEmbedder, use_word_hashes

CORPUS_SMALL = Path(__file__).parent / "corpus_small"

_sockets_used: list[str] | None = None


def _watch_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    if _sockets_used is None or event not in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        return
    target = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    _sockets_used.append(f"{event} {target}")


# An audit hook sees every use of Python's sockets, and cannot be taken out again.
sys.addaudithook(_watch_sockets)


def settings_for(data_dir: Path, corpus: Path) -> Settings:
    names = {"MENTOR_DATA_DIR": data_dir, "MENTOR_CORPUS": corpus, "MENTOR_EMBEDDER": DEFAULT_EMBEDDER}
    return load_settings({name: str(value) for name, value in names.items()})


@dataclass(frozen=True)
class SmallIndex:
    """The small handbook, indexed with the real model."""

    settings: Settings
    report: Report
    sockets: tuple[str, ...]
    """Every connection and name look-up that making it tried."""


@pytest.fixture(autouse=True)
def clean_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MENTOR_") or name.endswith(("_API_KEY", "_BASE_URL")) or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("MENTOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("settings._dotenv", lambda folder: {})
    monkeypatch.setattr("settings._secrets", lambda folder: {})


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> SmallIndex:
    """Made once, in the default way, from nothing; read only."""
    global _sockets_used
    settings = settings_for(tmp_path_factory.mktemp("small"), CORPUS_SMALL)
    _sockets_used = []
    try:
        report = ingest_handbook(settings)
        prepare_encoder(settings)
        return SmallIndex(settings, report, tuple(_sockets_used))
    finally:
        _sockets_used = None


@pytest.fixture(scope="session")
def small_retriever(small_index: SmallIndex) -> Retriever:
    return Retriever(small_index.settings)


@pytest.fixture(scope="session")
def model() -> Model:
    return find_model(DEFAULT_EMBEDDER)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A copy of the small handbook that a test may change."""
    return Path(shutil.copytree(CORPUS_SMALL, tmp_path / "corpus"))


@pytest.fixture
def word_hashes(monkeypatch: pytest.MonkeyPatch) -> type[WordHashEmbedder]:
    return use_word_hashes(monkeypatch)


@pytest.fixture
def settings(tmp_path: Path, corpus: Path) -> Settings:
    return settings_for(tmp_path / "data", corpus)
