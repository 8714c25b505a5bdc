"""Two texts read together: whether one states the other or contradicts it, whether it answers a question.

A vector for each text alone cannot tell a statement from its denial; a cross-encoder, which reads both
at once, can (Humeau et al. 2020). Its lower layers are the embedding model's own, the upper ones are
trained by `python -m evals.reading` on our own sentences and lie in `pair_reader.npz`, 8 bits a weight.
"""

import logging
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from errors import ModelUnavailable
from ingest import exports
from ingest.embedder import Model, Vectors, find_model, tokenizer_of
from settings import DEFAULT_EMBEDDER

if TYPE_CHECKING:
    import torch

Stance = Literal["states", "contradicts", "neither"]
STANCES: tuple[Stance, ...] = ("states", "contradicts", "neither")
WEIGHTS = Path(__file__).with_suffix(".npz")
OWN_LAYERS = 3
"""How many of the upper layers are ours."""
MOST_TOKENS = 128
"""Of both texts together; the longer one is cut."""
CLOSE = 0.05
"""How far the probabilities of the 8-bit graph may be from the exact one's, on average over `SAMPLE`."""
_VACUUM = "VACUUM deletes data files that no version has named for 7 days."
_READERS = "Readers of a Delta table never wait for a writer."
SAMPLE = (
    (_VACUUM, "After a week without a reference in the log, vacuum throws the old data files away."),
    (_VACUUM, "VACUUM never deletes a data file, it only compacts the small ones."),
    (_VACUUM, "I'd put the dashboards on a serverless warehouse with auto stop after ten minutes."),
    (_READERS, "A reader has to wait until the writer has released its lock on the table."),
    (_READERS, "Nobody who reads has to wait, the reader keeps seeing the version it started with."),
    ("What does a reader wait for?", _READERS),
    ("Größe?", "表 🙂"),
)

log = logging.getLogger(__name__)


