"""Where a strategy's returns came from: legs, sectors, names, sources, factors."""

from alpha_kedro.measures.attribution.attribute import Attribution, attribute
from alpha_kedro.measures.attribution.books import DailyBooks
from alpha_kedro.measures.attribution.breakdown import Breakdown
from alpha_kedro.measures.attribution.stored import attribution_table, attributions_of

__all__ = [
    "Attribution",
    "Breakdown",
    "DailyBooks",
    "attribute",
    "attribution_table",
    "attributions_of",
]
