"""One ingest, with the real tokenizer, store and files, and the embedder that counts its texts."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ingest.pipeline
import ingest.store
import ingest.versions
from errors import CorpusError, StaleIndex, StorageError
from ingest.pipeline import Progress, ingest_collection, ingest_handbook, open_store
from ingest.versions import collections, index_folder, read_manifest, remove_collection
from retriever.search import Retriever
from settings import PROJECT

PARAGRAPH = "The cluster manager watches the queue of pending tasks."
NEWER = "The zeppelin manager watches the queue of pending tasks."


def edit(corpus: Path, old: str = PARAGRAPH, new: str = NEWER, name: str = "02-compute.md") -> None:
    file = corpus / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def counts(report):
    return (report.added, report.updated, report.removed, report.unchanged)


def state(settings):
    """The manifest to the letter and the folders of the index."""
    folder = index_folder(settings.data_dir, "handbook")
    return (folder / "manifest.json").read_bytes(), sorted(p.name for p in folder.iterdir() if p.is_dir())


def chunk_ids(settings):
    _, _, store = open_store(settings)
    try:
        return list(store.chunks)
    finally:
        store.close()


def vectors(settings):
    _, _, store = open_store(settings)
    try:
        return store.vectors()
    finally:
        store.close()


def test_first_ingest_embeds_everything_and_the_second_nothing(settings, word_hashes):
    first = ingest_handbook(settings)
    manifest, _, store = open_store(settings)
    items = [*store.chunks.values(), *store.sentences.values()]
    store.close()
    assert first.sections == manifest.sections == 4
    assert counts(first) == (first.chunks, 0, 0, 0)
    assert sorted(word_hashes.encoded) == sorted({item.embedding_text() for item in items})

    word_hashes.encoded.clear()
    before = state(settings)
    second = ingest_handbook(settings)
    assert word_hashes.encoded == []
    assert state(settings) == before
    assert replace(second, seconds=0.0) == replace(first, added=0, unchanged=first.chunks, seconds=0.0)


def test_editing_a_paragraph_embeds_only_what_it_changed(settings, word_hashes):
    first = ingest_handbook(settings)
    old = vectors(settings)
    word_hashes.encoded.clear()
    edit(settings.corpus)
    report = ingest_handbook(settings)
    assert counts(report) == (0, 1, 0, first.chunks - 1)
    assert len(word_hashes.encoded) == 2  # the chunk and the sentence
    assert all(NEWER in text for text in word_hashes.encoded)
    new = vectors(settings)
    kept = old.keys() & new.keys()
    assert len(kept) == len(old) - 2 == len(new) - 2
    # Chroma normalises what it is given, so a reused vector may differ in its last bit.
    assert all(np.allclose(old[identity], new[identity], atol=1e-6) for identity in kept)


def test_adding_a_paragraph_adds_chunks(settings, word_hashes):
    first = ingest_handbook(settings)
    edit(
        settings.corpus,
        "### Sources",
        "### Extra\n\nA zeppelin is lighter than air.\n\n### Sources",
        "01-storage.md",
    )
    report = ingest_handbook(settings)
    assert counts(report) == (2, 0, 0, first.chunks)


def test_removing_a_section_removes_its_chunks(settings, word_hashes):
    first = ingest_handbook(settings)
    gone = [identity for identity in chunk_ids(settings) if identity.startswith("2.2/")]
    file, outline = settings.corpus / "02-compute.md", settings.corpus / "sections.tsv"
    file.write_text(file.read_text("utf-8").partition("## 2.2 ")[0], "utf-8")
    outline.write_text(
        "".join(row for row in outline.read_text("utf-8").splitlines(True) if "\t2.2\t" not in row), "utf-8"
    )
    word_hashes.encoded.clear()
    report = ingest_handbook(settings)
    assert gone
    assert counts(report) == (0, 0, len(gone), first.chunks - len(gone))
    assert word_hashes.encoded == []
    assert [identity for identity in chunk_ids(settings) if identity.startswith("2.2/")] == []


def test_rebuild_embeds_everything_again(settings, word_hashes):
    first = ingest_handbook(settings)
    before = sorted(word_hashes.encoded)
    word_hashes.encoded.clear()
    report = ingest_handbook(settings, rebuild=True)
    assert sorted(word_hashes.encoded) == before
    assert counts(report) == (0, 0, 0, first.chunks)


def test_progress_ends_at_its_total(settings, word_hashes):
    seen: list[Progress] = []
    ingest_handbook(settings, observe=seen.append)
    stages = list(dict.fromkeys(progress.stage.split(" ")[0] for progress in seen))
    assert stages == ["Reading", "Loading", "Embedding", "Writing", "Checking"]
    embedding = [p for p in seen if p.stage == "Embedding"]
    assert [p.done for p in embedding] == list(range(1, len(embedding) + 1))
    assert embedding[-1].done == embedding[-1].total == len(word_hashes.encoded)


def test_the_previous_version_is_kept_and_older_ones_are_dropped(settings, word_hashes):
    folder = index_folder(settings.data_dir, "handbook")
    made = []
    for _ in range(3):
        ingest_handbook(settings, rebuild=True)
        made.append(read_manifest(folder).version)
    assert len(set(made)) == 3
    assert state(settings)[1] == sorted(made[1:])
    assert read_manifest(folder).previous == made[1]


def raiser(error):
    def fail(*arguments, **options):
        raise error

    return fail


def _shuffled(real):
    def write(folder, chunks, chunk_vectors, sentence_vectors):
        real(folder, chunks, np.roll(chunk_vectors, 1, axis=0), sentence_vectors)

    return write


def _short(real):
    def write(folder, chunks, chunk_vectors, sentence_vectors):
        sentences = len(chunks[-1].sentences)
        real(folder, chunks[:-1], chunk_vectors[:-1], sentence_vectors[:-sentences])

    return write


def _misspelt(real):
    def write(folder, chunks, *rest):
        real(folder, [replace(chunks[0], text=chunks[0].text + "!"), *chunks[1:]], *rest)

    return write


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_shuffled, id="vectors-of-others"),
        pytest.param(_misspelt, id="another-text"),
        pytest.param(_short, id="a-row-too-few"),
    ],
)
def test_a_store_that_does_not_hold_what_was_written_is_not_published(
    settings, word_hashes, monkeypatch, damage
):
    ingest_handbook(settings)
    before = state(settings)
    monkeypatch.setattr(ingest.pipeline, "write_store", damage(ingest.pipeline.write_store))
    with pytest.raises(StorageError, match="does not hold what was written; the old one still serves"):
        ingest_handbook(settings, rebuild=True)
    assert state(settings) == before
    assert chunk_ids(settings)


FULL = OSError(errno.ENOSPC, "No space left on device")
READ_ONLY = OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        pytest.param("ingest.store._write", FULL, "No space left on device", id="full-while-writing-rows"),
        pytest.param("ingest.versions.hash_files", FULL, "No space left on device", id="full-while-hashing"),
        pytest.param("ingest.versions._flush", FULL, "No space left on device", id="full-while-publishing"),
        pytest.param(
            "pathlib.Path.replace", READ_ONLY, "Read-only file system", id="read-only-while-publishing"
        ),
        pytest.param("filelock.FileLock.acquire", READ_ONLY, "Read-only file system", id="read-only-lock"),
    ],
)
def test_a_disk_that_refuses_publishes_nothing(settings, word_hashes, monkeypatch, place, error, message):
    ingest_handbook(settings)
    before = state(settings)
    with monkeypatch.context() as patch:
        patch.setattr(place, raiser(error))
        with pytest.raises(StorageError, match=message):
            ingest_handbook(settings, rebuild=True)
    assert state(settings) == before
    assert chunk_ids(settings)
    ingest_handbook(settings, rebuild=True)
    assert state(settings) != before


@pytest.mark.parametrize(
    "error", [RuntimeError("out of memory"), KeyboardInterrupt()], ids=["fault", "ctrl-c"]
)
def test_an_exception_while_embedding_publishes_nothing(settings, word_hashes, monkeypatch, error):
    ingest_handbook(settings)
    before = state(settings)
    monkeypatch.setattr(word_hashes, "encode", raiser(error))
    with pytest.raises(type(error)):
        ingest_handbook(settings, rebuild=True)
    assert state(settings) == before
    assert chunk_ids(settings)


def test_a_data_directory_that_is_a_file_is_reported(settings, word_hashes):
    settings.data_dir.write_text("a file")
    with pytest.raises(StorageError, match="set MENTOR_DATA_DIR to a folder of yours"):
        ingest_handbook(settings)


HOLD = """
import sys
from pathlib import Path
from ingest.versions import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_ingest_is_refused_until_the_first_ends(settings, word_hashes):
    folder = index_folder(settings.data_dir, "handbook")
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StorageError) as caught:
            ingest_handbook(settings)
        assert str(caught.value) == (
            f"another ingest is writing {folder}; wait until it ends, then run this again"
        )
        other.kill()  # a dead writer's lock is free
        other.wait()
    assert ingest_handbook(settings).added > 0


