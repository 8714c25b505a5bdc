"""`python -m ingest`: index the handbook, or documents of your own as a collection beside it."""

import argparse
import logging
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tqdm import tqdm

from command_line import emit, run
from errors import CorpusError, StaleIndex
from ingest import versions
from ingest.check import check_handbook
from ingest.check_across import stale_sections
from ingest.pipeline import (
    Progress,
    Report,
    ingest_collection,
    ingest_handbook,
    prepare_encoder,
    read_handbook,
    ship_vectors,
)
from settings import PROJECT, Settings, load_settings


def main() -> int:
    """Parse the command line and do what it says."""
    parser = _parser()
    options = parser.parse_args()
    if options.collection and not options.paths:
        parser.error("--collection names the documents at PATH; give their folder")
    modes = (options.check, options.list, options.remove, options.paths, options.encoder, options.ship)
    if sum(map(bool, modes)) > 1:
        parser.error("give one of PATH, --check, --list, --remove, --encoder and --ship")
    if options.stale is not None and (not options.check or options.stale < 0):
        parser.error("--stale goes with --check and takes a number of days, 0 or more")
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    settings = load_settings()
    if options.check:
        return _check(settings, options.stale, options.json)
    if options.list:
        return _list(settings, options.json)
    if options.remove:
        versions.remove_collection(versions.index_folder(settings.data_dir, options.remove))
        if options.json:
            emit({"removed": options.remove})
        else:
            print(f"removed {options.remove}")
        return 0
    if options.encoder:
        return _encoder(settings, options.json)
    with _Bar(quiet=options.json) as bar:
        if options.ship:
            written = ship_vectors(settings, observe=bar)
            print(f"vectors of {written} chapters written", file=sys.stderr if options.json else sys.stdout)
            return 0
        if options.paths:
            name = options.collection or _collection_name(options.paths[0])
            report = ingest_collection(settings, name, options.paths, rebuild=options.rebuild, observe=bar)
        else:
            name = versions.HANDBOOK
            report = ingest_handbook(settings, rebuild=options.rebuild, observe=bar)
    _print(name, report, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="Markdown files or folders of your own"
    )
    parser.add_argument("--collection", metavar="NAME", help="what to call them (default: the folder's name)")
    parser.add_argument("--rebuild", action="store_true", help="embed everything again")
    parser.add_argument("--check", action="store_true", help="check the handbook and index nothing")
    parser.add_argument(
        "--stale", metavar="DAYS", type=int, help="with --check: list the sections verified longer ago"
    )
    parser.add_argument("--list", action="store_true", help="list the collections")
    parser.add_argument("--remove", metavar="NAME", help="remove a collection")
    parser.add_argument("--encoder", action="store_true", help="prepare the query encoder; index nothing")
    parser.add_argument(
        "--ship", action="store_true", help="bring the vectors that travel with the handbook up to date"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _collection_name(path: Path) -> str:
    path = path.resolve()
    return path.name if path.is_dir() else path.stem


def _check(settings: Settings, days: int | None, as_json: bool) -> int:
    problems = check_handbook(settings.corpus, PROJECT)
    stale = []
    if days is not None and not problems:
        stale = stale_sections(read_handbook(settings.corpus), date.today(), days)
    if as_json:
        found = {"problems": [asdict(problem) for problem in problems]}
        emit(found if days is None else found | {"stale": [asdict(section) for section in stale]})
    else:
        for problem in problems:
            print(problem)
        for section in stale:
            print(f"{section.section} {section.title}: verified {section.verified}, {section.days} days ago")
    print(f"{len(problems)} problems" if problems else "the handbook is in order", file=sys.stderr)
    if days is not None and not problems:
        print(f"{len(stale)} sections verified more than {days} days ago", file=sys.stderr)
    return CorpusError.exit_code if problems else 0


def _encoder(settings: Settings, as_json: bool) -> int:
    ready = prepare_encoder(settings)
    if as_json:
        emit({"encoder": ready})
    else:
        print("the query encoder is ready" if ready else "the slow encoder will serve")
    return 0


def _list(settings: Settings, as_json: bool) -> int:
    rows = []
    for name in versions.collections(settings.data_dir):
        try:
            manifest = versions.read_manifest(versions.index_folder(settings.data_dir, name))
        except StaleIndex as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        rows.append({"collection": name, "sections": manifest.sections, "chunks": manifest.chunks})
    if as_json:
        emit({"collections": rows})
    else:
        for row in rows:
            print(f"{row['collection']}: {row['sections']} sections, {row['chunks']} chunks")
    return 0


def _print(name: str, report: Report, as_json: bool) -> None:
    if as_json:
        emit({**asdict(report), "skipped": list(report.skipped)})
        return
    for entry in report.skipped:
        print(f"skipped {entry['path']}: {entry['reason']}", file=sys.stderr)
    fresh = report.added + report.updated
    embedded = f"{fresh} chunks added or updated" if fresh else "no chunk had changed"
    print(
        f"{name}: {report.sections} sections, {report.chunks} chunks; {embedded}, "
        f"{report.removed} removed ({report.seconds:.1f} s)"
    )


class _Bar:
    """A progress bar on stderr, one stage after the other."""

    def __init__(self, quiet: bool) -> None:
        self._bar = tqdm(
            disable=quiet or None,
            bar_format="{desc:<60.60}{bar:20} {percentage:3.0f}% {remaining}",
            leave=False,
        )

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.close()

    def __call__(self, progress: Progress) -> None:
        if self._bar.disable:
            return
        stage = progress.stage.split(" ")[0]
        if not self._bar.desc.startswith(stage):
            self._bar.reset(total=progress.total)
        self._bar.set_description_str(progress.stage, refresh=False)
        self._bar.total, self._bar.n = progress.total, progress.done
        self._bar.refresh()


if __name__ == "__main__":
    run(main)
