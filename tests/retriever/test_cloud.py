"""What holds for one cloud: found for its readers, kept from the others."""

import pytest

from ingest.chunks import cloud_of
from ingest.pipeline import ingest_collection
from retriever.query import cloud_asked
from retriever.search import Retriever
from tests.conftest import CORPUS_SMALL, settings_for

DOCUMENT = """# Storage

## Managed storage

### How it works

A managed table keeps its files in a location that the catalog chooses.

- **AWS.** A managed location on AWS is an S3 path behind an IAM role.
- **Azure.** A managed location on Azure is an ADLS path behind an access connector.
- **Google Cloud.** A managed location on Google Cloud is a GCS path behind a service account.
"""
QUESTION = "What is a managed location made of?"


@pytest.fixture(scope="module")
def retriever(tmp_path_factory) -> Retriever:
    folder = tmp_path_factory.mktemp("clouds")
    (folder / "docs").mkdir()
    (folder / "docs" / "storage.md").write_text(DOCUMENT, "utf-8")
    settings = settings_for(folder / "data", CORPUS_SMALL)
    ingest_collection(settings, "clouds", [folder / "docs"])
    return Retriever(settings, "clouds")


@pytest.mark.parametrize(
    ("question", "cloud", "quotable"),
    [
        pytest.param(QUESTION, "", {"", "aws", "azure", "gcp"}, id="any"),
        pytest.param(QUESTION, "azure", {"", "azure"}, id="the-readers"),
        pytest.param(f"{QUESTION} I mean on AWS.", "azure", {"", "aws"}, id="the-questions-first"),
    ],
)
def test_sentences_of_another_cloud_are_not_quoted(retriever, question, cloud, quotable):
    findings = retriever.find(question, cloud=cloud)
    assert {found.chunk.cloud for found in findings.sentences} == quotable


def test_passages_of_another_cloud_come_last(retriever):
    passages = retriever.search(QUESTION, k=10, cloud="gcp")
    assert [passage.chunk.cloud in ("", "gcp") for passage in passages] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "cloud"),
    [
        ("**AWS.** An S3 path.", "aws"),
        ("- **Google Cloud.** A GCS path.", "gcp"),
        ("**Azure** is a cloud.", ""),
        ("On **AWS.** it differs.", ""),
    ],
)
def test_only_a_label_at_the_start_names_the_cloud(text, cloud):
    assert cloud_of(text) == cloud


@pytest.mark.parametrize(
    ("question", "cloud"),
    [
        ("How do I mount ADLS?", "azure"),
        ("Is S3 or ADLS cheaper?", ""),
        ("Which GCS roles are needed?", "gcp"),
        ("What is a mount?", ""),
    ],
)
def test_the_cloud_a_question_names(question, cloud):
    assert cloud_asked(question) == cloud
