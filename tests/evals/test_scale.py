import json

import numpy as np

from evals import scale
from ingest.pipeline import open_store
from retriever.search import Retriever


def parts(settings):
    _, _, store = open_store(settings)
    try:
        return list(store.chunks.values()), store.vectors()
    finally:
        store.close()


def test_a_made_handbook_is_of_real_sentences_and_vectors_around_real_ones(small_index):
    real, known = parts(small_index.settings)
    chunks, vectors = scale.recombined(500, real, known)
    said = {sentence.text for chunk in real for sentence in chunk.sentences}
    made = [sentence for chunk in chunks for sentence in chunk.sentences]
    assert len({chunk.id for chunk in chunks}) == len(chunks) == 500
    assert len({sentence.id for sentence in made}) == len(made) == len(vectors) - 500
    assert {sentence.text for sentence in made} <= said
    assert all(sentence.text in chunk.text for chunk in chunks for sentence in chunk.sentences)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = np.array([known[sentence.hash] for sentence in made])
    cosines = (near * vectors[500:]).sum(axis=1)
    assert 0.7 < cosines.min() < cosines.max() < 0.95
    again = scale.recombined(500, real, known)
    assert again[0] == chunks
    assert np.array_equal(again[1], vectors)


def test_growth_is_measured_in_a_real_index_and_drawn(small_index, monkeypatch, tmp_path):
    monkeypatch.setattr(scale, "QUESTIONS", 2)
    monkeypatch.setattr(scale, "PLOT", str(tmp_path / "scale.png"))
    asked = []
    real = Retriever.search
    monkeypatch.setattr(Retriever, "search", lambda self, q: asked.append(real(self, q)) or asked[-1])
    measured = scale.measure(small_index.settings, sizes=(40, 80))
    assert [row["chunks"] for row in measured["sizes"]] == [40, 80]
    assert all(asked)
    for row in measured["sizes"]:
        assert row["ratio"] == row["search"] / row["encode"] > 0
        assert min(row["publish"], row["start"], row["memory"], row["disk"]) > 0
    assert measured["sizes"][0]["disk"] < measured["sizes"][1]["disk"]
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")
    table = scale.as_table(json.loads(json.dumps(measured)))
    assert table.splitlines()[-1] == str(tmp_path / "scale.png")
    assert "| 40 | " in table