KILLED = """
import os, signal, sys
from pathlib import Path
import pytest
from ingest import pipeline, versions
from tests.conftest import settings_for
from tests.fakes import use_word_hashes
use_word_hashes(pytest.MonkeyPatch())
versions.publish = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
pipeline.ingest_handbook(settings_for(Path(sys.argv[1]), Path(sys.argv[2])), rebuild=True)
"""


def test_leavings_of_a_killed_ingest_are_swept_by_the_next(settings, word_hashes):
    ingest_handbook(settings)
    manifest, folders = state(settings)
    command = [sys.executable, "-c", KILLED, settings.data_dir, settings.corpus]
    assert subprocess.run(command, cwd=PROJECT, check=False, capture_output=True).returncode == -9
    assert state(settings)[0] == manifest
    assert len(state(settings)[1]) == len(folders) + 1
    assert chunk_ids(settings)
    word_hashes.encoded.clear()
    ingest_handbook(settings)
    assert word_hashes.encoded == []
    assert state(settings) == (manifest, folders)


def test_readers_follow_a_new_version_without_restart(settings, word_hashes):
    ingest_handbook(settings)
    reader = Retriever(settings)
    assert NEWER not in reader.search("zeppelin manager", k=1)[0].chunk.text
    edit(settings.corpus)
    ingest_handbook(settings)
    assert NEWER in reader.search("zeppelin manager", k=1)[0].chunk.text


