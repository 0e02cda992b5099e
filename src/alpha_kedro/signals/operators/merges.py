"""How the summaries of two neighbouring spans of rows make that of both together.

Means and central moments merge by the pairwise formulas of Chan, Golub and LeVeque
(1979), higher ones by those of Pébay (2008, Sandia report SAND2008-6212). They never
subtract two large numbers, and equal values keep a deviation of exactly 0. A span
without a known value has the count 0, and changes nothing.

Every kernel takes (older, newer, out) as tuples of flat arrays. ``fade`` is what an
older row counts relative to a newer one: 1 in a plain window.
"""

from alpha_kedro.core.kernels import kernel
from alpha_kedro.signals.operators.windows import State


@kernel
def merge_sums(older: State, newer: State, out: State) -> None:
    """Merge (sum,)."""
    (left,), (right,), (total,) = older, newer, out
    for i in range(len(total)):
        total[i] = left[i] + right[i]


@kernel
def merge_products(older: State, newer: State, out: State) -> None:
    """Merge (product,)."""
    (left,), (right,), (total,) = older, newer, out
    for i in range(len(total)):
        total[i] = left[i] * right[i]


@kernel
def merge_maxima(older: State, newer: State, out: State, age: int) -> None:
    """Merge (largest value, its age in rows); of equal values the oldest counts."""
    (value_a, age_a), (value_b, age_b), (value, since) = older, newer, out
    for i in range(len(value)):
        is_older = value_a[i] >= value_b[i]
        value[i] = value_a[i] if is_older else value_b[i]
        since[i] = age_a[i] + age if is_older else age_b[i]


@kernel
def merge_moments(older: State, newer: State, out: State, fade: float) -> None:
    """Merge (count, mean, sum of squared distances to it)."""
    (n_a, mean_a, m2_a), (n_b, mean_b, m2_b) = older, newer
    n, mean, m2 = out
    for i in range(len(n)):
        before, now = fade * n_a[i], n_b[i]
        both = before + now
        share = now / both if both > 0 else 0.0
        step = mean_b[i] - mean_a[i]
        n[i] = both
        mean[i] = mean_a[i] + step * share
        m2[i] = fade * m2_a[i] + m2_b[i] + step * step * before * share


@kernel
def merge_higher_moments(older: State, newer: State, out: State) -> None:
    """Merge (count, mean, sums of squared, cubed and fourth powers of distances)."""
    n_a, mean_a, m2_a, m3_a, m4_a = older
    n_b, mean_b, m2_b, m3_b, m4_b = newer
    n, mean, m2, m3, m4 = out
    for i in range(len(n)):
        a, b = n_a[i], n_b[i]
        both = a + b
        share = b / both if both > 0 else 0.0
        rest = a / both if both > 0 else 0.0
        step = mean_b[i] - mean_a[i]
        square = step * step * a * share
        n[i] = both
        mean[i] = mean_a[i] + step * share
        m2[i] = m2_a[i] + m2_b[i] + square
        m3[i] = (
            m3_a[i]
            + m3_b[i]
            + square * step * (rest - share)
            + 3 * step * (rest * m2_b[i] - share * m2_a[i])
        )
        m4[i] = (
            m4_a[i]
            + m4_b[i]
            + square * step * step * (rest * rest - rest * share + share * share)
            + 6 * step * step * (rest * rest * m2_b[i] + share * share * m2_a[i])
            + 4 * step * (rest * m3_b[i] - share * m3_a[i])
        )


@kernel
def merge_comoments(older: State, newer: State, out: State, shift: float) -> None:
    """Merge (count, means of x and y, sums of their squared distances and products).

    ``shift`` is added to the older y: with y the age of a row, the length of the newer
    span.
    """
    n_a, x_a, y_a, xx_a, yy_a, xy_a = older
    n_b, x_b, y_b, xx_b, yy_b, xy_b = newer
    n, x, y, xx, yy, xy = out
    for i in range(len(n)):
        a, b = n_a[i], n_b[i]
        both = a + b
        share = b / both if both > 0 else 0.0
        aged = y_a[i] + (shift if a > 0 else 0.0)
        step_x, step_y = x_b[i] - x_a[i], y_b[i] - aged
        weight = a * share
        n[i] = both
        x[i] = x_a[i] + step_x * share
        y[i] = aged + step_y * share
        xx[i] = xx_a[i] + xx_b[i] + step_x * step_x * weight
        yy[i] = yy_a[i] + yy_b[i] + step_y * step_y * weight
        xy[i] = xy_a[i] + xy_b[i] + step_x * step_y * weight
