import numpy as np
import pytest

import ingest.shipped
from ingest.pipeline import ingest_handbook, open_store, ship_vectors
from ingest.shipped import read_shipped, write_shipped
from ingest.versions import index_folder
from tests.fakes import WordHashEmbedder, use_word_hashes


def state(corpus):
    return {path.name: path.read_bytes() for path in (corpus / "vectors").glob("*")}


def parts(settings):
    manifest, _, store = open_store(settings)
    try:
        return manifest.embedder, list(store.chunks.values()), store.vectors()
    finally:
        store.close()


@pytest.fixture
def shipped(settings, word_hashes):
    """The small handbook with its vectors, and no index."""
    assert ship_vectors(settings) == 2
    return settings


def forget_index(settings):
    folder = index_folder(settings.data_dir, "handbook")
    folder.rename(folder.with_name("before"))


def edit(settings):
    file = settings.corpus / "02-compute.md"
    text = file.read_text("utf-8")
    old = "The cluster manager watches the queue of pending tasks."
    assert old in text
    file.write_text(text.replace(old, "The zeppelin manager watches the queue of pending tasks."), "utf-8")


def test_an_ingest_from_nothing_embeds_nothing(shipped):
    forget_index(shipped)
    before = len(WordHashEmbedder.encoded)
    report = ingest_handbook(shipped)
    assert len(WordHashEmbedder.encoded) == before
    assert report.added == report.chunks > 0


def test_the_index_holds_what_was_shipped(shipped):
    embedder, chunks, before = parts(shipped)
    forget_index(shipped)
    ingest_handbook(shipped)
    _, same, after = parts(shipped)
    assert same == chunks
    assert before.keys() == after.keys()
    for digest, vector in before.items():
        assert vector @ after[digest] > 0.9999
        assert np.linalg.norm(read_shipped(shipped.corpus, embedder)[digest]) == pytest.approx(1, abs=1e-6)


def test_only_what_was_edited_is_embedded_and_written_again(shipped):
    forget_index(shipped)
    before, encoded = state(shipped.corpus), len(WordHashEmbedder.encoded)
    edit(shipped)
    assert ship_vectors(shipped) == 1
    assert 0 < len(WordHashEmbedder.encoded) - encoded <= 5
    after = state(shipped.corpus)
    assert after["01-storage.npz"] == before["01-storage.npz"]
    assert after["02-compute.npz"] != before["02-compute.npz"]


def test_the_same_handbook_writes_the_same_bytes(shipped):
    before = state(shipped.corpus)
    assert ship_vectors(shipped) == 0
    for path in (shipped.corpus / "vectors").glob("*"):
        path.unlink()
    assert ship_vectors(shipped) == 2
    assert state(shipped.corpus) == before


def test_rebuild_takes_nothing_on_trust(shipped):
    before = len(WordHashEmbedder.encoded)
    ingest_handbook(shipped, rebuild=True)
    assert len(WordHashEmbedder.encoded) > before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-200]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(b"not an archive"), id="something else"),
        pytest.param(lambda path: np.savez(path, other=np.zeros(3)), id="other arrays"),
        pytest.param(
            lambda path: np.savez(
                path,
                embedder=np.array(str(np.load(path)["embedder"])),
                hashes=np.load(path)["hashes"],
                vectors=np.load(path)["vectors"][:-1],
            ),
            id="a row short",
        ),
        pytest.param(
            lambda path: np.savez(
                path,
                embedder=np.array(str(np.load(path)["embedder"])),
                hashes=np.load(path)["hashes"],
                vectors=np.full_like(np.load(path)["vectors"], np.nan),
            ),
            id="no numbers",
        ),
    ],
)
def test_a_damaged_file_is_said_and_its_texts_are_embedded(shipped, damage, caplog):
    embedder, chunks, _ = parts(shipped)
    file = shipped.corpus / "vectors" / "02-compute.npz"
    damage(file)
    known = read_shipped(shipped.corpus, embedder)
    assert "02-compute.npz cannot be used" in caplog.text
    assert {chunk.path.rpartition("/")[2] for chunk in chunks if chunk.hash in known} == {"01-storage.md"}
    forget_index(shipped)
    assert ingest_handbook(shipped).chunks == len(chunks)


def test_another_embedders_vectors_are_not_taken(shipped):
    assert read_shipped(shipped.corpus, "another@1") == {}


def test_a_chapter_that_is_gone_leaves_no_vectors(shipped):
    embedder, chunks, known = parts(shipped)
    rest = [chunk for chunk in chunks if chunk.chapter == 1]
    hashes = [item.hash for chunk in rest for item in (chunk, *chunk.sentences)]
    assert write_shipped(shipped.corpus, embedder, {"01-storage": hashes}, known) == 0
    assert list(state(shipped.corpus)) == ["01-storage.npz"]


def test_a_kill_while_writing_leaves_the_old_file(shipped, monkeypatch):
    before = state(shipped.corpus)
    edit(shipped)

    def killed(file, **arrays):
        file.write(b"PK half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(ingest.shipped.np, "savez", killed)
    with pytest.raises(KeyboardInterrupt):
        ship_vectors(shipped)
    assert state(shipped.corpus) | before == state(shipped.corpus)
    monkeypatch.undo()
    use_word_hashes(monkeypatch)
    assert ship_vectors(shipped) == 1
    assert state(shipped.corpus).keys() == before.keys()
