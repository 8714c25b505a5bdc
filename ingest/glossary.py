"""The glossary: `corpus/glossary.yaml` → terms."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from errors import CorpusError


@dataclass(frozen=True)
class Term:
    """A term of the handbook, what it means, and what else people call it."""

    term: str
    means: str
    section: str
    also: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    since: str = ""


def read_glossary(corpus: Path) -> tuple[Term, ...]:
    """Read the glossary of the handbook in `corpus`, in its order; empty where there is none.

    Raises:
        CorpusError: the file is malformed; `python -m ingest --check` lists every fault.
    """
    path = corpus / "glossary.yaml"
    if not path.is_file():
        return ()
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        entries = yaml.load(path.read_text("utf-8"), Loader=loader) or []  # noqa: S506 - both are safe loaders
        return tuple(
            Term(
                str(entry["term"]),
                str(entry["means"]),
                str(entry["section"]),
                tuple(map(str, entry.get("also") or ())),
                tuple(map(str, entry.get("was") or ())),
                str(entry.get("since") or ""),
            )
            for entry in entries
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{path}: malformed ({error}); run `python -m ingest --check`") from error
