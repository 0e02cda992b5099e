"""The registry of features: what each needs, how far it looks back, and its function.

A feature is one decorated function of `Inputs`. It is given arrays that end at the last
session loaded and has operators that look at the past only, so it has no way to see
what comes after. Three rules hold for all of them:

- A quotient by 0 is NaN: a flat price has no relative strength, a day without volume
  no illiquidity. No feature is ever infinite.
- A statistic (mean, deviation, extreme, slope) stands on at least 80 % of its window
  and so survives a missing day. A sum needs all of it, or it would be another quantity.
- Prices are total return. Their level rests on factors known at the end of the sample
  only, so every feature is a ratio or a difference of logarithms of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Dates, Float
from alpha_kedro.core.registry import Registry, unknown_name
from alpha_kedro.signals.operators import delay, ratio

_KNOWN_SHARE = 0.8


@dataclass(frozen=True)
class Inputs:
    """What a feature is computed from, aligned and read-only, up to the last session.

    Attributes
    ----------
    dates
        (n_dates,) sessions.
    open, high, low, close
        (n_dates, n_tickers) total-return prices, NaN where there is no bar.
    volume
        (n_dates, n_tickers) shares.
    dollar_volume
        (n_dates, n_tickers) traded value, not adjusted for dividends.
    market_return
        (n_dates, 1) simple return of the market over one session.
    sector
        (n_dates, n_tickers) code of the group, NaN where unknown; (1, n_tickers) where
        no name changes its group.
    share_value
        (n_dates, n_tickers) close as quoted of what one share of the ticker's first bar
        has become by splits, dividends aside; NaN where no feature asked for it.
    fundamentals, sentiment
        (n_dates, n_tickers) by name: see `fundamentals.KnownReports` and
        `sentiment.known_sentiment`; empty where no feature asked for them.
    """

    dates: Dates
    open: Float
    high: Float
    low: Float
    close: Float
    volume: Float
    dollar_volume: Float
    market_return: Float
    sector: Float
    share_value: Float
    fundamentals: Mapping[str, Float]
    sentiment: Mapping[str, Float]

    @cached_property
    def ret(self) -> Float:
        """Return the simple return since the close before; NaN if either is missing."""
        return ratio(self.close, delay(self.close, 1)) - 1


@dataclass(frozen=True)
class Feature:
    """One column of X.

    Attributes
    ----------
    name
        Name of the column.
    compute
        Takes `Inputs`, returns float64 that broadcasts to (n_dates, n_tickers).
    lookback
        Sessions, today's included, that fix the value of today to the last bit.
    needs
        Fields of `Inputs` it reads.
    unit, formula, source
        What a reader of the column has to know.
    scale_free
        Whether prices in another currency give the same value.
    """

    name: str
    compute: Callable[[Inputs], Float]
    lookback: int
    needs: tuple[str, ...]
    unit: str
    formula: str
    source: str
    scale_free: bool = True


FEATURES: Registry[Feature] = Registry("feature")
FEATURE_SETS: Registry[tuple[str, ...]] = Registry("feature set")

FEATURE_SETS.add(
    "weekly_equity",
    (
        *("momentum_1", "momentum_5", "momentum_20", "momentum_60", "momentum_120"),
        *("momentum_252_21", "volatility_5", "volatility_20", "volatility_60"),
        *("rsi_14", "volume_z_20", "gap", "high_low_range"),
        *("sma_deviation_20", "sma_deviation_50", "sma_deviation_200"),
        *("drawdown_252", "beta_252", "residual_return_20", "amihud_20", "high_52w"),
        *("close_location", "log_dollar_volume_20", "max_return_20", "skewness_60"),
        *("idiosyncratic_volatility_60", "volume_ratio_5_60"),
        *("overnight_return_20", "intraday_return_20", "day_of_week", "month"),
    ),
)
FEATURE_SETS.add(
    "multi_asset_daily",
    (
        *("ln_ret_1", "mom_5", "mom_20", "vol_5", "vol_20", "vol_z_20", "gap_pc"),
        *("hl_range_pc", "price_sma20_dev", "month", "day_of_week", "sector_id"),
    ),
)
FEATURE_SETS.add(
    "fundamental",
    (
        *("earnings_yield", "book_to_price", "sales_to_price", "cash_flow_to_price"),
        *("return_on_equity", "return_on_assets", "operating_margin"),
        *("cash_flow_to_assets", "leverage", "current_ratio", "accruals"),
        *("revenue_growth_yoy", "earnings_growth_yoy", "asset_growth", "report_age"),
    ),
)
FEATURE_SETS.add(
    "sentiment",
    (
        *("sentiment_level_5", "sentiment_change_20", "sentiment_dispersion_20"),
        *("attention_z_60", "positive_share_5"),
    ),
)


def feature(
    name: str,
    *,
    windows: tuple[int, ...] = (),
    lookback: int,
    needs: tuple[str, ...],
    unit: str,
    formula: str,
    source: str,
    scale_free: bool = True,
) -> Callable[[Callable[..., Float]], Callable[..., Float]]:
    """Register a function as a feature, or as one feature for each window.

    Parameters
    ----------
    name, formula
        With ``{k}`` where the window belongs.
    windows
        Windows in sessions; the function is then called with ``k`` as well.
    lookback
        Sessions it reads, today's included; with ``windows``, those it reads besides
        the ``k`` of the window.
    needs, unit, source, scale_free
        See `Feature`.
    """

    def register(function: Callable[..., Float]) -> Callable[..., Float]:
        for k in windows or (0,):
            column = Feature(
                name=name.format(k=k),
                compute=partial(function, k=k) if windows else function,
                lookback=k + lookback,
                needs=needs,
                unit=unit,
                formula=formula.format(k=k),
                source=source,
                scale_free=scale_free,
            )
            FEATURES.add(column.name, column)
        return function

    return register


def most_of(window: int) -> int:
    """Return how many values of a window a statistic has to stand on."""
    return ceil(_KNOWN_SHARE * window)


def feature_names(features: str | Iterable[str]) -> tuple[str, ...]:
    """Spell out features and feature sets, each name once and in the order given.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a name that is neither, with the nearest; ``AK-C020`` for none.
    """
    names: list[str] = []
    for name in [features] if isinstance(features, str) else features:
        if name in FEATURE_SETS:
            names += FEATURE_SETS[name]
        elif name in FEATURES:
            names.append(name)
        else:
            known = [*FEATURE_SETS, *FEATURES]
            raise unknown_name("feature or feature set", name, known)
    if not names:
        raise ConfigError(
            "AK-C020",
            "no feature was asked for",
            wanted=f"features or feature sets ({', '.join(FEATURE_SETS)})",
            fix="name at least one",
        )
    return tuple(dict.fromkeys(names))


def longest_lookback(features: str | Iterable[str]) -> int:
    """Return the sessions, today's included, that these features need loaded."""
    return max(FEATURES[name].lookback for name in feature_names(features))
