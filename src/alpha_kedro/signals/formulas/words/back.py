"""Words that look back: at a day, or over a window that ends today."""

from alpha_kedro.signals.formulas.formula import Formula, Known, usually_known
from alpha_kedro.signals.formulas.words.cells import log_of
from alpha_kedro.signals.formulas.words.fields import close
from alpha_kedro.signals.operators.limits import at_least_one, fading, memory, share


def delay(x: Formula, k: int) -> Formula:
    """Return the value of k sessions ago."""
    return Formula.of("delay", x, length=at_least_one("delay", k), reach=k)


def delta(x: Formula, k: int) -> Formula:
    """Return the change since k sessions ago."""
    return x - delay(x, k)


def growth(x: Formula, k: int) -> Formula:
    """Return the relative change since k sessions ago."""
    return x / delay(x, k) - 1


def _over(
    word: str,
    *operands: Formula,
    k: int,
    known: Known | None,
    parameter: float | None = None,
) -> Formula:
    return Formula.of(
        word,
        *operands,
        length=at_least_one(word, k),
        known=known or usually_known(word),
        parameter=parameter,
        reach=k - 1,
    )


def sum_of(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the sum of a window."""
    return _over("sum", x, k=k, known=known)


def product(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the product of a window."""
    return _over("product", x, k=k, known=known)


def mean(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the mean; that of equal values is their value to the last bit."""
    return _over("mean", x, k=k, known=known)


def std(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the standard deviation (ddof 1); exactly 0 where all are equal."""
    return _over("std", x, k=k, known=known)


def var(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the variance (ddof 1)."""
    return _over("var", x, k=k, known=known)


def mean_deviation(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the mean absolute distance to the mean; exactly 0 where all are equal."""
    return _over("mean_deviation", x, k=k, known=known)


def skew(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the skewness m3 / m2^1.5 (population moments); NaN where all are equal."""
    return _over("skew", x, k=k, known=known)


def kurt(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the excess kurtosis m4 / m2^2 - 3 (population moments)."""
    return _over("kurt", x, k=k, known=known)


def z_score(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return how many deviations the newest value lies from the mean."""
    return (x - mean(x, k, known)) / std(x, k, known)


def max_of(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the largest value of a window."""
    return _over("max", x, k=k, known=known)


def min_of(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the smallest value of a window."""
    return _over("min", x, k=k, known=known)


def argmax(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return how many sessions ago the largest value was; of equals the oldest."""
    return _over("argmax", x, k=k, known=known)


def argmin(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return how many sessions ago the smallest value was; of equals the oldest."""
    return _over("argmin", x, k=k, known=known)


def streak(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return how many sessions in a row, to today, are above 0; k at most."""
    return _over("streak", x, k=k, known=known)


def rank(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the newest value's rank among the known ones, over their number."""
    return _over("rank", x, k=k, known=known)


def quantile(x: Formula, k: int, q: float, known: Known | None = None) -> Formula:
    """Return a quantile, linear between the two nearest values."""
    return _over("quantile", x, k=k, known=known, parameter=share(q))


def median(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the median of a window."""
    return quantile(x, k, 0.5, known)


def slope(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the slope per session of the line through a window (least squares)."""
    return _over("slope", x, k=k, known=known)


def r_squared(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the share of the variance that the line explains; NaN at rest."""
    return _over("r_squared", x, k=k, known=known)


def line(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return where the line through a window stands today."""
    return _over("line", x, k=k, known=known)


def residual(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return how far the newest value lies above the line."""
    return x - line(x, k, known)


def decay_linear(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the mean with weights k, k-1, ..., 1 from the newest value back."""
    return _over("decay_linear", x, k=k, known=known)


def cov(x: Formula, y: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the covariance (ddof 1) over the sessions on which both are known."""
    return _over("cov", x, y, k=k, known=known)


def corr(x: Formula, y: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the correlation; NaN where either is at rest."""
    return _over("corr", x, y, k=k, known=known)


def beta(x: Formula, y: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the slope of x on y (least squares); NaN where y is at rest."""
    return _over("beta", x, y, k=k, known=known)


def residual_std(x: Formula, y: Formula, k: int, known: Known | None = None) -> Formula:
    """Return the standard error (ddof 2) of the regression of x on y."""
    return _over("residual_std", x, y, k=k, known=known)


def ewm_mean(x: Formula, span: int, known: Known | None = None) -> Formula:
    """Return the exponential mean with weights (1 - 2 / (span + 1))^age.

    It is cut off where the weights left out are a millionth of all, and so depends on
    no more than its last sessions: 6.9 times the span.
    """
    return _exponential("ewm_mean", x, span, known)


def ewm_std(x: Formula, span: int, known: Known | None = None) -> Formula:
    """Return the deviation about the exponential mean, with the same weights."""
    return _exponential("ewm_std", x, span, known)


def wilder(x: Formula, k: int, known: Known | None = None) -> Formula:
    """Return Wilder's smoothing: the exponential mean with weights (1 - 1 / k)^age."""
    return _exponential("wilder", x, k, known)


def _exponential(word: str, x: Formula, k: int, known: Known | None) -> Formula:
    length = memory(fading(word, at_least_one(word, k)))
    return _over(word, x, k=length, known=known, parameter=float(k))


ret = growth(close, 1)
"""Simple return since the close before."""

log_ret = log_of(close / delay(close, 1))
"""Log return since the close before."""
