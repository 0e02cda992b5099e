"""Words that look across the names of a date, at its universe alone."""

from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words.fields import sector


def across_rank(x: Formula) -> Formula:
    """Return the rank in the universe of the date, from -0.5 to 0.5."""
    return Formula.of("across_rank", x)


def across_z_score(x: Formula) -> Formula:
    """Return the deviations from the mean of the universe of the date."""
    return Formula.of("across_z_score", x)


def across_demean(x: Formula) -> Formula:
    """Subtract the mean of the universe of the date."""
    return Formula.of("across_demean", x)


def sector_demean(x: Formula, groups: Formula = sector) -> Formula:
    """Subtract the mean of the names of the sector on the date."""
    return Formula.of("sector_demean", x, groups)


def sector_mean(x: Formula) -> Formula:
    """Return the mean over the names of the sector on the date."""
    return x - sector_demean(x)


def sector_rank(x: Formula, groups: Formula = sector) -> Formula:
    """Return the rank in the sector of the date, from -0.5 to 0.5."""
    return Formula.of("sector_rank", x, groups)
