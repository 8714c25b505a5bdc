"""Search over the small handbook with the real model."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from errors import QuestionError, StaleIndex
from ingest.pipeline import ingest_handbook
from retriever.query import MOST_CHARACTERS, clean_question, without_markup
from retriever.search import Retriever, rank_sections
from tests.conftest import settings_for


@pytest.mark.parametrize(
    ("question", "section"),
    [
        pytest.param("Which file says what belongs to a table?", "1.1", id="log"),
        pytest.param("My queries are slow because of thousands of tiny files", "1.2", id="small-files"),
        pytest.param("What should nightly scheduled work run on?", "2.1", id="job-cluster"),
        pytest.param("How does Databricks add workers under load?", "2.2", id="autoscaling"),
        pytest.param("hw long is teh comit log retaned", "1.1", id="misspelt"),
    ],
)
def test_the_best_passage_is_from_the_right_section(small_retriever, question, section):
    assert small_retriever.search(question, k=1)[0].chunk.section == section


@pytest.mark.parametrize(
    "identifier",
    [
        "delta.logRetentionDuration",
        "delta.randomizeFilePrefixes",
        "delta.dataSkippingNumIndexedCols",
        "numFilesRemoved",
        "_delta_log",
        "dataChange",
        "WriteSerializable",
        "DESCRIBE DETAIL",
    ],
)
def test_an_identifier_is_found_to_the_letter(small_retriever, identifier):
    assert identifier in small_retriever.search(identifier, k=1)[0].chunk.text
    assert identifier in small_retriever.search(f"What is `{identifier}` for?", k=1)[0].chunk.text


def test_passages_come_best_first_without_repeats(small_retriever):
    passages = small_retriever.search("When do small files make queries slow?", k=10)
    assert len(passages) == len({p.chunk.id for p in passages}) == 10
    assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)
    assert all(0 <= p.score <= 1 and -1 <= p.similarity <= 1.0001 for p in passages)


def test_a_smaller_k_is_the_head_of_a_larger(small_retriever):
    question = "What does a vacuum remove?"
    assert small_retriever.search(question, k=3) == small_retriever.search(question, k=10)[:3]


def test_k_beyond_the_corpus_gives_every_chunk(small_index, small_retriever):
    passages = small_retriever.search("What does a vacuum remove?", k=10**12)
    assert len(passages) == small_index.report.chunks


@pytest.mark.parametrize("k", [0, -1, -(10**12)])
def test_k_below_one_is_refused(small_retriever, k):
    with pytest.raises(QuestionError) as caught:
        small_retriever.search("What does a vacuum remove?", k=k)
    assert str(caught.value) == f"k is {k}; ask for at least 1 passage"


@pytest.mark.parametrize("chapters", [(1,), (2,), (1, 2)])
def test_only_the_chapters_asked_for(small_retriever, chapters):
    passages = small_retriever.search("How many workers and how many files?", k=50, chapters=chapters)
    assert {p.chunk.chapter for p in passages} == set(chapters)
    findings = small_retriever.find("How many workers and how many files?", chapters)
    assert {found.chunk.chapter for found in findings.sentences} == set(chapters)


@pytest.mark.parametrize("chapters", [(3,), (0,), (-1,), (1, 99)])
def test_an_unknown_chapter_is_refused(small_retriever, chapters):
    with pytest.raises(QuestionError) as caught:
        small_retriever.search("What does a vacuum remove?", chapters=chapters)
    assert str(caught.value) == f"there is no chapter {chapters[-1]} in the index; it holds 1, 2"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        pytest.param("", "the question is empty", id="empty"),
        pytest.param(" \n\t", "the question is empty", id="blank"),
        pytest.param("\x00\x00", "the question is empty", id="only-nul"),
        pytest.param("\ud800\udfff"[:1], "the question is empty", id="only-a-surrogate"),
        pytest.param("🙂🙃", "the question “🙂🙃” has no words; ask it in English words", id="emoji"),
        pytest.param("?!…", "the question “?!…” has no words", id="punctuation"),
        pytest.param(
            "x" * 50_000, "the question has 50,000 characters; ask in at most 4,000", id="50000-characters"
        ),
    ],
)
def test_a_question_without_a_question_is_refused(small_retriever, question, message):
    for ask in (small_retriever.search, small_retriever.find):
        with pytest.raises(QuestionError) as caught:
            ask(question)
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("question", "clean"),
    [
        pytest.param("What\x00 does\u200b VACUUM\r\n\tdo?", "What does VACUUM do?", id="control-characters"),
        pytest.param("What \ud800 is it", "What is it", id="surrogate"),
        pytest.param("  a   b  ", "a b", id="spaces"),
        pytest.param("<b>What</b> is a log?", "<b>What</b> is a log?", id="html"),
        pytest.param("提交日志是什么？", "提交日志是什么？", id="chinese"),
        pytest.param("x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS, id="the-longest"),
    ],
)
def test_clean_question(question, clean):
    assert clean_question(question) == clean


@pytest.mark.parametrize(
    "question",
    [
        "What\x00 removes\ud800 files?",
        "<script>alert(1)</script> compaction?",
        "提交日志是什么？",
        "OPTIMIZE'; DROP TABLE chunks; --",
        '{"$ne": null} "commit log" (a|b)* [x]',
        "word " * 799,
        "a",
        "7",
        "ß",
        "what is the of and to",
        "ما هو سجل الالتزام؟",
        "יומן שינויים",
        "журнал фиксаций",
        "कमिट लॉग क्या है",
        "\udcff\x00\udcff log \x00",
        "x" * MOST_CHARACTERS,
    ],
    ids=[
        *("nul-and-surrogate", "html", "chinese", "sql", "operators", "very-long", "one-letter", "one-digit"),
        *("sharp-s", "stop-words", "arabic", "hebrew", "russian", "hindi", "only-surrogates-and-a-word"),
        "one-long-word",
    ],
)
def test_any_question_with_words_finds_passages(small_retriever, question):
    assert len(small_retriever.search(question, k=5)) == 5


REQUIREMENTS = (
    "Design the platform.\x00 - small files, 40 TB of them, must be compacted nightly; – the commit log has "
    "to keep every version for 30 days!!! * autoscaling should add workers while the queue of tasks grows — "
    "*** ,,, ;;; (((  \ud800 • who may see which rows is decided by 名前 and größe: personal data must be "
    "masked. ... ?! A job cluster runs the nightly work, but it must not stay up, and the bill is to be half."
)


def test_a_page_of_requirements_is_searched_part_by_part(small_retriever):
    findings = small_retriever.find(REQUIREMENTS)
    assert len(findings.facets) >= 3
    assert {p.chunk.section for p in findings.passages[:12]} >= {"1.2", "2.2"}
    assert small_retriever.find("What is compaction?").facets == {}


def test_a_slip_is_mended_in_the_search_itself(small_retriever):
    slipped, right = (small_retriever.find(f"What is {word}?") for word in ("compacton", "compaction"))
    assert slipped.question == "What is compaction?"
    assert slipped.passages == right.passages


def test_an_everyday_word_finds_what_the_glossary_calls_otherwise(settings, word_hashes):
    entry = "- {term: small files, means: Files below the size, also: [wombats], section: '1.2'}\n"
    (settings.corpus / "glossary.yaml").write_text(entry, "utf-8")
    ingest_handbook(settings)
    findings = Retriever(settings).find("Why do wombats hurt?")
    assert {"small", "file"} <= set(findings.terms)
    assert findings.passages[0].chunk.section == "1.2"


def test_fifty_searches_from_threads_are_those_made_one_by_one(small_index):
    retriever = Retriever(small_index.settings)
    asked = ["commit log", "small files", "job cluster", "autoscaling", "delta.appendOnly"]
    questions = [f"What about {asked[n % 5]} in case {n}?" for n in range(50)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(retriever.search, questions))  # opens the index from many threads at once
    for found, question in zip(together, questions, strict=True):
        alone = retriever.search(question)
        assert [p.chunk.id for p in found] == [p.chunk.id for p in alone]
        assert [p.score for p in found] == pytest.approx([p.score for p in alone], abs=1e-5)


def test_the_same_question_is_answered_the_same_way(small_retriever):
    assert small_retriever.find("What is compaction?") == small_retriever.find("What is compaction?")


def test_without_an_index_the_command_is_named(tmp_path, corpus):
    retriever = Retriever(settings_for(tmp_path / "nothing", corpus))
    for act in (retriever.open, lambda: retriever.search("What is a log?")):
        with pytest.raises(StaleIndex, match="run `python -m ingest`"):
            act()


def test_the_index_is_made_without_a_look_at_the_network(small_index):
    assert small_index.sockets == ()
    assert (small_index.report.sections, small_index.report.embedder) == (4, "all-MiniLM-L6-v2@53aa51172d14")


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        pytest.param(
            "What is `VACUUM`? ![x](http://e.co/a.png) <b>bold</b>", "What is `VACUUM`? bold", id="both"
        ),
        pytest.param("is a < b and c > d allowed?", "is a < b and c > d allowed?", id="comparison"),
        pytest.param("[1] [2] What is Photon? [12]", "What is Photon?", id="sources"),
        pytest.param("why does `arr[0]` fail?", "why does `arr[0]` fail?", id="an-index"),
        pytest.param("<img>", "<img>", id="nothing-else"),
    ],
)
def test_markup_says_nothing_about_what_is_asked(question, plain):
    assert without_markup(question) == plain


def test_the_sentences_of_a_section_come_with_their_own_vectors(small_retriever):
    found, vectors = small_retriever.sentences_of("1.2")
    assert {chunk.section for _, chunk in found} == {"1.2"}
    assert "code" not in {sentence.kind for sentence, _ in found}
    fresh = small_retriever.encode([sentence.embedding_text() for sentence, _ in found])
    assert (vectors * fresh).sum(axis=1).min() > 0.999
    nothing, none = small_retriever.sentences_of("9.9")
    assert (nothing, len(none)) == ([], 0)


def test_all_sentences_of_the_best_section_are_found_near_or_not(small_retriever, monkeypatch):
    monkeypatch.setattr("retriever.search.SENTENCES", 1)
    findings = small_retriever.find("Why do small files make queries slow?", candidates=1)
    best = next(iter(rank_sections(findings.passages)))
    found = {hit.sentence.text: hit.similarity for hit in findings.sentences if hit.chunk.section == best}
    sentences, vectors = small_retriever.sentences_of(best)
    near = vectors @ small_retriever.encode([findings.question])[0]
    assert len(sentences) > 10
    for (sentence, _), similarity in zip(sentences, near, strict=True):
        assert found[sentence.text] == pytest.approx(float(similarity), abs=1e-3)


@pytest.mark.parametrize(
    "question",
    ["bin packing", "What is bin packing?", "explain OPTIMIZE", "What is bin packing in Databricks?"],
)
def test_a_term_by_another_name_finds_what_the_term_finds(small_retriever, question):
    found = small_retriever.find(question)
    assert found.explained_in == {"1.2"}
    assert found.passages[0].chunk.section == "1.2"


@pytest.mark.parametrize(
    "question", ["Why is bin packing slow?", "bread", "and it?", "bin packing in Oracle"]
)
def test_a_question_that_asks_more_than_a_term_is_no_term(small_retriever, question):
    assert small_retriever.find(question).explained_in == frozenset()
