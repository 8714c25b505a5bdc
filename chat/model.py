"""A chat model's words as they come, or the one sentence why there are none.

The only importer of chat providers, each through LangChain. What a provider's error says is neither
shown nor logged, because servers repeat keys and requests in it: only its type, status and code are.
"""

import logging
import queue
import re
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from errors import ChatModelFault
from settings import Settings, model_variables

if TYPE_CHECKING:
    from pydantic import BaseModel

Form = TypeVar("Form", bound="BaseModel")
EXTRAS = frozenset({"anthropic", "ollama", "openai"})
"""The providers whose client `make install EXTRA=…` installs."""
NEEDS_KEY = frozenset({"anthropic", "openai"})
TICK = 0.25
"""Seconds after which a silent stream yields all the same, so that a reader can turn away."""
_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason")
"""Where providers say why a stream ended; one that does not say was broken off."""

log = logging.getLogger("lakehouse_mentor")


@dataclass(frozen=True)
class Limits:
    """How long a model may take, in seconds, and how much it may write."""

    first: float = 40.0
    """Until its first words."""
    pause: float = 20.0
    """Between two of them."""
    total: float = 120.0
    characters: int = 8000


@dataclass(frozen=True)
class Written:
    """What a model has written so far."""

    text: str = ""
    ended: bool = False
    """It ended by itself; otherwise the last sentence may be unfinished."""


