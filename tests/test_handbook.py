"""The handbook as it is, with the real model: what must hold whatever the chapters say."""

import re
from pathlib import Path

import numpy as np
import pytest

from chat.extractive import ExtractiveAnswerer
from evals.graded_answers import read_answers
from evals.training import train
from ingest.check import check_handbook
from ingest.chunks import SKIPPED_BLOCKS
from ingest.embedder import AGREEMENT, query_encoder
from ingest.pipeline import ingest_handbook, open_store, read_handbook
from ingest.sections import Section
from ingest.shipped import read_shipped
from interview.classifier import shipped
from interview.features import NAMES
from retriever.search import Retriever
from settings import PROJECT, Settings
from tests.conftest import settings_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def handbook(tmp_path_factory, small_index) -> Settings:
    """The shipped handbook, indexed once; the encoder is the small index's."""
    data_dir: Path = tmp_path_factory.mktemp("handbook")
    (data_dir / "encoder").symlink_to(small_index.settings.data_dir / "encoder")
    settings = settings_for(data_dir, PROJECT / "corpus")
    ingest_handbook(settings)
    return settings


@pytest.fixture(scope="session")
def retriever(handbook) -> Retriever:
    return Retriever(handbook)


@pytest.fixture(scope="session")
def sections(handbook) -> dict[str, Section]:
    return {s.number: s for document in read_handbook(handbook.corpus) for s in document.sections}


@pytest.fixture(scope="session")
def chunks(handbook):
    _, model, store = open_store(handbook)
    yield model, list(store.chunks.values())
    store.close()


def test_the_shipped_vectors_are_the_encoders(chunks, small_index):
    model, found = chunks
    items = [*found, *(sentence for chunk in found for sentence in chunk.sentences)]
    known = read_shipped(PROJECT / "corpus", model.identity)
    missing = {item.hash for item in items} - known.keys()
    assert not missing, f"{len(missing)} texts have no vector; run `python -m ingest --ship`"
    sample = items[:: len(items) // 150]
    encoder = query_encoder(model, small_index.settings.data_dir)
    fresh = encoder.encode([item.embedding_text() for item in sample])
    agreement = (fresh * np.stack([known[item.hash] for item in sample])).sum(axis=1)
    assert agreement.min() >= AGREEMENT


def test_every_chunk_fits_the_models_window(chunks):
    model, found = chunks
    assert [c.id for c in found if model.count_tokens(c.embedding_text()) > 256] == []


def test_every_sentence_is_a_substring_of_its_sections_source(chunks, sections):
    _, found = chunks
    assert [s.text for c in found for s in c.sentences if s.text not in sections[c.section].text] == []


def test_every_word_that_is_searched_is_in_a_chunk(chunks, sections):
    _, found = chunks
    text = dict.fromkeys(sections, "")
    for chunk in found:
        text[chunk.section] += re.sub(r"\s", "", chunk.text)
    lost = [
        (section.number, element.line)
        for section in sections.values()
        for block in section.blocks
        for element in block.elements
        if block.heading not in SKIPPED_BLOCKS and element.kind not in ("diagram", "code")
        if re.sub(r"\s", "", element.text) not in text[section.number]
    ]
    assert lost == []


def test_the_handbook_and_its_data_are_in_order():
    assert check_handbook(PROJECT / "corpus", PROJECT) == []


def test_every_title_finds_its_section(retriever, sections):
    missed = [
        number
        for number, section in sections.items()
        if number not in {passage.chunk.section for passage in retriever.search(section.title, k=5)}
    ]
    assert missed == []


def test_what_is_quoted_about_every_section_stands_in_the_handbook(retriever, sections):
    answerer = ExtractiveAnswerer(retriever)
    for section in sections.values():
        (answer,) = answerer.stream(f"What should I know about {section.title}?")
        assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
        for citation in answer.citations:
            assert citation.quote in sections[citation.section].text
            assert citation.quote in (PROJECT / citation.path).read_text("utf-8")


def test_other_subjects_are_refused(retriever):
    answerer = ExtractiveAnswerer(retriever)
    questions = ("How do I bake a sourdough bread?", "Who won the football world cup in 1998?")
    assert [answer.refused for question in questions for answer in answerer.stream(question)] == [True, True]


def test_a_second_ingest_changes_nothing(handbook):
    report = ingest_handbook(handbook)
    assert (report.added, report.updated, report.removed) == (0, 0, 0)
    assert report.unchanged == report.chunks > 0


def test_the_shipped_weights_are_what_training_gives(handbook):
    fresh, shipped_ = train(handbook, read_answers()), shipped(NAMES)
    assert fresh.names == shipped_.names
    sample = np.random.default_rng(7).normal(size=(500, len(NAMES)))
    values = (sample * shipped_.scale + shipped_.mean).astype(np.float32)
    # Whoever mends a question of the bank moves the weights a little; a forgotten training moves them far.
    assert np.abs(fresh.judge(values) - shipped_.judge(values)).mean() < 0.02
