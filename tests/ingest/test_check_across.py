import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ingest.check_across import check_across, stale_sections
from ingest.sections import read_document
from settings import PROJECT

SMALL = Path(__file__).parents[1] / "corpus_small"
TEXT = (
    "A reader loads the newest checkpoint and replays every later commit in order, so the cost of opening "
    "a table grows with the number of commits since the last checkpoint and not with the size of the data, "
    "which a listing of the directory would have made it do."
)


def documents(tmp_path, *texts):
    for number, text in enumerate(texts, 1):
        (tmp_path / f"{number:02}-chapter.md").write_text(
            f"---\nchapter: {number}\nverified: 2026-0{number}\n---\n# {number}. Chapter\n\n"
            f"## {number}.1 Title\n\n### How it works\n\n{text}\n",
            "utf-8",
        )
    return [read_document(file, file.name) for file in sorted(tmp_path.glob("*.md"))]


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(TEXT, id="same"),
        pytest.param(TEXT.replace("newest", "latest").replace("grows", "rises"), id="two words changed"),
        pytest.param(f"Nothing is locked meanwhile. {TEXT} It is cached afterwards.", id="with more around"),
    ],
)
def test_a_text_said_twice_is_named_with_both_places(tmp_path, copy):
    found = list(check_across(documents(tmp_path, TEXT, copy)))
    assert found == [
        (
            "02-chapter.md",
            11,
            "a text must stand in one section; section 1.1 has it too, at 01-chapter.md:11",
        )
    ]


def test_the_same_thing_in_other_words_is_no_copy(tmp_path):
    other = (
        "Opening gets slower with each commit that no checkpoint has swallowed yet: the log since then is "
        "read entry by entry. How many rows lie in the table does not matter for that step, and nobody "
        "lists folders, whose content says nothing about what is live."
    )
    assert list(check_across(documents(tmp_path, TEXT, other))) == []


def test_a_section_may_repeat_itself(tmp_path):
    assert list(check_across(documents(tmp_path, f"{TEXT}\n\n{TEXT}"))) == []


@pytest.mark.parametrize(
    ("today", "days", "expected"),
    [
        (date(2026, 2, 1), 0, ["1.1"]),
        (date(2026, 1, 31), 0, []),
        (date(2026, 3, 2), 1, ["1.1", "2.1"]),
        (date(2026, 3, 2), 2, ["1.1"]),
    ],
)
def test_a_month_counts_as_its_last_day(tmp_path, today, days, expected):
    stale = stale_sections(documents(tmp_path, "Some text.", "Other text."), today, days)
    assert [section.section for section in stale] == expected


def run(*options):
    return subprocess.run(
        [sys.executable, "-m", "ingest", *options], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def test_the_command_lists_what_is_stale_and_stays_content():
    done = run("--check", "--stale", "0", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["problems"] == []
    assert isinstance(json.loads(done.stdout)["stale"], list)


@pytest.mark.parametrize("options", [("--stale", "3"), ("--check", "--stale", "-1")])
def test_stale_is_said_with_check_and_a_number_of_days(options):
    done = run(*options)
    assert done.returncode == 2
    assert "--stale goes with --check" in done.stderr
