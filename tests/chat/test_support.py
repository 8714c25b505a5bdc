"""The check of a sentence against its passages, with the real model and the small handbook."""

import pytest

from chat.support import Passages

FACT = "Compaction rewrites many small files into few large files without changing a row."


@pytest.fixture(scope="module")
def chunks(small_retriever):
    return [passage.chunk for passage in small_retriever.search("What is compaction?", 60)]


@pytest.fixture(scope="module")
def passages(chunks, small_retriever) -> Passages:
    return Passages(chunks, small_retriever)


def number(chunks, words: str) -> int:
    return next(n for n, chunk in enumerate(chunks, start=1) if words in chunk.text)


@pytest.mark.parametrize(
    "sentence",
    [
        FACT,
        "Compaction rewrites many small files into a few large files and changes no row.",
        "Compaction turns many small files into few large ones.",
        "Each commit writes one JSON file into `_delta_log/`, with the version number padded to 20 digits.",
        "A stream with a commit every 10 seconds writes 8,640 commit files a day.",
        "Compacting 500 GB takes a cluster of four workers about 20 minutes.",
        "Compaction keeps every row.",
    ],
)
def test_what_a_passage_says_is_supported(passages, sentence):
    support = passages.support(sentence)
    assert support is not None
    assert support.supported
    assert support.quote.text in support.chunk.text


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("Compaction was invented by a team in Oslo.", id="elsewhere"),
        pytest.param("Bananas are yellow and grow in bunches.", id="another-subject"),
        pytest.param("A stream with a commit every 10 seconds writes 9,640 commit files a day.", id="figure"),
        pytest.param("Compacting 500 GB takes a cluster of five workers about 20 minutes.", id="word-figure"),
        pytest.param("Compacting 500 GB takes a cluster of 4 workers about 20 hours.", id="unit"),
        pytest.param("Compacting 500 TB takes a cluster of 4 workers about 20 minutes.", id="size"),
        pytest.param("Set `delta.compactEverything` to compact small files into large files.", id="setting"),
        pytest.param(
            "Compaction with spark.compact.now rewrites small files into large files.", id="bare-setting"
        ),
        pytest.param(
            "Compaction rewrites small files into large files: https://example.com/a.", id="address"
        ),
        pytest.param("Compaction does not keep every row.", id="denied"),
        pytest.param("Compaction does not rewrite small files into large files.", id="denied-again"),
        pytest.param(
            "Compaction rewrites few large files into many small files after changing a row, always.",
            id="opposite",
        ),
        pytest.param("Compaction changes the order of rows that readers see.", id="claim-quoted-as-wrong"),
    ],
)
def test_what_no_passage_says_is_not(passages, sentence):
    support = passages.support(sentence)
    assert support is not None
    assert not support.supported
    assert support.quote.text in support.chunk.text


def test_the_quote_is_the_nearest_sentence_of_the_cited_passage(passages, chunks):
    cited = number(chunks, FACT)
    support = passages.support("Compaction was invented in Oslo to merge small files.", [cited])
    assert (support.supported, support.chunk, support.quote.text) == (False, chunks[cited - 1], FACT)


def test_a_wrong_number_is_mended(passages, chunks):
    elsewhere = number(chunks, "Each commit writes one JSON file")
    support = passages.support(FACT, [elsewhere])
    assert (support.supported, support.chunk) == (True, chunks[number(chunks, FACT) - 1])


@pytest.mark.parametrize("numbers", [[0], [77], [-1]])
def test_a_number_that_is_not_there_is_passed_over(passages, numbers):
    assert passages.support(FACT, numbers) == passages.support(FACT)


def test_code_has_to_stand_in_a_passage_to_the_letter(small_retriever):
    chunks = [p.chunk for p in small_retriever.search("How do I set the log retention of a table?", 12)]
    passages = Passages(chunks, small_retriever)
    code = next(s.text for chunk in chunks for s in chunk.sentences if s.kind == "code")
    assert passages.code(code).quote.text == code
    assert passages.code("  " + code.replace("\n", "\n\n") + " ").quote.text == code
    assert passages.code("DROP TABLE sales.orders;") is None
    assert passages.code("") is None


def test_nothing_to_quote_is_no_support(small_retriever):
    assert Passages([], small_retriever).support(FACT) is None
