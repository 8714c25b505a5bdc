import numpy as np
import pytest

import ingest.store
from errors import StaleIndex
from ingest.chunks import Chunk, Sentence
from ingest.store import Store, write_store


def chunk(number: int, chapter: int = 1, sentences: int = 2) -> Chunk:
    identity = f"{chapter}.{number}/how/{number}"
    return Chunk(
        id=identity,
        section=f"{chapter}.{number}",
        title=f"Title {number}",
        heading="How",
        chapter=chapter,
        path="a.md",
        anchor=f"anchor-{number}",
        line=number,
        text=f"Text of {chapter}.{number} – größe, 表, 🙂.\n\n| a |\x00",
        sentences=tuple(
            Sentence(
                f"{identity}#{n}", "prose", f"Sentence {n} of {identity} stands here.", f"Title {number}"
            )
            for n in range(sentences)
        ),
    )


def directions(count: int, dimension: int = 8) -> np.ndarray:
    rows = np.random.default_rng(7).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def chunks() -> list[Chunk]:
    return [chunk(number, chapter) for chapter in (1, 2) for number in range(1, 13)]


@pytest.fixture(params=["matrix", "too many for a matrix", "asked of Chroma all the same"])
def store(request, tmp_path, chunks, monkeypatch):
    if request.param == "too many for a matrix":
        monkeypatch.setattr(ingest.store, "EXACT_ROWS", 71)
    write_store(tmp_path, chunks, directions(24), directions(48))
    store = Store(tmp_path, exact=request.param == "matrix")
    assert (store.matrix is None) == (request.param == "too many for a matrix")
    yield store
    store.close()


def test_what_is_written_is_read_back_in_order(store, chunks):
    assert list(store.chunks.values()) == chunks
    assert list(store.sentences.values()) == [s for c in chunks for s in c.sentences]
    assert store.chunk_of == {s.id: c.id for c in chunks for s in c.sentences}


def test_similarities_are_cosines_best_first(store, chunks):
    rows = directions(24)
    found = store.nearest_chunks(rows[5], 24)
    cosines = rows @ rows[5]
    assert [identity for identity, _ in found] == [chunks[n].id for n in np.argsort(-cosines)]
    assert [similarity for _, similarity in found] == pytest.approx(sorted(cosines, reverse=True), abs=1e-5)


@pytest.mark.parametrize(("k", "count"), [(0, 0), (-1, 0), (1, 1), (24, 24), (10_000, 24)])
def test_k_may_be_any_number(store, k, count):
    assert len(store.nearest_chunks(directions(1)[0], k)) == count


@pytest.mark.parametrize(
    ("chapters", "expected"), [((1,), {1}), ((2,), {2}), ((1, 2), {1, 2}), ((3,), set())]
)
def test_chapters_filter_both_rankings(store, chapters, expected):
    vector = directions(1)[0]
    chunks = store.nearest_chunks(vector, 99, chapters)
    sentences = store.nearest_sentences(vector, 99, chapters)
    assert {store.chunks[identity].chapter for identity, _ in chunks} == expected
    assert {store.chunks[store.chunk_of[identity]].chapter for identity, _ in sentences} == expected
    assert len(chunks) == 12 * len(expected)
    assert len(sentences) == 24 * len(expected)


def test_vectors_come_back_by_the_hash_of_their_text(store, chunks):
    items = [*chunks, *(s for c in chunks for s in c.sentences)]
    expected = [*directions(24), *directions(48)]
    found = store.vectors()
    assert found.keys() == {item.hash for item in items}
    for item, vector in zip(chunks, expected, strict=False):
        assert found[item.hash] == pytest.approx(vector, abs=1e-6)


def test_the_content_hash_follows_text_and_metadata_alone(tmp_path, chunks):
    def content(name, chunks, seed=0):
        (tmp_path / name).mkdir()
        write_store(
            tmp_path / name,
            chunks,
            np.roll(directions(len(chunks)), seed, axis=0),
            directions(2 * len(chunks)),
        )
        store = Store(tmp_path / name)
        store.close()
        return store.content

    first = content("a", chunks)
    assert content("b", chunks, seed=1) == first
    assert content("c", chunks[:-1]) != first
    assert content("d", [*chunks[:-1], chunk(99, 2)]) != first


def test_a_store_without_sentences(tmp_path):
    write_store(tmp_path, [chunk(1, sentences=0)], directions(1), np.zeros((0, 8), dtype=np.float32))
    store = Store(tmp_path)
    assert store.nearest_sentences(directions(1)[0], 5) == []
    assert [identity for identity, _ in store.nearest_chunks(directions(1)[0], 5)] == ["1.1/how/1"]
    store.close()


def test_an_empty_folder_is_a_stale_index(tmp_path):
    with pytest.raises(StaleIndex, match="cannot be read"):
        Store(tmp_path)


def test_a_dotenv_in_the_working_directory_is_not_read(tmp_path, chunks, monkeypatch):
    (tmp_path / ".env").write_text(
        "PERSIST_DIRECTORY=elsewhere\nANONYMIZED_TELEMETRY=True\nCHROMA_SERVER_HOST=x\n"
    )
    (tmp_path / "store").mkdir()
    monkeypatch.chdir(tmp_path)
    write_store(tmp_path / "store", chunks, directions(24), directions(48))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "store"]


def test_a_search_in_the_matrix_needs_no_chroma(tmp_path, chunks, monkeypatch):
    write_store(tmp_path, chunks, directions(24), directions(48))
    monkeypatch.setattr(ingest.store, "_client", None)
    assert Store(tmp_path).nearest_sentences(directions(1)[0], 3)


def test_equals_stand_in_the_documents_order(tmp_path, chunks):
    same = np.repeat(directions(1), 24, axis=0)
    write_store(tmp_path, chunks, same, directions(48))
    assert [identity for identity, _ in Store(tmp_path).nearest_chunks(same[0], 24)] == [c.id for c in chunks]


def test_a_matrix_of_another_length_is_noticed(tmp_path, chunks):
    write_store(tmp_path, chunks, directions(24), directions(48))
    np.save(tmp_path / "vectors.npy", directions(71))
    with pytest.raises(StaleIndex, match=r"vectors.npy has 71 rows"):
        Store(tmp_path)


def test_what_chroma_cannot_answer_is_a_stale_index(tmp_path, chunks):
    write_store(tmp_path, chunks, directions(24), directions(48))
    store = Store(tmp_path, exact=False)
    store._collections["chunks"]._client.delete_collection("chunks")
    with pytest.raises(StaleIndex, match="cannot be read"):
        store.nearest_chunks(directions(1)[0], 3)
    store.close()
