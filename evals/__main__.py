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
    """How often the right section, or a collection's right document, is at the top."""
    from evals import collection, retrieval

    if options.collection:
        measured = collection.measure(settings, options.collection)
        return measured, collection.as_table(measured)
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
    from evals import graded_answers, grading

    path = graded_answers.OWN_ANSWERS if options.questions == OWN else options.questions
    found = grading.measure(settings, graded_answers.read_answers(path))
    if options.record:
        grading.record(found)
    return found, grading.as_table(found)


def abstention(settings: Settings, options: argparse.Namespace) -> Measured:
    """Whether what is asked is answered, and only that."""
    from evals import abstention

    own = options.questions == OWN
    asked = abstention.own_questions(settings) if own else abstention.read_asked(options.questions)
    if options.fit:
        found = abstention.fit(settings, asked)
        found |= abstention.fit_long(settings, abstention.own_briefs(settings))
        return found, _weights(found)
    measured = abstention.measure(settings, asked)
    if own:
        measured["briefs"] = abstention.measure(settings, abstention.own_briefs(settings))["halves"]
    if options.plot:
        abstention.plot(measured, options.plot)
    return measured, abstention.as_table(measured)


def plain(settings: Settings, options: argparse.Namespace) -> Measured:
    """Whether plain questions are answered by the first sentence."""
    from evals import plain

    found = plain.measure(settings)
    return found, plain.as_table(found)


def lessons(settings: Settings, options: argparse.Namespace) -> Measured:
    """Whether questions to a section are answered with the sentences that answer them."""
    from evals import lessons

    found = lessons.measure(settings)
    return found, lessons.as_table(found)


def conversations(settings: Settings, options: argparse.Namespace) -> Measured:
    """Whether the later turns of a conversation are understood."""
    from evals import conversations

    found = conversations.measure(settings, conversations.read_conversations())
    return found, conversations.as_table(found)


def answers(settings: Settings, options: argparse.Namespace) -> Measured:
    """What the answers say, and that every sentence is cited."""
    from evals import answers

    if options.fit:
        fitted = answers.fit(settings)
        return fitted, _weights(fitted)
    found = answers.measure(settings)
    return found, answers.as_table(found)


def speed(settings: Settings, options: argparse.Namespace) -> Measured:
    """How long things take, beside the tutorial chain; or how that grows."""
    from evals import scale, speed

    if options.scale:
        grown = scale.measure(settings)
        return grown, scale.as_table(grown)
    found = speed.measure(settings)
    return found, speed.as_table(found)


def _weights(fitted: dict[str, float]) -> str:
    return "\n".join(f"{name}: {weight:.2f}" for name, weight in fitted.items())


MEASUREMENTS: dict[str, Callable[[Settings, argparse.Namespace], Measured]] = {
    "retrieval": retrieval,
    "abstention": abstention,
    "plain": plain,
    "lessons": lessons,
    "conversations": conversations,
    "answers": answers,
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
        "--fit", action="store_true", help="with abstention or answers: the weights, from one half"
    )
    parser.add_argument("--plot", metavar="FILE", type=Path, help="with abstention: draw the curve")
    parser.add_argument(
        "--collection", metavar="DIR", type=Path, help="with retrieval: a collection in BEIR's layout"
    )
    parser.add_argument("--scale", action="store_true", help="with speed: growth up to 100,000 chunks (long)")
    parser.add_argument(
        "--record", action="store_true", help="with grading: keep the numbers that the pages show"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.collection and options.name != "retrieval":
        parser.error("--collection goes with retrieval")
    if options.scale and options.name != "speed":
        parser.error("--scale goes with speed")
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
