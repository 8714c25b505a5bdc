"""The only reader of environment variables and secrets."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from errors import MentorError

PROJECT = Path(__file__).resolve().parent
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
DEFAULT_REPORT_URL = (
    "https://github.com/lakehouse-mentor/lakehouse-mentor/issues/new"
    "?template=handbook-error.yml&title=Section+{section}"
)

MODEL_VARIABLES: Mapping[str, tuple[str, str]] = {
    "google_genai": ("GOOGLE_API_KEY", "GOOGLE_BASE_URL"),
    "mistralai": ("MISTRAL_API_KEY", "MISTRAL_BASE_URL"),
    "ollama": ("OLLAMA_API_KEY", "OLLAMA_HOST"),
}
"""Where a provider's key and address stand, if not under OPENAI_API_KEY, OPENAI_BASE_URL and the like."""


@dataclass(frozen=True)
class Settings:
    """What a person can set; every field has a default that works offline."""

    data_dir: Path
    """Index, exported encoder and database live here (MENTOR_DATA_DIR)."""
    corpus: Path
    """The handbook's folder (MENTOR_CORPUS)."""
    embedder: str
    """`all-MiniLM-L6-v2`, or a folder or hub name of a sentence-transformers model (MENTOR_EMBEDDER)."""
    reranker: str
    """Folder or hub name of a sentence-transformers cross-encoder; empty for none (MENTOR_RERANKER)."""
    report_url: str
    """Where a reader reports an error in a section; `{section}` becomes its number (MENTOR_REPORT_URL)."""
    database_url: str
    """Where conversations are kept (DATABASE_URL); an SQLite file in the data directory by default."""
    model: str
    """The chat model that writes answers, as `provider:model` (MENTOR_MODEL); empty for none."""
    model_key: str = field(repr=False)
    """The key of its provider, from the provider's own variable; empty if there is none."""
    model_url: str = field(repr=False)
    """Where its server is, from the provider's own variable; empty for the provider's own."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: the environment wins over `.env`, which wins over `secrets.toml`.

    Raises:
        MentorError: `MENTOR_CORPUS` names no folder, or `secrets.toml` is not TOML.
    """
    values = {
        **_secrets(PROJECT),
        **_dotenv(PROJECT),
        **(os.environ if environ is None else environ),
    }
    corpus = Path(values.get("MENTOR_CORPUS") or PROJECT / "corpus").expanduser().absolute()
    if not corpus.is_dir():
        raise MentorError(
            f"MENTOR_CORPUS is {corpus}, which is not a folder; set it to the handbook's folder"
        )
    model = (values.get("MENTOR_MODEL") or "").strip()
    key, url = model_variables(model.partition(":")[0])
    data_dir = Path(values.get("MENTOR_DATA_DIR") or _default_data_dir()).expanduser().absolute()
    return Settings(
        data_dir=data_dir,
        corpus=corpus,
        embedder=values.get("MENTOR_EMBEDDER") or DEFAULT_EMBEDDER,
        reranker=values.get("MENTOR_RERANKER") or "",
        report_url=values.get("MENTOR_REPORT_URL") or DEFAULT_REPORT_URL,
        database_url=values.get("DATABASE_URL") or f"sqlite:///{data_dir / 'mentor.db'}",
        model=model,
        model_key=(values.get(key) or "").strip(),
        model_url=(values.get(url) or "").strip(),
    )


def model_variables(provider: str) -> tuple[str, str]:
    """The names of the variables that hold a provider's key and the address of its server."""
    name = provider.strip().upper()
    return MODEL_VARIABLES.get(provider.strip().lower(), (f"{name}_API_KEY", f"{name}_BASE_URL"))


def _default_data_dir() -> str:
    from platformdirs import user_data_dir

    return user_data_dir("lakehouse-mentor", appauthor=False)


def _dotenv(folder: Path) -> dict[str, str]:
    path = folder / ".env"
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except UnicodeDecodeError as error:
        raise MentorError(
            f"{path}: not UTF-8; save it as UTF-8, with lines such as MENTOR_DATA_DIR=/data"
        ) from error


def _secrets(folder: Path) -> dict[str, str]:
    path = folder / "secrets.toml"
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MentorError(
            f'{path}: not TOML ({error}); write lines such as MENTOR_DATA_DIR = "/data"'
        ) from error
    return {name: str(value) for name, value in table.items()}