def test_readers_keep_the_old_version_while_an_ingest_fails_beside_them(settings, word_hashes, monkeypatch):
    ingest_handbook(settings)
    reader = Retriever(settings)
    before = reader.search("pending tasks")
    ingest_handbook(settings)
    assert reader.search("pending tasks") == before
    edit(settings.corpus)
    monkeypatch.setattr(ingest.versions, "publish", raiser(StorageError("refused")))
    with pytest.raises(StorageError, match="refused"):
        ingest_handbook(settings)
    assert reader.search("pending tasks") == before


def test_a_changed_handbook_makes_the_index_stale(settings, word_hashes):
    ingest_handbook(settings)
    edit(settings.corpus)
    with pytest.raises(
        StaleIndex, match="the handbook has changed since it was indexed; run `python -m ingest`"
    ):
        open_store(settings)
    with pytest.raises(StaleIndex):
        Retriever(settings).open()


def test_another_way_of_cutting_makes_the_index_stale_and_reuses_its_vectors(
    settings, word_hashes, monkeypatch
):
    first = ingest_handbook(settings)
    monkeypatch.setattr(ingest.pipeline, "CHUNKING_VERSION", "another")
    with pytest.raises(StaleIndex, match="another version of this program; run `python -m ingest`"):
        open_store(settings)
    word_hashes.encoded.clear()
    assert counts(ingest_handbook(settings)) == (0, 0, 0, first.chunks)
    assert word_hashes.encoded == []
    assert chunk_ids(settings)


