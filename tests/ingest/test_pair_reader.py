"""The pair reader with its shipped weights, and how its graph gets onto the disk."""

import logging
import shutil

import numpy as np
import pytest

import ingest.pair_reader
from errors import ModelUnavailable
from ingest.pair_reader import (
    SAMPLE,
    STANCES,
    WEIGHTS,
    PairReader,
    open_pair_reader,
    read_weights,
    reader_module,
    write_weights,
)


@pytest.fixture(scope="session")
def reader(small_index) -> PairReader:
    return open_pair_reader(small_index.settings.data_dir)


VACUUM, READERS = SAMPLE[0][0], SAMPLE[3][0]


@pytest.mark.parametrize(
    ("point", "said", "stance"),
    [
        pytest.param(*SAMPLE[0], "states", id="own-words"),
        pytest.param(VACUUM, VACUUM, "states", id="the-same-words"),
        pytest.param(*SAMPLE[4], "states", id="a-denial-in-other-words"),
        pytest.param(*SAMPLE[1], "contradicts", id="denied"),
        pytest.param(*SAMPLE[3], "contradicts", id="the-opposite"),
        pytest.param(*SAMPLE[2], "neither", id="another-subject"),
    ],
)
def test_stances(reader, point, said, stance):
    [likely] = reader.stances([(point, said)])
    assert STANCES[likely.argmax()] == stance
    assert likely.sum() == pytest.approx(1.0, abs=1e-4)


def test_what_answers_a_question_is_told_from_what_is_only_near(reader, small_retriever):
    def likely(question):
        nearest = small_retriever.find(question).sentences[:3]
        return reader.answers([(question, found.sentence.embedding_text()) for found in nearest]).max()

    assert likely("What does compaction do to small files?") > 2 * likely(
        "What will compaction cost next year?"
    )


def test_pairs_are_read_alike_alone_and_together(reader):
    pairs = [*SAMPLE, ("", ""), ("word " * 5000, "other " * 5000), ("\ud800", "größe")]
    together = reader.stances(pairs)
    alone = np.concatenate([reader.stances([pair]) for pair in pairs])
    assert np.array_equal(together, alone)
    assert reader.stances([]).shape == (0, 3)
    assert reader.answers([]).shape == (0,)


def test_the_graph_is_written_once_and_again_when_it_is_damaged(small_index, reader, tmp_path, monkeypatch):
    source = next((small_index.settings.data_dir / "encoder").glob("pairs-*"))
    folder = tmp_path / "encoder" / source.name
    shutil.copytree(source, folder)
    made = []

    def export(model, folder):
        made.append(folder)
        shutil.copytree(source, folder, dirs_exist_ok=True)

    monkeypatch.setattr(ingest.pair_reader, "_export", export)
    open_pair_reader(tmp_path)
    assert made == []
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1] + b"\0\0")
    open_pair_reader(tmp_path)
    assert made == [folder]


def test_a_small_graph_that_reads_otherwise_is_not_used(small_index, reader, tmp_path, monkeypatch, caplog):
    def other(exact, target):
        weights = {name: -array for name, array in read_weights(WEIGHTS).items()}
        ingest.pair_reader._write_graph(reader_module(model, weights), target)

    from ingest.embedder import find_model

    model = find_model("all-MiniLM-L6-v2")
    monkeypatch.setattr(ingest.pair_reader, "_write_small", other)
    with caplog.at_level(logging.WARNING, "ingest.pair_reader"):
        found = open_pair_reader(tmp_path).stances(SAMPLE)
    assert "the exact one is used" in caplog.text
    assert np.abs(found - reader.stances(SAMPLE)).mean() < ingest.pair_reader.CLOSE
    assert not list((tmp_path / "encoder").glob("export-*"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").write_text("a file where the data directory should be")
    with pytest.raises(ModelUnavailable, match=r"data \(.*make the folder writable, or set MENTOR_DATA_DIR"):
        open_pair_reader(tmp_path / "data")


def test_weights_survive_eight_bits(tmp_path):
    before = {
        "matrix": np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32),
        "vector": np.linspace(-1, 1, 7, dtype=np.float32),
        "stance.weight": np.ones((3, 4), np.float32) / 3,
    }
    write_weights(tmp_path / "weights.npz", before)
    after = read_weights(tmp_path / "weights.npz")
    assert after.keys() == before.keys()
    for name, array in before.items():
        assert np.abs(after[name] - array).max() <= np.abs(array).max() / 127
    assert np.array_equal(after["vector"], before["vector"])
