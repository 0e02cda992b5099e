"""What the tests of the house read: its sources, as text and as syntax trees."""

import ast
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SOURCES = sorted(Path(PROJECT, "src").rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def tree_of(path):
    return ast.parse(path.read_text(), str(path))


def calls_in(path):
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]


def functions_in(path):
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, FUNCTIONS)]


def body_lines(function):
    """Lines of a function from its first statement after the docstring to its end."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def imported_in(tree):
    """Names of the modules that a syntax tree imports, wherever it does so."""
    nodes = list(ast.walk(tree))
    plain = [node for node in nodes if isinstance(node, ast.Import)]
    named = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in plain for alias in node.names} | {
        node.module for node in named if node.module
    }
