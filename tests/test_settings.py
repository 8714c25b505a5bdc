from pathlib import Path

import pytest

import settings
from errors import MentorError
from settings import PROJECT, load_settings

DOTENV, SECRETS = settings._dotenv, settings._secrets


@pytest.fixture
def project(monkeypatch, tmp_path) -> Path:
    """A project's root whose `.env` and `secrets.toml` are read."""
    root = tmp_path / "project"
    (root / "corpus").mkdir(parents=True)
    monkeypatch.setattr(settings, "PROJECT", root)
    monkeypatch.setattr(settings, "_dotenv", DOTENV)
    monkeypatch.setattr(settings, "_secrets", SECRETS)
    return root


def read(environ: dict[str, str]) -> tuple[Path, Path, str]:
    found = load_settings(environ)
    return found.data_dir, found.corpus, found.embedder


def test_defaults_need_nothing():
    data_dir, corpus, embedder = read({})
    assert (corpus, embedder) == (PROJECT / "corpus", "all-MiniLM-L6-v2")
    assert data_dir.name == "lakehouse-mentor"
    assert data_dir.is_absolute()


def test_the_environment_is_read_when_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("MENTOR_DATA_DIR", str(tmp_path / "here"))
    assert load_settings().data_dir == tmp_path / "here"


def test_paths_become_absolute_and_home_is_expanded(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "docs").mkdir()
    assert read({"MENTOR_DATA_DIR": "~/data", "MENTOR_CORPUS": "docs"})[:2] == (
        tmp_path / "home" / "data",
        tmp_path / "docs",
    )


def test_empty_values_count_as_unset():
    names = ("MENTOR_DATA_DIR", "MENTOR_CORPUS", "MENTOR_EMBEDDER")
    assert load_settings(dict.fromkeys(names, "")) == load_settings({})


@pytest.mark.parametrize(
    ("environ", "dotenv", "secrets", "expected"),
    [
        ({"MENTOR_EMBEDDER": "env"}, "MENTOR_EMBEDDER=dotenv", 'MENTOR_EMBEDDER = "secrets"', "env"),
        ({}, "MENTOR_EMBEDDER=dotenv", 'MENTOR_EMBEDDER = "secrets"', "dotenv"),
        ({}, "OTHER=1\nMENTOR_EMBEDDER", 'MENTOR_EMBEDDER = "secrets"', "secrets"),
        ({}, "", "", "all-MiniLM-L6-v2"),
    ],
    ids=["environment", "dotenv", "secrets", "default"],
)
def test_the_nearer_source_wins(project, environ, dotenv, secrets, expected):
    (project / ".env").write_text(dotenv)
    (project / "secrets.toml").write_text(secrets)
    assert load_settings(environ).embedder == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"OPENAI_API_KEY": "k"}, ("", "", "")),
        (
            {"MENTOR_MODEL": "openai:m", "OPENAI_API_KEY": " k ", "ANTHROPIC_API_KEY": "a"},
            ("openai:m", "k", ""),
        ),
        (
            {"MENTOR_MODEL": "openai:m", "OPENAI_BASE_URL": "http://127.0.0.1/v1"},
            ("openai:m", "", "http://127.0.0.1/v1"),
        ),
        ({"MENTOR_MODEL": "anthropic:m", "ANTHROPIC_API_KEY": "a"}, ("anthropic:m", "a", "")),
        ({"MENTOR_MODEL": "ollama:m:8b", "OLLAMA_HOST": "h"}, ("ollama:m:8b", "", "h")),
        ({"MENTOR_MODEL": "groq:m", "GROQ_API_KEY": "g"}, ("groq:m", "g", "")),
    ],
    ids=["no-model", "openai", "compatible", "anthropic", "ollama", "another"],
)
def test_the_key_and_address_are_those_of_the_models_provider(environ, expected):
    settings = load_settings(environ)
    assert (settings.model, settings.model_key, settings.model_url) == expected


def test_a_key_may_stand_in_the_secrets_and_is_not_printed(project):
    (project / "secrets.toml").write_text('MENTOR_MODEL = "openai:m"\nOPENAI_API_KEY = "sk-hidden"')
    settings = load_settings({})
    assert settings.model_key == "sk-hidden"
    assert "sk-hidden" not in repr(settings)


@pytest.mark.parametrize("data", [b"not toml", b"\xff"], ids=["not-toml", "not-utf-8"])
def test_secrets_that_are_not_toml_are_reported(project, data):
    (project / "secrets.toml").write_bytes(data)
    with pytest.raises(MentorError) as caught:
        load_settings({})
    assert str(caught.value).startswith(f"{project / 'secrets.toml'}: not TOML (")


def test_a_corpus_that_is_no_folder_is_reported(tmp_path):
    with pytest.raises(MentorError) as caught:
        load_settings({"MENTOR_CORPUS": str(tmp_path / "nowhere")})
    assert str(caught.value) == (
        f"MENTOR_CORPUS is {tmp_path / 'nowhere'}, which is not a folder; set it to the handbook's folder"
    )


def test_the_suite_reads_no_settings_of_a_person(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / ".env").write_text("MENTOR_EMBEDDER=theirs")
    (tmp_path / "corpus").mkdir()
    assert load_settings().embedder == "all-MiniLM-L6-v2"
