"""The search as a LangChain retriever, for chains of your own.

from retriever.langchain_retriever import HandbookRetriever
from retriever.search import Retriever
from settings import load_settings

retriever = HandbookRetriever(search=Retriever(load_settings()), k=5)
documents = retriever.invoke("What does VACUUM delete?")
"""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from retriever.search import Passage, Retriever


class HandbookRetriever(BaseRetriever):
    """Returns the `k` best passages as documents, best first, with their section in the metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    search: Retriever
    k: int = 10
    chapters: tuple[int, ...] = ()

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [_document(passage) for passage in self.search.search(query, self.k, self.chapters)]


def _document(passage: Passage) -> Document:
    chunk = passage.chunk
    return Document(
        id=chunk.id,
        page_content=chunk.text,
        metadata={
            "section": chunk.section,
            "title": chunk.title,
            "heading": chunk.heading,
            "chapter": chunk.chapter,
            "path": chunk.path,
            "anchor": chunk.anchor,
            "score": passage.score,
        },
    )