class ChatModel:
    """The model that MENTOR_MODEL names. Safe to share between threads."""

    def __init__(self, settings: Settings, limits: Limits = Limits()) -> None:
        self._settings = settings
        self._limits = limits
        self._lock = threading.Lock()
        self._client: Any = None
        self._provider, _, self.name = (part.strip() for part in settings.model.partition(":"))

    def stream(self, messages: Sequence[tuple[str, str]]) -> Generator[Written, None, None]:
        """Yield all that is written so far: at once, with every new word, and after every TICK.

        Ends without `ended` when the limit of characters is reached. Closing it ends the request.

        Raises:
            ChatModelFault: there is no client, or no answer came, or it broke off.
        """
        client = self._made()
        arrivals: queue.Queue[tuple[str, str] | Exception] = queue.Queue()
        stopped = threading.Event()
        reader = threading.Thread(
            target=_read, args=(client, list(messages), arrivals, stopped), name="chat model", daemon=True
        )
        reader.start()
        try:
            yield Written()
            yield from self._received(arrivals)
        finally:
            stopped.set()

    @property
    def label(self) -> str:
        """`provider:model`; where MENTOR_MODEL is not of that form, words that do not repeat it."""
        well_formed = self.name and re.fullmatch(r"[a-z_]+", self._provider)
        return f"{self._provider}:{self.name}" if well_formed else "the model of MENTOR_MODEL"

    def fill_in(self, messages: Sequence[tuple[str, str]], form: type[Form], seconds: float) -> Form:
        """Let the model fill in a form, and wait for it so long at most.

        Raises:
            ChatModelFault: there is no client, or no answer came in time, or it is not the form filled in.
        """
        client = self._made()
        arrivals: queue.Queue[Any] = queue.Queue()
        threading.Thread(
            target=_fill, args=(client, list(messages), form, arrivals), name="chat model", daemon=True
        ).start()
        try:
            arrival = arrivals.get(timeout=seconds)
        except queue.Empty:
            raise self._fault(f"did not finish in {seconds:.0f} seconds", "time-out of a form") from None
        if isinstance(arrival, Exception):
            raise self._failed(arrival, False) from None
        if not isinstance(arrival, form):
            raise self._fault("sent something that cannot be read", "no form", passing=True)
        return arrival

    def _received(
        self, arrivals: "queue.Queue[tuple[str, str] | Exception]"
    ) -> Generator[Written, None, None]:
        limits = self._limits
        begun = heard = time.monotonic()
        text = reason = ""
        while True:
            patience = limits.pause if text else limits.first
            left = min(heard + patience, begun + limits.total) - time.monotonic()
            try:
                arrival = arrivals.get(timeout=max(0.0, min(TICK, left)))
            except queue.Empty:
                if left <= 0:
                    raise self._fault(*self._late(text, time.monotonic() - begun)) from None
                yield Written(text)
                continue
            if isinstance(arrival, Exception):
                raise self._failed(arrival, bool(text)) from None
            words, ending = arrival
            reason = ending or reason
            if words:
                text += words
                heard = time.monotonic()
            if len(text) >= limits.characters:
                log.info("model %s: cut after %d characters", self.name, limits.characters)
                yield Written(text[: limits.characters])
                return
            if arrival == _END:
                yield self._whole(text, reason)
                return
            yield Written(text)

    def _whole(self, text: str, reason: str) -> Written:
        if re.search(r"content_?filter|refus|safety|blocked", reason, re.IGNORECASE):
            raise self._fault("declined to answer", f"ended with {reason[:40]}")
        if not text.strip():
            raise self._fault("wrote nothing", "empty answer")
        if not reason:
            raise self._fault("stopped in the middle, because the connection broke off", "no end of stream")
        return Written(text, ended="length" not in reason.lower() and "max" not in reason.lower())

    def _late(self, text: str, waited: float) -> tuple[str, str]:
        if waited >= self._limits.total:
            return f"did not finish in {self._limits.total:g} seconds", "total time-out"
        if text:
            return f"stopped writing for {self._limits.pause:g} seconds", "time-out in mid-stream"
        return f"did not begin to answer in {self._limits.first:g} seconds", "time-out before the first word"

    def _made(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def _make(self) -> Any:
        """The client, with the key that the settings hold.

        Raises:
            ChatModelFault: MENTOR_MODEL, the key or the package is missing or wrong.
        """
        provider, key, url = self._provider, self._settings.model_key, self._settings.model_url
        # The value may be anything, even a key pasted into the wrong line: it is not repeated.
        if not re.fullmatch(r"[a-z_]+", provider) or not self.name:
            raise _said("MENTOR_MODEL is not of the form provider:model, such as openai:gpt-5-mini")
        variable, address = model_variables(provider)
        if provider in NEEDS_KEY and not key and not (provider == "openai" and url):
            raise _said(f"There is no key for {provider}: set {variable}")
        try:
            return _client(provider, self.name, key, url, self._limits.total + 30)
        except ImportError as error:
            command = f"make install EXTRA={provider}" if provider in EXTRAS else "pip"
            log.warning("model %s: %s", self.name, type(error).__name__)
            raise _said(f"The client for {provider} is not installed: install it with `{command}`") from None
        except Exception as error:
            log.warning("model %s: no client (%s)", self.name, type(error).__name__)
            raise _said(
                f"LangChain has no client for the provider {provider}, or it refuses its settings: "
                f"check MENTOR_MODEL and {address}"
            ) from None

    def _failed(self, error: Exception, begun: bool) -> ChatModelFault:
        """What an error of a provider's client means, by its status and its type's name."""
        response = getattr(error, "response", None)
        status = getattr(error, "status_code", None) or getattr(response, "status_code", None) or 0
        # Of an answer that came and cannot be read, LangChain keeps the response.
        status = status if isinstance(status, int) and status >= 400 else 0
        kind = type(error).__name__
        code = getattr(error, "code", None)
        # A code is a word such as insufficient_quota; anything else may repeat a request.
        code = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{3,40}", code) else ""
        happened = " ".join(str(part) for part in (kind, status or "", code) if part)
        variable, address = model_variables(self._provider)
        if status == 401:
            return self._fault(f"could not be asked, because the key was refused: check {variable}", happened)
        if status == 403:
            return self._fault("may not be used with this key", happened)
        if status == 404:
            return self._fault(f"is not known to the server: check MENTOR_MODEL and {address}", happened)
        if status == 429:
            return self._fault("takes no more requests for now: its limit is reached", happened)
        if status >= 500:
            why = f"could not answer, because its server has a fault ({status})"
            return self._fault(why, happened, passing=True)
        if status:
            return self._fault(f"refused the request ({status})", happened)
        if "Timeout" in kind:
            return self._fault("took too long", happened)
        if re.search(r"ContentFilter|Refusal", kind):
            return self._fault("declined to answer", happened)
        if "LengthFinish" in kind:
            return self._fault("stopped in the middle, because its answer grew too long", happened, True)
        if re.search(r"Connect|Protocol|Network|ReadError|OSError|Stream", kind) or isinstance(
            error, OSError
        ):
            if begun:
                return self._fault("stopped in the middle, because the connection broke off", happened, True)
            return self._fault(f"could not be reached: check the network and {address}", happened, True)
        if not begun and "No generation" in str(error):
            return self._fault("wrote nothing", happened, True)
        return self._fault("sent something that cannot be read", happened, True)

    def _fault(self, what: str, happened: str, passing: bool = False) -> ChatModelFault:
        log.warning("model %s: %s", self.name, happened)
        return ChatModelFault(f"{self.name} {what}", passing)


_END = ("", "")


def _said(why: str) -> ChatModelFault:
    return ChatModelFault(why)


def _client(provider: str, model: str, key: str, url: str, seconds: float) -> Any:
    """A provider's client; its own time-out only ends what nobody waits for any more."""
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"base_url": url} if url else {}
    if provider == "ollama":
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        given["client_kwargs"] = {"timeout": seconds, "headers": headers}
    elif provider in ("anthropic", "openai"):
        # A compatible server on this machine takes any key, and the client insists on one.
        given |= {"api_key": key or "none", "timeout": seconds, "max_retries": 0}
    elif key:
        given["api_key"] = key
    return init_chat_model(model, model_provider=provider, **given)


def _read(
    client: Any,
    messages: Sequence[tuple[str, str]],
    arrivals: "queue.Queue[tuple[str, str] | Exception]",
    stopped: threading.Event,
) -> None:
    """Put every part of the answer, and why it ended, or what went wrong, where the asker waits."""
    try:
        # Even where LangChain's tracing is switched on for other work, nothing is sent to it.
        from langsmith import tracing_context

        with tracing_context(enabled=False), closing(client.stream(messages)) as parts:
            for part in parts:
                if stopped.is_set():
                    return
                said = part.response_metadata
                reason = next((str(said[name]) for name in _REASONS if said.get(name)), "")
                if part.text or reason:
                    arrivals.put((str(part.text), reason))
        arrivals.put(_END)
    except Exception as error:
        arrivals.put(error)


def _fill(
    client: Any, messages: Sequence[tuple[str, str]], form: type[Form], arrivals: "queue.Queue[Any]"
) -> None:
    """Put the form that the model filled in, or what went wrong, where the asker waits."""
    try:
        from langsmith import tracing_context

        with tracing_context(enabled=False):
            arrivals.put(client.with_structured_output(form).invoke(messages))
    except Exception as error:
        arrivals.put(error)
