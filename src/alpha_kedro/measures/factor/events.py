"""What names of each quantile did before and after the score, on average."""

import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.cross_sections import cell_means
from alpha_kedro.measures.factor.coefficients import hac_columns
from alpha_kedro.measures.factor.sample import FactorSample
from alpha_kedro.measures.significance import hac_mean


def event_returns(sample: FactorSample, *, before: int, after: int) -> pd.DataFrame:
    """Average the price path of each quantile around the fill.

    Parameters
    ----------
    before, after
        Sessions on either side of the fill.

    Returns
    -------
    DataFrame
        quantile, session (``-before`` to ``after``; the fill is 0, the score ``-lag``),
        mean_return (price of the session over that of the fill, less 1; relative as
        the design says), standard_error (HAC), t and n (dates).

    Notes
    -----
    Before the fill the path says what the factor feeds on: losers have fallen before a
    reversal score buys them. Names count in the sessions in which they have a price.
    """
    rows = []
    for session in range(-before, after + 1):
        means = _path_at(sample, session)
        for place in range(sample.design.quantiles):
            mean = hac_mean(means[:, place], overlap=sample.overlap(abs(session)))
            rows.append(
                {"quantile": place + 1, "session": session}
                | hac_columns("mean_return", mean)
            )
    table = pd.DataFrame(rows)
    return table.sort_values(["quantile", "session"], ignore_index=True)


def _path_at(sample: FactorSample, session: int) -> Float:
    """Return each quantile's mean return from the fill to a session: (n_dates, q)."""
    fill = sample.rows + sample.design.lag
    returns = sample.returns_between(fill, fill + session)
    judged = sample.set_against(returns, overlap=sample.overlap(abs(session)))
    return cell_means(judged.relative, sample.buckets)[0]
