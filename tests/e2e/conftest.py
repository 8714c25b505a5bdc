"""A real browser, a real server, the small handbook. Nothing leaves the machine, and that is tested."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

PROJECT = Path(__file__).parents[2]
CORPUS_SMALL = PROJECT / "tests" / "corpus_small"
DESIGN = Path(__file__).parent / "design.yaml"
"""A design problem in stages, which the small handbook has none of."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = f"BROWSER TESTS NOT RUN: none of {', '.join(CHROMIUMS)} is installed"
# Streamlit looks for its own root from the page's address upwards, and the first place is wrong.
PROBES = tuple(
    f"/{page}/_stcore/{at}"
    for page in ("handbook", "interview", "progress")
    for at in ("health", "host-config")
)

expect.set_options(timeout=20_000)  # a busy machine with two cores


def pytest_configure(config: pytest.Config) -> None:
    config.option.screenshot = "only-on-failure"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(NO_BROWSER, red=True, bold=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The system's browser; without one, a skip that shows, and a failure where CI counts on it."""
    path = next((found for found in map(shutil.which, CHROMIUMS) if found), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": path, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}


def environment(data_dir: Path) -> dict[str, str]:
    """No setting of the person who runs the tests reaches the server, not even from a `.env`."""
    own = data_dir / "corpus"
    return os.environ | {
        "MENTOR_DATA_DIR": str(data_dir),
        "MENTOR_CORPUS": str(own if own.is_dir() else CORPUS_SMALL),
        "MENTOR_EMBEDDER": "all-MiniLM-L6-v2",
        "DATABASE_URL": f"sqlite:///{data_dir / 'mentor.db'}",
    }


@contextmanager
def serving(data_dir: Path) -> Iterator[str]:
    """Run the app on a free port; yields its address, and looks for tracebacks in its log at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = data_dir / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as sink:
        server = subprocess.Popen(
            command, cwd=PROJECT, env=environment(data_dir), stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(server, url, log)
            yield url
        finally:
            server.terminate()
            server.wait(20)
    assert "Traceback" not in log.read_text("utf-8"), log.read_text("utf-8")


def _wait_for(server: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            pass
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the server ended by itself:\n{log.read_text('utf-8')}")
    pytest.fail(f"the server did not answer in 60 s:\n{log.read_text('utf-8')}")


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app at `base_url` keeps what it keeps."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def base_url(browser_type_launch_args: dict, data_dir: Path) -> Iterator[str]:
    """The address of an app whose index is there."""
    with indexed_and_serving(data_dir) as url:
        yield url


@contextmanager
def indexed_and_serving(data_dir: Path, design: bool = True, corpus: Path = CORPUS_SMALL) -> Iterator[str]:
    """An app with an index and without a past; yields its address. With `design`, its bank has one."""
    shutil.copytree(corpus, data_dir / "corpus")
    if design:
        shutil.copy(DESIGN, data_dir / "corpus" / "questions" / "02-compute.yaml")
    subprocess.run(
        [sys.executable, "-m", "ingest", "--json"], cwd=PROJECT, env=environment(data_dir), check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with serving(data_dir) as url:
        yield url


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser that tells on every request beyond this machine, and on every error of its console."""
    asked: list[str] = []
    errors: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(PROBES):
            errors.append(f"{message.text} ({message.location.get('url')})")

    context.on("request", lambda request: asked.append(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: asked.append(socket.url)))
    context.on("console", note_console)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    strangers = [url for url in asked if not _is_here(url)]
    assert asked, "the test asked for nothing"
    assert not strangers
    assert not errors


def _is_here(url: str) -> bool:
    return url.startswith("data:") or urlsplit(url.removeprefix("blob:")).hostname == "127.0.0.1"


@pytest.fixture
def look(page: Page, pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keeps a picture for human eyes, whether the test fails or not."""
    folder = Path(pytestconfig.getoption("--output")) / "pictures"

    def keep(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return keep
