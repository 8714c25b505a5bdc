import pytest
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from errors import QuestionError
from retriever.langchain_retriever import HandbookRetriever

QUESTION = "What should nightly scheduled work run on?"


@pytest.fixture
def retriever(small_retriever) -> HandbookRetriever:
    return HandbookRetriever(search=small_retriever, k=3)


def test_invoke_returns_the_passages_as_documents(retriever, small_retriever):
    assert isinstance(retriever, BaseRetriever)
    assert retriever.invoke(QUESTION) == [
        Document(
            id=passage.chunk.id,
            page_content=passage.chunk.text,
            metadata={
                "section": passage.chunk.section,
                "title": passage.chunk.title,
                "heading": passage.chunk.heading,
                "chapter": passage.chunk.chapter,
                "path": passage.chunk.path,
                "anchor": passage.chunk.anchor,
                "score": passage.score,
            },
        )
        for passage in small_retriever.search(QUESTION, k=3)
    ]


def test_chapters_and_k_are_kept(small_retriever):
    found = HandbookRetriever(search=small_retriever, k=30, chapters=(1,)).invoke(QUESTION)
    assert {document.metadata["chapter"] for document in found} == {1}


def test_batch_gives_one_list_a_question(retriever):
    questions = [QUESTION, "What is a commit log?"]
    assert retriever.batch(questions) == [retriever.invoke(question) for question in questions]


def test_it_works_in_a_chain(retriever):
    prompt = ChatPromptTemplate.from_template("{context}\n\n{question}")
    chain = (
        {
            "context": retriever | (lambda documents: "\n".join(d.page_content for d in documents)),
            "question": RunnablePassthrough(),
        }
        | prompt
        | RunnableLambda(lambda value: value.to_messages()[0])
        | StrOutputParser()
    )
    expected = "\n".join(document.page_content for document in retriever.invoke(QUESTION))
    assert chain.invoke(QUESTION) == f"{expected}\n\n{QUESTION}"


def test_a_faulty_question_is_a_faulty_question_here_too(retriever):
    with pytest.raises(QuestionError):
        retriever.invoke("")
