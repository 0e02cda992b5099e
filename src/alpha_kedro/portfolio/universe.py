"""The universe itself, as something a strategy is held against."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool
from alpha_kedro.portfolio.traded_market import TradedMarket
from alpha_kedro.signals.market_return import equal_weight_return


def universe_returns(market: TradedMarket, members: Bool) -> pd.DataFrame:
    """Return what the universe earned, equally weighted anew at each close, cost-free.

    Parameters
    ----------
    members
        (n_dates, n_tickers) who belonged to the universe at each close.

    Returns
    -------
    DataFrame
        date and equal_weight: of the members of the close before, those with a return;
        NaN on the first session. No member is dropped for what becomes of it later, but
        one without a bar earns nothing: delistings are booked by books alone.
    """
    before = np.zeros_like(members)
    before[1:] = members[:-1]
    earned = equal_weight_return(market.prices["close"].astype(np.float64), before)
    return pd.DataFrame({"date": market.axes.dates, "equal_weight": earned})