def test_another_embedder_makes_the_index_stale_and_embeds_afresh(settings, word_hashes, model, tmp_path):
    ingest_handbook(settings)
    folder = tmp_path / "embedder"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((model.folder / "tokenizer.json").read_bytes())
    (folder / "model.safetensors").write_bytes(b"other weights")
    other = replace(settings, embedder=str(folder))
    with pytest.raises(StaleIndex) as caught:
        open_store(other)
    assert str(caught.value).startswith(
        f"the index was made with all-MiniLM-L6-v2@53aa51172d14, the setting is {folder}@"
    )
    before = sorted(word_hashes.encoded)
    word_hashes.encoded.clear()
    report = ingest_handbook(other)
    assert report.embedder.startswith(f"{folder}@")
    assert sorted(word_hashes.encoded) == before
    assert chunk_ids(other)
    with pytest.raises(StaleIndex):
        open_store(settings)


def test_every_fault_of_the_handbook_is_listed_and_nothing_is_written(settings, word_hashes):
    (settings.corpus / "01-storage.md").write_bytes(b"")
    (settings.corpus / "02-compute.md").write_bytes(b"\xff")
    with pytest.raises(CorpusError) as caught:
        ingest_handbook(settings)
    assert [line.partition(": ")[2].partition(";")[0] for line in str(caught.value).splitlines()][:2] == [
        "the file is empty",
        "byte 0xff is not UTF-8",
    ]
    assert not settings.data_dir.exists()


def test_a_folder_without_chapters_is_reported(settings, word_hashes):
    for file in settings.corpus.glob("*.md"):
        file.unlink()
    with pytest.raises(CorpusError, match=r"no chapter here; expected files such as"):
        ingest_handbook(settings)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "runbook.md").write_text(
        "# Runbook\n\nRestart the zeppelin gateway twice.\n\n"
        "## On call\n\nThe on-call person answers within ten minutes.\n"
    )
    (folder / "deep" / "team.md").write_text("The team owns three pipelines and one dashboard.\n")
    (folder / "ignored.txt").write_text("not Markdown")
    return folder


def test_a_folder_becomes_a_collection_beside_the_handbook(settings, word_hashes, notes):
    ingest_handbook(settings)
    report = ingest_collection(settings, "notes", [notes])
    assert (report.sections, report.chunks, report.skipped) == (3, 3, ())
    assert collections(settings.data_dir) == ["handbook", "notes"]
    passages = Retriever(settings, "notes").search("zeppelin gateway", k=10)
    assert (passages[0].chunk.section, passages[0].chunk.path) == ("runbook-1", "runbook.md")
    assert {p.chunk.path for p in passages} == {"runbook.md", "deep/team.md"}
    assert {p.chunk.path for p in Retriever(settings).search("zeppelin gateway", k=99)} == {
        str(settings.corpus / "01-storage.md"),
        str(settings.corpus / "02-compute.md"),
    }


def test_a_pipe_and_what_lies_elsewhere_are_no_part_of_a_folder(settings, word_hashes, notes, tmp_path):
    (tmp_path / "secret.md").write_text("The password of the zeppelin is helium.\n")
    (notes / "elsewhere.md").symlink_to(tmp_path / "secret.md")
    (notes / "of-the-same-folder.md").symlink_to(notes / "runbook.md")
    os.mkfifo(notes / "pipe.md")
    report = ingest_collection(settings, "notes", [notes])
    assert [entry["reason"].partition(";")[0] for entry in report.skipped] == [
        "elsewhere.md:1: leads out of the folder",
        "pipe.md:1: is no file but a pipe or a device",
    ]
    paths = {p.chunk.path for p in Retriever(settings, "notes").search("zeppelin", k=99)}
    assert paths == {"runbook.md", "of-the-same-folder.md", "deep/team.md"}


def test_many_pages_that_are_alike_hide_no_other_and_stop_no_ingest(settings, word_hashes, notes):
    for number in range(300):
        (notes / f"copy-{number}.md").write_text("# Template\n\nFill in the name of the service here.\n")
    ingest_collection(settings, "notes", [notes])
    (passage, *_) = Retriever(settings, "notes").search("zeppelin gateway", k=5)
    assert passage.chunk.path == "runbook.md"


