"""Notebooks: they run as they stand, import what they use and define nothing."""

import ast

import nbformat
import pytest
from nbclient import NotebookClient

from tests.architecture.house import FUNCTIONS, PROJECT

NOTEBOOKS = sorted(PROJECT.glob("notebooks/*.ipynb"))
LARGEST = 400_000  # bytes, pictures included

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def source_of(cell):
    lines = cell.source.splitlines()
    return "\n".join(line for line in lines if not line.startswith("%"))


def test_there_is_a_tour():
    assert [path.name for path in NOTEBOOKS] == ["01_tour.ipynb"]


@each_notebook
def test_it_defines_nothing(path):
    nodes = [
        n for cell in code_cells(path) for n in ast.walk(ast.parse(source_of(cell)))
    ]
    assert not any(isinstance(node, (*FUNCTIONS, ast.ClassDef)) for node in nodes)


@each_notebook
def test_it_was_saved_after_a_clean_run(path):
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert "error" not in kinds
    assert path.stat().st_size < LARGEST


@pytest.mark.slow
@each_notebook
def test_it_runs_from_top_to_bottom(path):
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, resources=folder).execute()
