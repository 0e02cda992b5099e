"""Words that look at each cell by itself."""

from alpha_kedro.signals.formulas.formula import Formula, formula


def log_of(x: Formula) -> Formula:
    """Return the natural logarithm; NaN where x is not above 0."""
    return Formula.of("log", x)


def sqrt(x: Formula) -> Formula:
    """Return the square root; NaN below 0."""
    return Formula.of("sqrt", x)


def sign(x: Formula) -> Formula:
    """Return -1, 0 or 1."""
    return Formula.of("sign", x)


def exp(x: Formula) -> Formula:
    """Return e to the power x."""
    return Formula.of("exp", x)


def power(x: Formula, exponent: float) -> Formula:
    """Return x to a power."""
    return Formula.of("power", x, parameter=float(exponent))


def larger(x: Formula | float, y: Formula | float) -> Formula:
    """Return the larger of two values; NaN where either is missing."""
    return Formula.of("larger", formula(x), formula(y))


def smaller(x: Formula | float, y: Formula | float) -> Formula:
    """Return the smaller of two values; NaN where either is missing."""
    return Formula.of("smaller", formula(x), formula(y))


def is_above(x: Formula | float, y: Formula | float) -> Formula:
    """Return 1 where x > y, else 0; 0 too where either is missing."""
    return Formula.of("is_above", formula(x), formula(y))


def where(condition: Formula, x: Formula | float, y: Formula | float) -> Formula:
    """Return x where the condition is above 0, y where not."""
    return Formula.of("where", condition, formula(x), formula(y))


def first_known(x: Formula, y: Formula | float) -> Formula:
    """Return x, or y where x is missing."""
    return Formula.of("first_known", x, formula(y))


def single(x: Formula) -> Formula:
    """Round to what 32 bits can hold."""
    return Formula.of("single", x)