def test_a_collection_is_removed_whole(settings, word_hashes, notes):
    ingest_handbook(settings)
    ingest_collection(settings, "notes", [notes])
    ingest_collection(settings, "notes", [notes], rebuild=True)
    reader = Retriever(settings, "notes")
    reader.open()
    remove_collection(index_folder(settings.data_dir, "notes"))
    assert collections(settings.data_dir) == ["handbook"]
    assert not index_folder(settings.data_dir, "notes").exists()
    with pytest.raises(StaleIndex, match="there is no index"):
        reader.search("zeppelin")
    with pytest.raises(StorageError) as caught:
        remove_collection(index_folder(settings.data_dir, "notes"))
    assert str(caught.value) == "there is no collection notes; `python -m ingest --list` names them"
    assert chunk_ids(settings)


def test_unreadable_files_are_skipped_and_reported(settings, word_hashes, notes):
    (notes / "empty.md").write_bytes(b"")
    (notes / "latin.md").write_bytes("Größe\n".encode("latin-1"))
    (notes / "folder.md").mkdir()
    report = ingest_collection(settings, "notes", [notes])
    assert report.sections == 3
    assert [(Path(entry["path"]).name, entry["reason"].partition(":")[2]) for entry in report.skipped] == [
        ("empty.md", "1: the file is empty; expected Markdown with at least one heading"),
        ("folder.md", "1: cannot be read (Is a directory); check that it exists and its permissions"),
        ("latin.md", "1: byte 0xf6 is not UTF-8; save the file as UTF-8"),
    ]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({}, "no .md file was found", id="no-file"),
        pytest.param({"a.md": b""}, "a.md:1: the file is empty", id="only-empty"),
        pytest.param({"a.md": b"# Title\n"}, "no text was found in a.md", id="only-a-title"),
    ],
)
def test_a_collection_without_text_is_refused(settings, word_hashes, tmp_path, files, reason):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(CorpusError, match=reason):
        ingest_collection(settings, "notes", [folder])
    assert collections(settings.data_dir) == []


def test_the_same_path_from_two_folders_is_refused(settings, word_hashes, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("Some words stand here.\n")
    with pytest.raises(CorpusError, match=r"a\.md is there twice; give one folder that holds both"):
        ingest_collection(settings, "notes", [tmp_path / "one", tmp_path / "two"])


def test_sections_of_the_same_number_in_two_files_stay_apart(settings, word_hashes, tmp_path):
    folder = tmp_path / "notes"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "readme.md").write_text(f"# Readme\n\nThe {name} team stands here.\n")
        (folder / f"{name}.md").write_text(
            f"## 1.1 Start\n\nThe {name} start stands here.\n\n## 1.1 Start\n\nAgain.\n"
        )
    report = ingest_collection(settings, "notes", [folder])
    assert (report.sections, report.chunks) == (6, 6)
    passages = Retriever(settings, "notes").search("team start again", k=10)
    assert len({p.chunk.section for p in passages}) == 6
    assert {(p.chunk.section, p.chunk.path) for p in passages if "team" in p.chunk.text} == {
        ("readme-1", "one/readme.md"),
        ("two/readme-1", "two/readme.md"),
    }


def test_a_collection_of_code_and_short_rows_has_no_sentences(settings, word_hashes, tmp_path):
    file = tmp_path / "table.md"
    file.write_text("## Ports\n\n| a | b |\n|---|---|\n| x | 1 |\n")
    report = ingest_collection(settings, "ports", [file])
    assert (report.sections, report.chunks) == (1, 1)
    assert [p.chunk.text for p in Retriever(settings, "ports").search("x")] == [
        "| a | b |\n|---|---|\n| x | 1 |"
    ]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "../handbook", "a b", "größe", "a" * 65, "a\n", "-x", "con\0"],
)
def test_a_name_that_cannot_be_a_folder_is_refused(settings, word_hashes, notes, name):
    with pytest.raises(StorageError, match="a collection cannot be called"):
        ingest_collection(settings, name, [notes])
    assert not settings.data_dir.exists()
