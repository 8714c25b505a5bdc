"""What is damaged is noticed before it answers, and healed by the next ingest."""

import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from errors import MentorError, StaleIndex, StorageError
from ingest.pipeline import ingest_handbook, open_store
from ingest.versions import (
    FORMAT,
    Manifest,
    collections,
    hash_files,
    index_folder,
    publish,
    read_manifest,
    remove_collection,
    verify_files,
    writing,
)
from retriever.search import Retriever
from settings import Settings
from tests.conftest import CORPUS_SMALL, settings_for
from tests.fakes import use_word_hashes

INDEX_FILES = (
    "data_level0.bin",
    "header.bin",
    "index_metadata.pickle",
    "length.bin",
    "link_lists.bin",
    "vectors.npy",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """An index made once; every test damages a copy."""
    with pytest.MonkeyPatch.context() as patch:
        use_word_hashes(patch)
        folder = tmp_path_factory.mktemp("original")
        ingest_handbook(settings_for(folder, CORPUS_SMALL))
    return folder


@pytest.fixture(scope="module")
def expected(original):
    """What the sound index answers."""
    with pytest.MonkeyPatch.context() as patch:
        use_word_hashes(patch)
        return answer(settings_for(original, CORPUS_SMALL))


@dataclass(frozen=True)
class Copy:
    settings: Settings
    folder: Path
    version: Path

    @property
    def database(self) -> Path:
        return self.version / "chroma.sqlite3"


@pytest.fixture
def copy(original, tmp_path, word_hashes) -> Copy:
    shutil.copytree(original, tmp_path / "data", dirs_exist_ok=True)
    settings = settings_for(tmp_path / "data", CORPUS_SMALL)
    folder = index_folder(settings.data_dir, "handbook")
    return Copy(settings, folder, folder / read_manifest(folder).version)


def answer(settings: Settings) -> list[tuple[str, str]]:
    return [(p.chunk.id, p.chunk.text) for p in Retriever(settings).search("Who watches the pending tasks?")]


def assert_healed(copy: Copy, expected: list[tuple[str, str]]) -> None:
    ingest_handbook(copy.settings)
    assert answer(copy.settings) == expected


def delete(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [delete, empty, truncate, flip])
@pytest.mark.parametrize("name", INDEX_FILES)
def test_a_damaged_vector_file_is_noticed_and_healed(copy, expected, name, damage):
    for file in copy.version.rglob(name):
        damage(file)
        state = "missing" if damage is delete else "damaged"
        with pytest.raises(StaleIndex) as caught:
            Retriever(copy.settings).open()
        assert str(caught.value) == f"{file} is {state}; run `python -m ingest`"
        break
    if name == INDEX_FILES[0]:
        assert_healed(copy, expected)


def test_the_vector_files_are_those_that_are_damaged_above(copy):
    assert {Path(name).name for name in read_manifest(copy.folder).files} == set(INDEX_FILES)


def garbage(file: Path) -> None:
    file.write_bytes(b"\x5a" * file.stat().st_size)


def head(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(b"not a database!!" + data[16:])


@pytest.mark.parametrize("damage", [delete, empty, truncate, garbage, head])
def test_a_damaged_database_is_noticed_and_healed(copy, expected, damage):
    damage(copy.database)
    with pytest.raises(StaleIndex, match="run `python -m ingest"):
        Retriever(copy.settings).open()
    assert_healed(copy, expected)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "UPDATE embedding_metadata SET string_value = replace(string_value, '40 seconds', '90 seconds')"
            " WHERE key = 'chroma:document'",
            id="text",
        ),
        pytest.param(
            "UPDATE embedding_metadata SET string_value = '9.9' WHERE key = 'section'", id="section"
        ),
        pytest.param("UPDATE embedding_metadata SET int_value = 9 WHERE key = 'chapter'", id="chapter"),
        pytest.param("DELETE FROM embedding_metadata WHERE key = 'kind'", id="no-kind"),
        pytest.param("DELETE FROM embedding_metadata WHERE key = 'position'", id="no-position"),
        pytest.param("DELETE FROM embedding_metadata WHERE key = 'chroma:document'", id="no-text"),
        pytest.param("DELETE FROM embedding_metadata WHERE id = 3", id="a-row-without-metadata"),
        pytest.param("DELETE FROM embedding_metadata", id="no-metadata"),
        pytest.param("DELETE FROM embeddings WHERE id = 3", id="a-row-less"),
        pytest.param("DELETE FROM collections WHERE name = 'sentences'", id="a-collection-less"),
        pytest.param("DELETE FROM segments", id="no-segments"),
        pytest.param("DROP TABLE embeddings", id="a-table-less"),
    ],
)
def test_altered_rows_are_noticed(copy, statement):
    with sqlite3.connect(copy.database) as database:
        assert database.execute(statement).rowcount != 0
    database.close()
    with pytest.raises(StaleIndex, match="run `python -m ingest"):
        Retriever(copy.settings).open()


