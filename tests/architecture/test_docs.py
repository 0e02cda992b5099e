"""The documentation: its commands run, its links lead somewhere, its names exist."""

import importlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from alpha_kedro.market import SimulatedMarketSpec
from alpha_kedro.pipeline_registry import register_pipelines
from alpha_kedro.sources import load_market
from tests.architecture.commands import (
    PAGES,
    Command,
    commands_in,
    documented,
    recipe_of,
    with_parameters,
)
from tests.architecture.house import PROJECT
from tests.pipelines.environments import ENVIRONMENTS

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
FINISHED = {0, 3}  # 3: done, with part of the rows refused
OF_A_FILE = re.compile(r"(markets\.files\.(\w+))=([\w./-]+)")


def anchors_of(page):
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings
    }
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target, anchor in LINK.findall(page.read_text()):
        place = page.parent / target if target else page
        assert place.exists(), target
        assert not anchor or anchor in anchors_of(place), f"{target}#{anchor}"


def rooms():
    """(room, public word) of every row of the table of rooms."""
    text = Path(PROJECT, "docs/architecture.md").read_text()
    table = text.split("## Rooms")[1].split("\n\n`make contracts`")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if "| `" in line]
    words = re.compile(r"`([\w.]+)`")
    return [
        (room, word)
        for row in rows
        for room in words.findall(row[0])[:1]
        for word in words.findall(row[2])
    ]


@pytest.mark.parametrize(("room", "word"), rooms())
def test_a_public_word_of_a_room_can_be_imported_from_it(room, word):
    package = importlib.import_module(f"alpha_kedro.{room}")
    inside = [
        importlib.import_module(f"alpha_kedro.core.{path.stem}")
        for path in Path(package.__file__).parent.glob("*.py")
        if room == "core" and path.stem != "__init__"
    ]
    assert any(hasattr(place, word) for place in (package, *inside))


def test_the_architecture_names_every_dataset_and_pipeline(experiment):
    text = Path(PROJECT, "docs/architecture.md").read_text()
    catalog = Path(PROJECT, "conf/base/catalog.yml").read_text()
    datasets = re.findall(r"^([a-z]\w*):", catalog, re.MULTILINE)
    assert [name for name in datasets if f"`{name}`" not in text] == []
    pipelines = set(register_pipelines()) - {"__default__"}
    assert [name for name in pipelines if name not in text] == []


def test_a_block_of_commands_is_taken_apart():
    text = (
        '```bash\nmake run   # all\nkedro run \\\n  --params "a=1"\n```\n```\nno\n```\n'
    )
    assert commands_in(text) == [
        Command(("make", "run")),
        Command(("kedro", "run", "--params", "a=1")),
    ]
    assert not Command(("kedro", "fly")).is_known


def test_every_documented_command_is_one_these_tests_know():
    assert [str(command) for command in documented() if not command.is_known] == []


@pytest.mark.parametrize("command", [c for c in documented() if c.is_make], ids=str)
def test_a_documented_make_target_exists(command):
    recipe_of(command)


def test_make_run_is_the_main_job():
    run = Command(("make", "run", "ENV=daily_long_short", "PARAMS=quick=true"))
    assert [str(command) for command in recipe_of(run)] == [
        "kedro run --pipeline=walk_forward --env=daily_long_short --params quick=true"
    ]


RUN_ELSEWHERE = [Command(("kedro", "run", f"--env={env}")) for env in ENVIRONMENTS]
"""Run at the same size by tests/pipelines/test_environments.py."""


def runs():
    """Every documented ``kedro run``, those behind ``make`` included."""
    made = [each for c in documented() if c.is_make for each in recipe_of(c)]
    found = [c for c in dict.fromkeys([*made, *documented()]) if c.is_run]
    return [command for command in found if command not in RUN_ELSEWHERE]


def test_runs_left_to_other_tests_are_documented():
    assert [str(c) for c in RUN_ELSEWHERE if c not in documented()] == []


def with_files(command, folder):
    """The same command, the reader's own files stood in for by simulated ones."""
    market = load_market(SimulatedMarketSpec(n_tickers=60, n_sessions=900), seed=7)
    words = []
    for word in command.words:
        for _, table, name in OF_A_FILE.findall(word):
            getattr(market, table).to_parquet(folder / Path(name).name)
        words.append(
            OF_A_FILE.sub(lambda m: f"{m[1]}={folder / Path(m[3]).name}", word)
        )
    return Command(tuple(words))


@pytest.mark.slow
def test_documented_runs_finish_in_the_order_they_are_read(kedro, tmp_path):
    """Each in a folder of its experiment, at quick size."""
    for command in runs():
        env = next((w for w in command.words if w.startswith("--env")), "base")
        small = with_parameters(
            with_files(command, tmp_path),
            quick="true",
            data_root=tmp_path / env.removeprefix("--env="),
        )
        done = kedro(*small.words[1:], timeout=300)
        assert done.returncode in FINISHED, f"{small}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_documented_looks_at_the_data_say_something(kedro, tmp_path):
    looks = [command for command in documented() if command.is_look]
    assert looks
    for command in looks:
        here = with_parameters(command, quick="true", data_root=tmp_path)
        done = kedro(*here.words[1:], timeout=300)
        assert done.returncode in FINISHED, f"{here}\n{done.stdout}\n{done.stderr}"
        assert len(done.stdout.splitlines()) > 2


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port():
    """A port nobody listens on; Kedro-Viz takes none above 49151."""
    return next(port for port in range(21_000, 22_000) if is_free(port))


def answers(url, *, within=60):
    """True once a server gives any page at ``url``."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "port_option", "page"),
    [
        (("viz", "run", "--no-browser"), "--port", "api/main"),
        (("jupyter", "lab", "--no-browser", "--allow-root"), "--ServerApp.port", "api"),
    ],
    ids=["viz", "lab"],
)
def test_a_server_comes_up_and_goes_down(words, port_option, page, tmp_path):
    port, log = free_port(), tmp_path / "log"
    server = subprocess.Popen(
        [Path(sys.executable).with_name("kedro"), *words, f"{port_option}={port}"],
        cwd=PROJECT,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path)},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert answers(f"http://127.0.0.1:{port}/{page}"), log.read_text()
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)
