"""What a user would build instead: the chain of every LangChain tutorial.

`python -m evals.baselines QUESTION FOLDER` answers from an index made before, as a whole process, so
that `python -m evals speed` can measure its start and memory beside ours.
"""

import sys
from pathlib import Path
from typing import Any

from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import Embeddings

from ingest.embedder import Model, find_model
from ingest.sections import Document
from settings import load_settings

CHUNK_CHARACTERS, OVERLAP_CHARACTERS = 1000, 200
PASSAGES = 20
"""Chunks asked for where they are mapped to sections."""


class SentenceTransformerEmbeddings(Embeddings):
    """What `HuggingFaceEmbeddings` does, whose package does not go with today's sentence-transformers."""

    def __init__(self, model: Model) -> None:
        from sentence_transformers import SentenceTransformer

        self._transformer = SentenceTransformer(str(model.folder), device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of many texts."""
        vectors: list[list[float]] = self._transformer.encode(texts, show_progress_bar=False).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return self.embed_documents([text])[0]


class TutorialChain:
    """Recursive splitter, sentence-transformers, Chroma with its default settings."""

    def __init__(self, model: Model, folder: Path) -> None:
        from langchain_chroma import Chroma

        self._store: Any = Chroma(
            "tutorial",
            embedding_function=SentenceTransformerEmbeddings(model),
            persist_directory=str(folder),
        )

    def ingest(self, documents: list[Document], root: Path) -> int:
        """Index the chapters; returns the number of chunks."""
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_CHARACTERS, chunk_overlap=OVERLAP_CHARACTERS, add_start_index=True
        )
        pages = [
            LangChainDocument((root / document.path).read_text("utf-8"), metadata={"path": document.path})
            for document in documents
        ]
        chunks = splitter.split_documents(pages)
        for chunk, page in ((chunk, page) for chunk in chunks for page in pages):
            if chunk.metadata["path"] == page.metadata["path"]:
                middle = chunk.metadata["start_index"] + len(chunk.page_content) // 2
                chunk.metadata["line"] = page.page_content.count("\n", 0, middle) + 1
        self._store.add_documents(chunks)
        return len(chunks)

    def search(self, question: str, k: int = PASSAGES) -> list[LangChainDocument]:
        """The `k` most similar chunks, best first."""
        found: list[LangChainDocument] = self._store.similarity_search(question, k=k)
        return found


def section_of(chunk: LangChainDocument, documents: list[Document]) -> str:
    """The section in which the middle of a chunk lies; empty before the first one."""
    for document in documents:
        if document.path == chunk.metadata["path"]:
            before = [section for section in document.sections if section.line <= chunk.metadata["line"]]
            return before[-1].number if before else ""
    return ""


if __name__ == "__main__":
    question, folder = sys.argv[1:]
    for passage in TutorialChain(find_model(load_settings().embedder), Path(folder)).search(question, 4):
        print(passage.metadata["path"], passage.page_content[:80].replace("\n", " "))