def test_flipped_bits_in_the_database_change_no_answer_unnoticed(copy, expected):
    """A flip in a free page harms nothing; any other is noticed. Never a wrong text, never a crash."""
    sound = copy.database.read_bytes()
    noticed = 0
    for place in range(20, len(sound), len(sound) // 16):
        data = bytearray(sound)
        data[place : place + 64] = bytes(byte ^ 0x55 for byte in data[place : place + 64])
        version = copy.version.with_name(f"at{place}")
        shutil.copytree(copy.version, version)
        (version / "chroma.sqlite3").write_bytes(data)
        manifest = json.loads((copy.folder / "manifest.json").read_text())
        (copy.folder / "manifest.json").write_text(json.dumps(manifest | {"version": version.name}))
        try:
            assert answer(copy.settings) == expected
        except StaleIndex:
            noticed += 1
    assert noticed > 0
    assert_healed(copy, expected)


def test_opening_an_index_does_not_make_it_look_damaged(copy):
    before = hash_files(copy.version)
    for _ in range(2):
        Retriever(copy.settings).open()
        open_store(copy.settings)[2].close()
    verify_files(copy.folder, read_manifest(copy.folder))
    assert hash_files(copy.version) == before != {}


GARBAGE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="cut-off"),
    pytest.param(b"\xff\xfe", id="not-utf-8"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="a-list"),
    pytest.param(b'{"format": 1}', id="keys-missing"),
    pytest.param(b"[" * 100_000, id="nested-without-end"),
]


@pytest.mark.parametrize("data", GARBAGE)
def test_a_manifest_of_garbage_is_noticed(tmp_path, data):
    (tmp_path / "manifest.json").write_bytes(data)
    with pytest.raises(StaleIndex, match="run `python -m ingest"):
        read_manifest(tmp_path)


def test_rows_and_manifest_are_healed(copy, expected):
    with sqlite3.connect(copy.database) as database:
        database.execute("DELETE FROM embedding_metadata WHERE key = 'kind'")
    database.close()
    assert_healed(copy, expected)
    (copy.folder / "manifest.json").write_bytes(b"{")
    assert_healed(copy, expected)


@pytest.mark.parametrize("key", Manifest.__dataclass_fields__)
@pytest.mark.parametrize("value", [None, [1]], ids=["null", "list"])
def test_a_manifest_with_a_value_of_another_type_is_noticed(original, tmp_path, key, value):
    manifest = json.loads((index_folder(original, "handbook") / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {key: value}))
    with pytest.raises(StaleIndex, match="run `python -m ingest"):
        read_manifest(tmp_path)


def test_a_manifest_of_another_format_is_noticed(copy):
    file = copy.folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": FORMAT + 1}))
    with pytest.raises(StaleIndex) as caught:
        read_manifest(copy.folder)
    assert str(caught.value) == (
        f"{file} was written by another version of this program; run `python -m ingest`"
    )


def test_a_manifest_comes_back_as_it_was_published(copy):
    manifest = read_manifest(copy.folder)
    publish(copy.folder, manifest)
    assert read_manifest(copy.folder) == manifest
    assert not (copy.folder / "manifest.json.new").exists()


def test_without_an_index_the_message_names_the_command(tmp_path):
    with pytest.raises(StaleIndex) as caught:
        read_manifest(tmp_path / "index" / "handbook")
    assert str(caught.value) == (
        f"there is no index in {tmp_path / 'index' / 'handbook'}; run `python -m ingest`"
    )


def test_collections_are_the_folders_with_a_manifest(tmp_path):
    assert collections(tmp_path) == []
    for name in ("b", "a", "unfinished"):
        (tmp_path / "index" / name).mkdir(parents=True)
    for name in ("b", "a"):
        (tmp_path / "index" / name / "manifest.json").write_text("{}")
    assert collections(tmp_path) == ["a", "b"]


def test_a_collection_is_not_removed_while_it_is_written(copy):
    with writing(copy.folder), pytest.raises(MentorError, match="another ingest is writing"):
        remove_collection(copy.folder)
    assert answer(copy.settings)


def test_the_lock_is_free_after_a_fault_inside_it(tmp_path):
    with pytest.raises(ZeroDivisionError), writing(tmp_path):
        raise ZeroDivisionError
    held, refused = writing(tmp_path), pytest.raises(StorageError, match="another ingest is writing")
    with held, refused, writing(tmp_path):
        raise AssertionError("two writers at once")
