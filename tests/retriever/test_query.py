import pytest
import Stemmer

from ingest.glossary import Term
from retriever.query import Expander, Speller, clean_question, without_markup

TEXTS = [
    "A watermark bounds the state of an aggregation in Structured Streaming.",
    "Shuffle partitions spill when a partition is larger than memory.",
    "The pipeline runs a Databricks job; restore the table to a version.",
]
ENGLISH = {"which", "decode", "weather", "triple", "collide", "invoices"}


@pytest.fixture(scope="module")
def speller():
    return Speller(TEXTS, ENGLISH, Stemmer.Stemmer("english").stemWords)


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        pytest.param("watermak", "watermark", id="letter lost"),
        pytest.param("agregation", "aggregation", id="double letter lost"),
        pytest.param("databrics jbo pipline", "databricks jbo pipeline", id="too short to judge"),
        pytest.param("strucutred", "structured", id="letters swapped"),
        pytest.param("hsuffle", "shuffle", id="first letters swapped"),
        pytest.param("Wtermakr", "watermark", id="two slips in a long word"),
        pytest.param("parttiion,", "partition,", id="punctuation stays"),
    ],
)
def test_a_slip_is_mended_to_a_word_of_the_documents(speller, typed, mended):
    assert speller.corrected(typed) == mended


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("Which watermarks, partitioned or restoring?", id="inflected"),
        pytest.param("the weather tripled; two writers collided while decoding", id="english"),
        pytest.param("ACLs RDDs SCIM", id="acronyms"),
        pytest.param("spark.sql.shufle.partitions", id="setting"),
        pytest.param("`agregation` and shufle_2 and /mnt/shufle", id="code and paths"),
        pytest.param("zqxwv kubernetes", id="unlike anything"),
        pytest.param("日本語 naïve", id="other scripts"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_may_be_meant_stays(speller, typed):
    assert speller.corrected(typed) == typed


GLOSSARY = (
    Term("Lakeflow Jobs", "Runs tasks.", "11.1", was=("Databricks Workflows", "Workflows")),
    Term("change data feed", "Row changes.", "5.6", also=("CDF",)),
    Term("predicate pushdown", "Filters at the source.", "8.5", also=("filter pushdown", "pushdown")),
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("How do I repair Databricks Workflows?", ("Lakeflow Jobs",), id="former name"),
        pytest.param("cdf or streaming?", ("change data feed",), id="acronym, other case"),
        pytest.param("What is CDF, the change data feed?", (), id="said already"),
        pytest.param("a workflowsy thing", (), id="part of a word"),
        pytest.param("filter-pushdown of CDF", ("change data feed", "predicate pushdown"), id="two"),
        pytest.param("nothing here", (), id="none"),
    ],
)
def test_expansion(question, expected):
    assert set(Expander(GLOSSARY).expansion(question)) == set(expected)


def test_no_glossary_expands_nothing():
    assert Expander(()).expansion("CDF") == ()


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        pytest.param(
            "Ｗｈａｔ ｄｏｅｓ ＶＡＣＵＵＭ ｄｅｌｅｔｅ？", "What does VACUUM delete？", id="full width"
        ),
        pytest.param("What does VA\u200bCUUM delete?", "What does VACUUM delete?", id="zero width"),
        pytest.param("<script>alert(1)</script> What is a log?", "What is a log?", id="script"),
        pytest.param("<b>What</b> is a ![x](http://a/b.png)log [1]", "What is a log", id="tags and image"),
    ],
)
def test_what_is_searched_is_what_was_meant(typed, searched):
    assert without_markup(clean_question(typed)) == searched


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        pytest.param("set spark.sql.shufle.partitons", "set spark.sql.shuffle.partitions", id="slips"),
        pytest.param("spark.sql.shuffle.bananas", "spark.sql.shuffle.bananas", id="no such setting"),
        pytest.param("dbutils.fs.rm", "dbutils.fs.rm", id="another function"),
        pytest.param("docs.databricks.com", "docs.databricks.com", id="address"),
    ],
)
def test_a_slip_in_a_setting_that_the_documents_have_is_mended(typed, mended):
    texts = ["`spark.sql.shuffle.partitions` is 200; list files with `dbutils.fs.ls`."]
    assert Speller(texts, ENGLISH, Stemmer.Stemmer("english").stemWords).corrected(typed) == mended
