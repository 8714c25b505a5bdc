"""`python -m evals NAME`: measure the project, and print what is found."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import emit, run
from errors import ModelUnavailable
from evals.questions import OWN, OWN_SCENARIOS, read_questions
from settings import Settings, load_settings

Measured = tuple[Any, str]
"""What a measurement found, and its table for people."""


def retrieval(settings: Settings, options: argparse.Namespace) -> Measured:
    """How often the right section is at the top."""
    from evals import retrieval

    scenarios = read_questions(OWN_SCENARIOS) if options.questions == OWN else []
    found = retrieval.measure(settings, read_questions(options.questions), scenarios)
    return found, retrieval.as_table(found)


def bank(settings: Settings, options: argparse.Namespace) -> Measured:
    """Whether the sections say what the question bank claims."""
    from evals import bank

    found = bank.measure(settings)
    return found, bank.as_table(found)


def grading(settings: Settings, options: argparse.Namespace) -> Measured:
    """How well the graders agree with independent grades."""
    from evals import answers, grading

    path = answers.OWN_ANSWERS if options.questions == OWN else options.questions
    found = grading.measure(settings, answers.read_answers(path))
    if options.record:
        grading.record(found)
    return found, grading.as_table(found)


def speed(settings: Settings, options: argparse.Namespace) -> Measured:
    """How long things take, beside the tutorial chain."""
    from evals import speed

    found = speed.measure(settings)
    return found, speed.as_table(found)


MEASUREMENTS: dict[str, Callable[[Settings, argparse.Namespace], Measured]] = {
    "retrieval": retrieval,
    "bank": bank,
    "grading": grading,
    "speed": speed,
}


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("name", metavar="NAME", choices=[*MEASUREMENTS, "all"], help="%(choices)s")
    parser.add_argument("--questions", metavar="FILE", type=Path, default=OWN, help="JSON lines of your own")
    parser.add_argument(
        "--record", action="store_true", help="with grading: keep the numbers that the pages show"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    settings = load_settings()
    for name, measure in MEASUREMENTS.items():
        if options.name in (name, "all"):
            try:
                found, table = measure(settings, options)
            except ModuleNotFoundError as error:
                raise ModelUnavailable(
                    f"{error.name} is not installed; run `make test` once, which installs it"
                ) from error
            if options.json:
                emit({name: found})
            else:
                print(table)
    return 0


if __name__ == "__main__":
    run(main)
