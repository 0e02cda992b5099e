"""The house rules that no linter knows."""

import ast
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.architecture.house import (
    PROJECT,
    SOURCES,
    body_lines,
    functions_in,
    imported_in,
    tree_of,
)

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
HEAVY = {
    "arch",
    "clarabel",
    "cvxpy",
    "distributed",
    "exchange_calendars",
    "hmmlearn",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "optuna",
    "plotly",
    "scipy",
    "shap",
    "sklearn",
    "statsmodels",
    "torch",
    "vectorbt",
    "xgboost",
}
RUNS_CODE_WHEN_READ = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
READS_PICKLES = {"read_pickle", "to_pickle"}
SPEAKS_TO_ITS_OWN_PROCESSES = "handover.py"
"""What a run hands to its workers is a pickle that does not outlive the run."""
LOOKS_AHEAD = re.compile(r"shift\(\s*-|\bbfill\b|\binterpolate\(|center=True")
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|for now|placeholder|NotImplementedError|\bdf\b"
)
VAGUE = re.compile(r"util|helper|common|manager|misc|\bbase\b")
PRIVATE = re.compile(r"/(home|Users|work|root)/\w+")
WRITTEN = {"", ".html", ".ipynb", ".j2", ".md", ".py", ".toml", ".yml"}


def package_of(module):
    return module.split(".")[0]


def imported_on_import(path):
    """Packages a module loads when it is imported itself."""
    tree = tree_of(path)
    inner = {id(node) for function in functions_in(path) for node in ast.walk(function)}
    typing = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    outer = [node for node in ast.walk(tree) if id(node) not in inner | typing]
    imports = [node for node in outer if isinstance(node, ast.Import | ast.ImportFrom)]
    return {package_of(name) for name in imported_in(ast.Module(imports, []))}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
class TestEverySource:
    def test_is_read_in_one_sitting(self, path):
        assert len(path.read_text().splitlines()) <= LONGEST_FILE

    def test_is_finished(self, path):
        assert UNFINISHED.findall(path.read_text()) == []

    def test_has_a_name_that_says_what_is_in_it(self, path):
        assert not VAGUE.search(path.stem)

    def test_leaves_heavy_libraries_to_the_functions_that_need_them(self, path):
        assert imported_on_import(path) & HEAVY == set()

    def test_never_opens_a_pickle(self, path):
        if path.name == SPEAKS_TO_ITS_OWN_PROCESSES:
            return
        packages = {package_of(name) for name in imported_in(tree_of(path))}
        names = {
            node.attr
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute)
        }
        assert packages & RUNS_CODE_WHEN_READ == set()
        assert names & READS_PICKLES == set()

    def test_looks_ahead_in_labels_alone(self, path):
        if path.name != "labels.py":
            assert LOOKS_AHEAD.findall(path.read_text()) == []


def test_functions_are_short():
    lengths = [body_lines(each) for path in SOURCES for each in functions_in(path)]
    assert np.quantile(lengths, 0.95) <= LONGEST_FUNCTION
    assert np.median(lengths) <= 10


def test_the_command_line_starts_without_heavy_libraries():
    program = (
        "import sys, alpha_kedro.cli, alpha_kedro.settings\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_is_there_at_once(kedro):
    started = time.perf_counter()
    done = kedro("run", "--help")
    print(f"kedro run --help: {time.perf_counter() - started:.1f} s")
    assert done.returncode == 0
    assert "--pipeline" in done.stdout


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import scipy", {"scipy"}),
        ("from scipy.stats import norm", {"scipy"}),
        ("try:\n    import torch\nexcept ImportError:\n    pass", {"torch"}),
        ("class A:\n    import shap", {"shap"}),
        ("def f():\n    import scipy", set()),
        ("if TYPE_CHECKING:\n    import scipy", set()),
    ],
)
def test_a_heavy_import_is_seen_where_it_counts(tmp_path, source, found):
    path = tmp_path / "planted.py"
    path.write_text(source)
    assert imported_on_import(path) & HEAVY == found


def test_planted_faults_are_seen():
    assert UNFINISHED.search("# TODO: later")
    assert UNFINISHED.search("df = load()")
    assert LOOKS_AHEAD.search("close.shift( -1)")
    assert VAGUE.search("date_utils")
    long = ast.parse('def f():\n    """Say."""\n    a = 1\n\n    return a').body[0]
    assert body_lines(long) == 3


def test_the_repository_names_no_machine():
    """Text files are free of paths of the machine they were written on."""
    folders = ("src", "conf", "docs", "notebooks", "benchmarks")
    files = [path for name in folders for path in (PROJECT / name).rglob("*")]
    files += [*PROJECT.glob("*.md"), *PROJECT.glob("*.toml"), PROJECT / "Makefile"]
    texts = [path for path in files if path.is_file() and path.suffix in WRITTEN]
    assert [p.name for p in texts if PRIVATE.search(p.read_text())] == []
