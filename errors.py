"""The faults a person can mend.

MentorError
├── CorpusError        a document or the handbook is at fault          exit 1
├── QuestionError      a question cannot be searched as it stands      exit 1
├── QuestionBankError  the question bank is at fault                   exit 1
├── TransferError      a file of progress cannot be imported           exit 1
├── StaleIndex         no index, or one that does not fit; re-ingest   exit 3
├── ModelUnavailable   the embedding model is missing or altered       exit 3
├── ChatModelFault     the chat model gave nothing; the handbook answers in its own words instead
└── StorageError       the data directory cannot be used               exit 3
    └── InterviewGone  an interview was deleted while it was open

Each message says what arrived and what to do. Pages and `__main__` catch MentorError and show the
message; anything else is a bug.
"""


class MentorError(Exception):
    """A fault that the reader of its message can mend."""

    exit_code = 1


class CorpusError(MentorError):
    """A document, or the handbook, cannot be read as it is."""


class QuestionError(MentorError):
    """A question cannot be searched as it stands."""


class QuestionBankError(MentorError):
    """The question bank cannot be read, or a question in it cannot be graded."""


class TransferError(MentorError):
    """A file is not an export of somebody's progress, or a damaged one."""


class StaleIndex(MentorError):
    """There is no index, or it does not fit the documents, the embedder or its own manifest."""

    exit_code = 3


class ModelUnavailable(MentorError):
    """The embedding model is missing, or its files are not the pinned ones."""

    exit_code = 3


class ChatModelFault(MentorError):
    """The chat model cannot be asked, or what came from it is no answer; says why in one sentence.

    `passing`: another try may go better, because the fault was the server's or the model's and not the
    key's, the settings' or the time's.
    """

    exit_code = 3

    def __init__(self, why: str, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


class StorageError(MentorError):
    """The data directory is full, read-only, or in use by another ingest."""

    exit_code = 3


class InterviewGone(StorageError):
    """An interview that was kept is there no more: somebody reset the progress meanwhile."""
