"""The glossary as terms."""

import pytest

from errors import CorpusError
from ingest.glossary import Term, read_glossary

ENTRY = """
- term: disk cache
  means: Copies of remote data on a local disk.
  also: [local cache]
  was: [Delta cache]
  since: "2022"
  section: "2.7"
"""


def test_every_field_is_read(tmp_path):
    (tmp_path / "glossary.yaml").write_text(ENTRY, "utf-8")
    term = Term(
        "disk cache",
        "Copies of remote data on a local disk.",
        "2.7",
        ("local cache",),
        ("Delta cache",),
        "2022",
    )
    assert read_glossary(tmp_path) == (term,)


def test_a_handbook_without_a_glossary_has_no_terms(tmp_path):
    assert read_glossary(tmp_path) == ()


@pytest.mark.parametrize(
    "text", ["- term: x\n", "a: [", "- 3\n", "3\n"], ids=["keys", "yaml", "entry", "list"]
)
def test_a_malformed_glossary_is_named(tmp_path, text):
    (tmp_path / "glossary.yaml").write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=r"glossary\.yaml: malformed"):
        read_glossary(tmp_path)
