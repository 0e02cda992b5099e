"""The language features are written in: its words, its reading, its computing."""

from alpha_kedro.signals.formulas.evaluation import evaluate
from alpha_kedro.signals.formulas.formula import Formula, formula
from alpha_kedro.signals.formulas.parse import read_formula

__all__ = ["Formula", "evaluate", "formula", "read_formula"]
