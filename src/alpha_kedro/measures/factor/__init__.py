"""One factor against the prices that followed, in a single call for a notebook."""

from alpha_kedro.measures.factor.design import ALPHALENS, FactorConventions
from alpha_kedro.measures.factor.evaluate import evaluate_factor
from alpha_kedro.measures.factor.evidence import FactorEvidence

__all__ = ["ALPHALENS", "FactorConventions", "FactorEvidence", "evaluate_factor"]
