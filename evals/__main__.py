"""`python -m evals NAME`: measure the project, and print what is found."""

import argparse
from pathlib import Path

from command_line import emit, run
from errors import ModelUnavailable
from evals.questions import OWN, read_questions
from settings import load_settings

NAMES = ("retrieval", "speed", "all")


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("name", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument("--questions", metavar="FILE", type=Path, default=OWN, help="JSON lines of your own")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    settings = load_settings()
    try:
        from evals import retrieval, speed
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"{error.name} is not installed; run `make test` once, which installs it"
        ) from error

    if options.name in ("retrieval", "all"):
        measured = retrieval.measure(settings, read_questions(options.questions))
        if options.json:
            emit({"retrieval": measured})
        else:
            print(retrieval.as_table(measured))
    if options.name in ("speed", "all"):
        seconds = speed.measure(settings)
        if options.json:
            emit({"speed": seconds})
        else:
            print(speed.as_table(seconds))
    return 0


if __name__ == "__main__":
    run(main)
