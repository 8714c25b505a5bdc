import re

import pytest

from ingest.glossary import Term, read_glossary
from ingest.pipeline import read_handbook
from ingest.sections import parse_document
from settings import PROJECT
from ui.underline import Underliner

DISK_CACHE = Term("disk cache", "Copies on the local SSD.", "1.1", was=("Delta cache",), since="2022")
CACHE = Term("cache", "Any cache.", "2.1")
CONTROL = Term("optimistic concurrency control", "No locks.", "1.1", also=("OCC", "no locks at all"))
PHOTON = Term("Photon", "Engine.", "1.1")
LOG = Term("checkpoint (Delta log)", "Actions up to a version.", "1.1")
GLOSSARY = (DISK_CACHE, CACHE, CONTROL, PHOTON, LOG)


def section(text: str, number: str = "1.2", title: str = "Reading"):
    chapter = number.partition(".")[0]
    source = f"---\nchapter: {chapter}\n---\n# {chapter}. A chapter\n\n## {number} {title}\n\n{text}\n"
    [found] = parse_document(source, "01-a.md").sections
    return found


def underlined(text: str, *others: str, number: str = "1.2", title: str = "Reading") -> str:
    here = section(text, number, title)
    sections = [here, *(section(other, f"2.{position + 1}") for position, other in enumerate(others))]
    # Words are everyday words by their share of the sections.
    sections += [section("Nothing.", f"3.{position}") for position in range(1, 30)]
    return Underliner(GLOSSARY, sections).underlined(here, text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The disk cache helps.", "The [disk cache](#term-disk-cache) helps.", id="name"),
        pytest.param("Disk caches help.", "[Disk caches](#term-disk-cache) help.", id="capital-and-plural"),
        pytest.param("The Delta cache.", "The [Delta cache](#term-disk-cache).", id="former-name"),
        pytest.param("By OCC.", "By [OCC](#term-optimistic-concurrency-control).", id="acronym"),
        pytest.param("There are no locks at all.", "There are no locks at all.", id="paraphrase"),
        pytest.param("A photon flies.", "A photon flies.", id="another-word-in-small-letters"),
        pytest.param("A checkpoint.", "A [checkpoint](#term-checkpoint-delta-log).", id="qualified-name"),
        pytest.param(
            "disk cachet, predisk cache", "disk cachet, predisk [cache](#term-cache)", id="whole-words"
        ),
        pytest.param("`disk cache` and ``a ` disk cache``", "`disk cache` and ``a ` disk cache``", id="code"),
        pytest.param(
            "[the disk cache](https://a.example/disk cache)",
            "[the disk cache](https://a.example/disk cache)",
            id="link",
        ),
        pytest.param("```\ndisk cache\n```", "```\ndisk cache\n```", id="code-block"),
        pytest.param("### The disk cache\n\nText.", "### The disk cache\n\nText.", id="heading"),
        pytest.param("### Sources\n\n- disk cache", "### Sources\n\n- disk cache", id="sources"),
        pytest.param(
            "| disk cache |\n|---|\n| disk cache |",
            "| disk cache |\n|---|\n| [disk cache](#term-disk-cache) |",
            id="row-not-head",
        ),
        pytest.param(
            "disk cache, Delta cache\n\n### Next\n\ndisk cache",
            "[disk cache](#term-disk-cache), Delta cache\n\n### Next\n\n[disk cache](#term-disk-cache)",
            id="once-a-block",
        ),
        pytest.param(
            "Sections 1.1; sections 3.1, 2.1 and 9.9; 2.1 GB; section 1.2.",
            "Sections 1.1; sections [3.1](handbook?section=3.1), [2.1](handbook?section=2.1) and 9.9; "
            "2.1 GB; section 1.2.",
            id="references-to-other-sections-that-exist",
        ),
    ],
)
def test_what_is_marked(text, expected):
    assert underlined(text, "Other.") == expected


def test_a_term_in_the_title_is_not_explained_again():
    assert underlined("Photon and the disk cache.", title="Photon") == (
        "Photon and the [disk cache](#term-disk-cache)."
    )


def test_an_everyday_word_is_explained_in_its_own_chapter_only():
    others = ["A cache."] * 4
    assert underlined("A cache.", *others) == "A cache."
    assert underlined("A cache.", *others, number="2.9") == "A [cache](#term-cache)."


def test_the_real_handbook_loses_nothing_but_gains_links():
    """Links stand around words; without them each section is what it was."""
    sections = [section for document in read_handbook(PROJECT / "corpus") for section in document.sections]
    underliner = Underliner(read_glossary(PROJECT / "corpus"), sections)
    link = re.compile(r"\[([^\]]*)\]\((?:#term-[^)\s]*|handbook\?section=[\d.]+)\)")
    explained = 0
    for one in sections:
        text, terms = underliner.underlined(one, one.text)
        assert link.sub(r"\1", text) == one.text
        assert set(re.findall(r"\]\(#term-([^)]*)\)", text)) == set(terms)
        explained += bool(terms)
    assert explained == len(sections)
