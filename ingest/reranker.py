"""A cross-encoder that reads question and passage together: optional, off by default."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from errors import ModelUnavailable

BATCH = 32


class Reranker:
    """Scores passages for a question by any sentence-transformers cross-encoder.

    Args:
        name: a folder with a saved cross-encoder, or its name on a model hub.

    Raises:
        ModelUnavailable: the model cannot be loaded, or does not give one score for a pair.
    """

    def __init__(self, name: str) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        folder = Path(name).expanduser()
        if folder.is_dir() and not (folder / "config.json").is_file():
            raise ModelUnavailable(
                f"MENTOR_RERANKER is {name}, a folder without config.json; point it at a saved "
                "sentence-transformers cross-encoder, or unset it to search without one"
            )
        from sentence_transformers import CrossEncoder
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model: Any = CrossEncoder(str(folder) if folder.is_dir() else name, device="cpu")
        except Exception as error:
            raise ModelUnavailable(
                f"MENTOR_RERANKER is {name}, which is neither a folder with a cross-encoder nor one that "
                f"could be fetched ({type(error).__name__}); unset it to search without one"
            ) from error
        if self._model.num_labels != 1:
            raise ModelUnavailable(
                f"MENTOR_RERANKER is {name}, which gives {self._model.num_labels} scores for a pair; "
                "name a cross-encoder that was trained to rank, which gives one"
            )

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question; higher is better, the scale is the model's."""
        pairs = [(question, text) for text in texts]
        found = self._model.predict(pairs, batch_size=BATCH, show_progress_bar=False)
        # A model that gives no number must not put a passage anywhere.
        return [float(score) for score in np.nan_to_num(np.asarray(found, dtype=np.float32))]
