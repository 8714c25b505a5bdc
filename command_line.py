"""What every `python -m …` shares: JSON out, batches in, messages and exit codes."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from errors import MentorError

Record = dict[str, Any]


def run(command: Callable[[], int]) -> None:
    """Run a command and exit with its code; a fault that a person can mend is one message.

    Exit codes: 0 done, 1 the input or the handbook is at fault, 2 usage, 3 something is missing.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # JSON is UTF-8 in every locale, and no quote of the handbook is worth a traceback.
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        sys.exit(command())
    except MentorError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; nothing was changed", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def emit(record: Record) -> None:
    """Print one JSON object on one line."""
    print(
        json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8"),
        flush=True,
    )


def answer_batch(file: str, answer: Callable[[Record], Record]) -> int:
    """Answer each JSON line of `file` (`-` is standard input) with one line, in the same order.

    A line that cannot be answered is reported on stderr with its number and answered by its id
    and the error; the rest go on.

    Returns:
        The exit code: 1 if any line was bad.

    Raises:
        MentorError: the file cannot be read, or what every line needs is missing.
    """
    code = 0
    for number, line in enumerate(_lines(file), start=1):
        record: Record = {}
        try:
            record = _record(line)
            result = answer(record)
        except MentorError as error:
            if error.exit_code != MentorError.exit_code:
                raise
            print(f"{file}:{number}: {error}", file=sys.stderr)
            result, code = {"error": str(error)}, 1
        emit({"id": record.get("id")} | result)
    return code


def text_field(record: Record, name: str) -> str:
    """The text under `name` in a batch line.

    Raises:
        MentorError: it is missing, or not text.
    """
    value = record.get(name)
    if not isinstance(value, str):
        raise MentorError(f'expected "{name}" to be text, found {json.dumps(value)[:80]}')
    return value


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield from stream
    except OSError as error:
        raise MentorError(f"{file}: cannot be read ({error.strerror}); give a file of JSON lines") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def _record(line: bytes) -> Record:
    try:
        record = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MentorError(
            f'not JSON ({error}); expected a line such as {{"id": "1", "question": "…"}}'
        ) from error
    if not isinstance(record, dict):
        raise MentorError(f"expected a JSON object, found {type(record).__name__}")
    return record
