"""A real cross-encoder, tiny and untrained: what it says is noise, how it is used is not."""

import shutil
from dataclasses import replace

import pytest

from errors import ModelUnavailable
from ingest.embedder import find_model
from ingest.reranker import Reranker
from retriever import search
from retriever.search import Retriever
from settings import DEFAULT_EMBEDDER, load_settings

QUESTION = "How does compaction treat small files?"


def saved(folder, labels):
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=1.0,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(find_model(DEFAULT_EMBEDDER).folder / name, folder / name)
    return str(folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> str:
    return saved(tmp_path_factory.mktemp("reranker"), 1)


def test_off_unless_it_is_named(small_retriever):
    assert load_settings({}).reranker == ""
    assert load_settings({"MENTOR_RERANKER": "a/b"}).reranker == "a/b"
    assert small_retriever._rerankers() is None


def test_the_head_is_in_its_order_and_the_tail_as_it_was(small_index, small_retriever, tiny, monkeypatch):
    monkeypatch.setattr(search, "RERANKED", 6)
    before = small_retriever.find(QUESTION)
    after = Retriever(replace(small_index.settings, reranker=tiny)).find(QUESTION)
    texts = [passage.chunk.embedding_text() for passage in before.passages[:6]]
    scores = Reranker(tiny).scores(QUESTION, texts)
    assert len(set(scores)) == 6
    expected = [before.passages[n].chunk for n in sorted(range(6), key=lambda n: -scores[n])]
    assert [passage.chunk for passage in after.passages[:6]] == expected
    assert expected != [passage.chunk for passage in before.passages[:6]]
    assert after.passages[6:] == before.passages[6:]
    assert [p.score for p in after.passages] == [p.score for p in before.passages]
    assert after.sentences == before.sentences


def test_a_part_of_the_search_is_measured_without_it(small_index, small_retriever, tiny):
    reranked = Retriever(replace(small_index.settings, reranker=tiny))
    assert reranked.find(QUESTION, lexical_weight=1) == small_retriever.find(QUESTION, lexical_weight=1)


def test_no_texts_no_scores(tiny):
    assert Reranker(tiny).scores(QUESTION, []) == []


def test_a_folder_without_a_model_is_said(tmp_path, small_index):
    retriever = Retriever(replace(small_index.settings, reranker=str(tmp_path)))
    with pytest.raises(ModelUnavailable) as caught:
        retriever.open()
    assert str(caught.value).startswith(f"MENTOR_RERANKER is {tmp_path}, a folder without config.json")


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json"])
def test_a_missing_or_broken_file_is_said(tmp_path, tiny, missing):
    folder = shutil.copytree(tiny, tmp_path / "copy")
    for name in (missing, "vocab.txt") if missing == "tokenizer.json" else (missing,):
        (folder / name).write_bytes(b"{")
    with pytest.raises(ModelUnavailable, match="unset it to search without one"):
        Reranker(str(folder))


def test_a_name_that_is_nothing_is_said(tmp_path):
    with pytest.raises(ModelUnavailable, match="neither a folder with a cross-encoder nor one that could"):
        Reranker(str(tmp_path / "nothing"))


def test_a_classifier_is_not_a_reranker(tmp_path):
    with pytest.raises(ModelUnavailable, match="gives 3 scores for a pair"):
        Reranker(saved(tmp_path, 3))
