"""A real ingest is killed, again and again: the old index serves, the next ingest repairs."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from errors import StaleIndex
from ingest import versions
from ingest.pipeline import ingest_collection, open_store
from settings import PROJECT, Settings
from tests.conftest import CORPUS_SMALL, settings_for

pytestmark = pytest.mark.slow

NAME = "notes"
RANDOM_KILLS = 20
MOMENTS = (
    "ingest.pipeline.write_store before 1",
    "ingest.store._write before 1",
    "ingest.store._write after 1",
    "ingest.store._write before 2",
    "ingest.store._write after 2",
    "ingest.pipeline.write_store after 1",
    "ingest.pipeline.Store before 1",
    "ingest.versions.hash_files before 1",
    "ingest.versions.publish before 1",
    "pathlib.Path.replace before 1",
    "pathlib.Path.replace after 1",
    "ingest.versions.drop_others before 1",
    "shutil.rmtree before 1",
)
"""Function, side and call: around each of Chroma's flushes, the self-check, the publishing, the clean-up."""
KILL_AT = """
import importlib, os, runpy, signal, sys

path, side, call = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.argv = ["ingest", *sys.argv[4:]]
owner, _, name = path.rpartition(".")
try:
    place = importlib.import_module(owner)
except ModuleNotFoundError:
    module, _, cls = owner.rpartition(".")
    place = getattr(importlib.import_module(module), cls)
real, calls = getattr(place, name), 0

def killing(*args, **kwargs):
    global calls
    calls += 1
    if calls == call and side == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if calls == call:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(place, name, killing)
import ingest.__main__
sys.exit(ingest.__main__.main())
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> tuple[Settings, Path]:
    """Settings, and documents that are indexed once and then edited before every kill."""
    folder = tmp_path_factory.mktemp("killed")
    documents = folder / "documents"
    shutil.copytree(CORPUS_SMALL, documents)
    settings = settings_for(folder / "data", CORPUS_SMALL)
    ingest_collection(settings, NAME, [documents])
    return settings, documents


def edit(documents: Path, number: int) -> None:
    """Put one new sentence, and no other revision's, into a block that is searched."""
    file = documents / "02-compute.md"
    text = re.sub(r"Revision \d+ of .*\n\n", "", file.read_text("utf-8"))
    line = f"Revision {number} of this file says that a cluster has {number} workers.\n\n"
    file.write_text(text.replace("### How it works\n\n", f"### How it works\n\n{line}", 1), "utf-8")


def start(settings: Settings, *command: str) -> subprocess.Popen:
    environment = os.environ | {"MENTOR_DATA_DIR": str(settings.data_dir), "MENTOR_CORPUS": str(CORPUS_SMALL)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, *command], cwd=PROJECT, env=environment, **quiet)


def texts(settings: Settings) -> dict[str, str]:
    """What the published index serves."""
    _, _, store = open_store(settings, NAME)
    try:
        return {identity: chunk.text for identity, chunk in store.chunks.items()}
    finally:
        store.close()


def assert_survived(settings: Settings, documents: Path, before: dict[str, str], number: int) -> None:
    """The old or the new index serves, whole; the next ingest leaves exactly the new one."""
    served = texts(settings)
    revised = [text for text in served.values() if f"Revision {number} of this file" in text]
    assert served == before or len(revised) == 1
    ingest_collection(settings, NAME, [documents])
    after = texts(settings)
    assert len([text for text in after.values() if f"Revision {number} of this file" in text]) == 1
    assert len(set(after.values())) == len(after)
    folder = versions.index_folder(settings.data_dir, NAME)
    manifest = versions.read_manifest(folder)
    left = {path.name for path in folder.iterdir() if path.is_dir()}
    assert manifest.version in left <= {manifest.version, manifest.previous}


@pytest.mark.parametrize("number", range(RANDOM_KILLS))
def test_killed_at_a_random_moment(place, number):
    settings, documents = place
    before = texts(settings)
    edit(documents, number)
    process = start(settings, "-m", "ingest", str(documents), "--collection", NAME)
    time.sleep(random.Random(number).uniform(0.05, 2.5))  # the moment is the test
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert_survived(settings, documents, before, number)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_dangerous_moment(place, moment):
    settings, documents = place
    before = texts(settings)
    number = 1000 + MOMENTS.index(moment)
    edit(documents, number)
    process = start(settings, "-c", KILL_AT, *moment.split(), str(documents), "--collection", NAME)
    # Anything else would mean that a function was renamed and the kill missed it.
    assert process.wait() == -signal.SIGKILL
    assert_survived(settings, documents, before, number)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_every_damaged_file_is_noticed_and_rebuilt(place, damage):
    settings, documents = place
    folder = versions.index_folder(settings.data_dir, NAME)
    for name in sorted(versions.read_manifest(folder).files):
        manifest = versions.read_manifest(folder)
        same = next(file for file in manifest.files if Path(file).name == Path(name).name)
        path = folder / manifest.version / same
        content = path.read_bytes()
        if damage == "remove":
            path.unlink()
        elif content:
            middle = len(content) // 2
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            path.write_bytes(flipped if damage == "flip" else content[:middle])
        else:
            continue
        with pytest.raises(StaleIndex, match=r"damaged|missing"):
            open_store(settings, NAME)
        ingest_collection(settings, NAME, [documents])
        assert texts(settings)
