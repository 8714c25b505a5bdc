"""Models exported for ONNX Runtime: folders that appear whole or not at all, and are checked when read."""

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRAFT = "export-"
OLD_DRAFT = 3600
"""Seconds after which the draft of an export belongs to nobody: its process was killed."""
DIGESTS = "export.json"


def is_sound(folder: Path) -> bool:
    """Whether an export is there, undamaged."""
    try:
        expected = json.loads((folder / DIGESTS).read_text("utf-8"))
        return bool(expected) and all(sha256(folder / name) == digest for name, digest in expected.items())
    except (OSError, ValueError, AttributeError):
        return False


def publish(folder: Path, fill: Callable[[Path], bool]) -> bool:
    """Let `fill` write an export into a draft, and put it in its place unless `fill` says no."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leaving in folder.parent.glob(f"{DRAFT}*"):
        if time.time() - leaving.stat().st_mtime > OLD_DRAFT:
            shutil.rmtree(leaving, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=DRAFT) as name:
        draft = Path(name) / folder.name
        draft.mkdir()
        if not fill(draft):
            return False
        digests = {path.name: sha256(path) for path in sorted(draft.iterdir())}
        (draft / DIGESTS).write_text(json.dumps(digests), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    return True


def session(model: Path) -> Any:
    """An ONNX Runtime session that leaves the cores to others while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # A thread that waits by spinning takes the core from what the search does next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Nothing below an error from one logger."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