class PairReader:
    """Reads pairs of texts. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._session = exports.session(folder / "model.onnx")
        self._tokenizer = tokenizer_of(folder / "tokenizer.json")
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def stances(self, pairs: Sequence[tuple[str, str]]) -> Vectors:
        """How the second text of each pair stands to the first.

        Returns:
            Probabilities of shape (pairs, 3), the columns of `STANCES`.
        """
        return self._read(pairs, "stance", len(STANCES))

    def answers(self, pairs: Sequence[tuple[str, str]]) -> Vectors:
        """How likely the second text of each pair answers the first, a question; of shape (pairs,)."""
        return self._read(pairs, "answer", 1)[:, 0]

    def _read(self, pairs: Sequence[tuple[str, str]], output: str, columns: int) -> Vectors:
        found = np.zeros((len(pairs), columns), np.float32)
        # One at a time: the 8-bit graph scales its numbers by all it is given, and a pair must read alike
        # whatever stands beside it.
        for row, pair in enumerate(pairs):
            found[row] = self._session.run([output], self._feed(pair))[0]
        return found

    def _feed(self, pair: tuple[str, str]) -> dict[str, NDArray[np.int64]]:
        first, second = (text.encode("utf-8", "replace").decode("utf-8") for text in pair)
        encoding = self._tokenizer.encode(first, second)
        return {
            "input_ids": np.array([encoding.ids], np.int64),
            "attention_mask": np.array([encoding.attention_mask], np.int64),
            "token_type_ids": np.array([encoding.type_ids], np.int64),
        }


def open_pair_reader(data_dir: Path) -> PairReader:
    """The pair reader; its graph is put together in the data directory where it is not there yet.

    Raises:
        ModelUnavailable: the weights are missing, or the graph cannot be written.
    """
    try:
        digest = exports.sha256(WEIGHTS)
        folder = data_dir / "encoder" / f"pairs-{digest[:16]}"
        if not exports.is_sound(folder):
            _export(find_model(DEFAULT_EMBEDDER), folder)
        return PairReader(folder)
    except OSError as error:
        raise ModelUnavailable(
            f"the pair reader cannot be made in {data_dir} ({error}); make the folder writable, or set "
            "MENTOR_DATA_DIR"
        ) from error


def _export(model: Model, folder: Path) -> None:
    def fill(draft: Path) -> bool:
        shutil.copyfile(model.folder / "tokenizer.json", draft / "tokenizer.json")
        target, exact = draft / "model.onnx", draft / "exact.onnx"
        _write_graph(reader_module(model, read_weights(WEIGHTS)), exact)
        _write_small(exact, target)
        if not _agree(exact, target, draft):
            log.warning("the 8-bit pair reader differs from the exact one here; the exact one is used")
            shutil.copyfile(exact, target)
        exact.unlink()
        return True

    exports.publish(folder, fill)


def _agree(exact: Path, small: Path, draft: Path) -> bool:
    readings = []
    for graph in (exact, small):
        place = draft / "proof"
        place.mkdir()
        shutil.copyfile(graph, place / "model.onnx")
        shutil.copyfile(draft / "tokenizer.json", place / "tokenizer.json")
        reader = PairReader(place)
        readings.append(np.hstack([reader.stances(SAMPLE), reader.answers(SAMPLE)[:, None]]))
        shutil.rmtree(place)
    return float(np.abs(readings[0] - readings[1]).mean()) <= CLOSE


def reader_module(model: Model, weights: Mapping[str, NDArray[Any]]) -> "torch.nn.Module":
    """The network: token ids → (stance logits, answer logit)."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    base = AutoModel.from_pretrained(str(model.folder)).eval()

    class Upper(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """The layers of our own, and a head for each question."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(base.encoder.layer[-OWN_LAYERS:])
            width = 2 * base.config.hidden_size
            self.stance, self.answer = torch.nn.Linear(width, len(STANCES)), torch.nn.Linear(width, 1)

        def forward(self, hidden: Any, mask: Any) -> tuple[Any, Any]:
            hidden = _through(self.layers, hidden, mask)
            held = mask[:, :, None].to(hidden.dtype)
            mean = (hidden * held).sum(1) / held.sum(1)
            pooled = torch.cat([hidden[:, 0], mean], dim=1)
            return self.stance(pooled), self.answer(pooled)

    class Reader(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """The embedding model's lower layers, which stay as they are, and the upper ones."""

        def __init__(self) -> None:
            super().__init__()
            self.embeddings = base.embeddings
            self.lower = torch.nn.ModuleList(base.encoder.layer[:-OWN_LAYERS])
            self.upper = Upper()

        def bottom(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            hidden = self.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
            return _through(self.lower, hidden, attention_mask)

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> tuple[Any, Any]:
            stance, answer = self.upper(
                self.bottom(input_ids, attention_mask, token_type_ids), attention_mask
            )
            return torch.softmax(stance, dim=1), torch.sigmoid(answer)

    reader = Reader()
    reader.upper.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return reader.eval()


def _through(layers: Any, hidden: Any, mask: Any) -> Any:
    closed = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -1e4
    for layer in layers:
        found = layer(hidden, attention_mask=closed)
        hidden = found[0] if isinstance(found, tuple) else found
    return hidden


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights of the upper layers, from 8 bits and a scale for each row."""
    with np.load(path) as table:
        return {
            name: table[name].astype(np.float32) * table[f"{name}:scale"].astype(np.float32)[:, None]
            if f"{name}:scale" in table
            else table[name].astype(np.float32)
            for name in table.files
            if not name.endswith(":scale")
        }


def write_weights(path: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write the weights of the upper layers, matrices at 8 bits and a scale for each row."""
    table: dict[str, Any] = {}
    for name, array in weights.items():
        if array.ndim == 2 and len(array) > len(STANCES):
            scale = np.maximum(np.abs(array).max(axis=1), 1e-8) / 127
            table[f"{name}:scale"] = scale.astype(np.float32)
            table[name] = np.round(array / scale[:, None]).astype(np.int8)
        else:
            table[name] = array.astype(np.float32)
    np.savez_compressed(path, **table)


def _write_graph(reader: "torch.nn.Module", target: Path) -> None:
    import torch

    sizes = {0: "pairs", 1: "tokens"}
    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.randint(1000, 2000, (2, 12))
    with warnings.catch_warnings():
        # The tracer warns of what it cannot prove; `_agree` and the tests measure it instead.
        warnings.simplefilter("ignore")
        with torch.no_grad(), exports.quiet("torch.onnx"):
            torch.onnx.export(
                reader,
                (ids, torch.ones_like(ids), torch.zeros_like(ids)),
                str(target),
                input_names=names,
                output_names=["stance", "answer"],
                dynamic_axes=dict.fromkeys(names, sizes) | {"stance": {0: "pairs"}, "answer": {0: "pairs"}},
                opset_version=17,
                dynamo=False,
            )


def _write_small(exact: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with exports.quiet("root"):
        quantize_dynamic(str(exact), str(target), weight_type=QuantType.QInt8, per_channel=True)
