"""Write what alphalens-reloaded 0.5.1 says about a small factor, for the parity test.

    uv venv /tmp/peer && uv pip install -p /tmp/peer alphalens-reloaded==0.5.1 pyarrow
    /tmp/peer/bin/python tests/parity/make_alphalens.py

It is run once, outside of the project's environment; the files are kept.
"""

# ruff: noqa: PD010, PD013  (each key stands once, and alphalens wants stacked rows)

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from alphalens import performance, utils

HERE = Path(__file__).parent
HORIZONS = (1, 5, 10)
SESSIONS, TICKERS = 120, 40


def main() -> None:
    """Draw the panel, ask alphalens about it, store both."""
    warnings.simplefilter("ignore")
    panel = draw_panel()
    panel.to_parquet(HERE / "alphalens_input.parquet", compression="zstd")
    wide = {name: panel[name].unstack() for name in ("score", "price")}
    factor = wide["score"].stack()
    factor.index.names = ["date", "asset"]
    answers = pd.concat(
        {
            "static": static_groups(factor, wide["price"], panel),
            "dated": dated_groups(factor, wide["price"], panel),
        },
        names=["case"],
    )
    path = HERE / "alphalens_expected.parquet"
    answers.rename("value").reset_index().to_parquet(path, compression="zstd")


def draw_panel() -> pd.DataFrame:
    """Draw scores with gaps and ties, prices with gaps and ends, groups that change."""
    rng = np.random.default_rng(2024)
    days = pd.bdate_range("2020-01-01", periods=SESSIONS, name="date")
    names = [f"T{place:02d}" for place in range(TICKERS)]
    shape = (SESSIONS, TICKERS)
    state = rng.normal(size=shape)
    for row in range(1, SESSIONS):
        state[row] = 0.8 * state[row - 1] + 0.6 * state[row]
    score = state.round(2)
    score[rng.random(shape) < 0.05] = np.nan
    score[40], score[41] = np.sign(state[40]), 1.0
    shared = rng.normal(0, 0.01, (SESSIONS, 1))
    moves = shared + 0.002 * np.roll(state, 1, axis=0) + rng.normal(0, 0.02, shape)
    price = (100 * np.exp(np.cumsum(moves, axis=0))).round(3)
    price[rng.random(shape) < 0.01] = np.nan
    price[:30, 7], price[80:, 8] = np.nan, np.nan
    group = np.array([f"G{place % 4}" for place in range(TICKERS)])
    dated = np.tile(group.astype(object), (SESSIONS, 1))
    dated[60:, :6], dated[90:, 11] = "G3", None
    fields = {"score": score, "price": price, "dated_group": dated}
    index = pd.MultiIndex.from_product([days, names], names=["date", "asset"])
    table = pd.DataFrame({key: value.ravel() for key, value in fields.items()}, index)
    return table.assign(group=np.tile(group, SESSIONS))


def static_groups(
    factor: pd.Series, prices: pd.DataFrame, panel: pd.DataFrame
) -> pd.Series:
    """Ask about quintiles of the date, with one group per ticker."""
    group_of = panel["group"].groupby("asset").first().to_dict()
    data = prepared(factor, prices, group_of, quantiles=5, periods=HORIZONS)
    tables = information(data) | quantile_returns(data) | portfolio(data)
    return stacked(tables | stability(data))


def dated_groups(
    factor: pd.Series, prices: pd.DataFrame, panel: pd.DataFrame
) -> pd.Series:
    """Ask about terciles within groups that change, some names without one."""
    labels = panel["dated_group"].dropna()
    data = prepared(
        factor, prices, labels, quantiles=3, periods=(1, 5), binning_by_group=True
    )
    means, _ = performance.mean_return_by_quantile(
        data, by_date=True, group_adjust=True
    )
    by_group, _ = performance.mean_return_by_quantile(data, by_group=True)
    ic_by_group = performance.mean_information_coefficient(data, by_group=True)
    return stacked(
        {
            "quantile": data["factor_quantile"].unstack(),
            "ic": performance.factor_information_coefficient(data),
            "ic_of_group_returns": performance.factor_information_coefficient(
                data, group_adjust=True
            ),
            "ic_by_group": ic_by_group,
            "quantile_returns_less_group": means.unstack(level=0),
            "quantile_returns_by_group": by_group.unstack(),
        }
    )


def prepared(
    factor: pd.Series, prices: pd.DataFrame, groups: object, **settings: object
) -> pd.DataFrame:
    """Return what every function of alphalens starts from."""
    return utils.get_clean_factor_and_forward_returns(
        factor, prices, groupby=groups, filter_zscore=None, **settings
    )


def information(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Ask for coefficients."""
    mean = performance.mean_information_coefficient
    return {
        "ic": performance.factor_information_coefficient(data),
        "ic_of_group_returns": performance.factor_information_coefficient(
            data, group_adjust=True
        ),
        "ic_by_group": mean(data, by_group=True),
        "ic_by_month": mean(data, by_time="ME"),
    }


def quantile_returns(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Ask for quantiles and what followed them."""
    ask = performance.mean_return_by_quantile
    by_date, _ = ask(data, by_date=True)
    raw, _ = ask(data, by_date=True, demeaned=False)
    within, _ = ask(data, by_date=True, group_adjust=True)
    means, errors = ask(data)
    by_group, _ = ask(data, by_group=True)
    spread, _ = performance.compute_mean_returns_spread(by_date, 5, 1)
    return {
        "quantile": data["factor_quantile"].unstack(),
        "quantile_returns": by_date.unstack(level=0),
        "quantile_returns_raw": raw.unstack(level=0),
        "quantile_returns_less_group": within.unstack(level=0),
        "quantile_means": means,
        "quantile_errors": errors,
        "quantile_returns_by_group": by_group.unstack(),
        "half_spread": spread,
    }


def portfolio(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Ask for the factor-weighted portfolio, demeaned and group-neutral."""
    earned = performance.factor_returns(data)
    neutral = performance.factor_returns(data, group_adjust=True)
    weights = performance.factor_weights(data, group_adjust=True)
    return {
        "weights_neutral": weights.unstack(),
        "returns": earned,
        "returns_neutral": neutral,
        "alpha_beta": performance.factor_alpha_beta(data),
        "alpha_beta_neutral": performance.factor_alpha_beta(data, group_adjust=True),
        "growth": performance.cumulative_returns(earned["1D"]).to_frame("1D"),
    }


def stability(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Ask for turnover of quantiles, and rank autocorrelation."""
    quantiles = data["factor_quantile"]
    turnover = {
        (f"{period}D", quantile): performance.quantile_turnover(
            quantiles, quantile, period
        )
        for period in HORIZONS
        for quantile in range(1, 6)
    }
    steady = [performance.factor_rank_autocorrelation(data, each) for each in HORIZONS]
    return {
        "turnover": pd.DataFrame(turnover),
        "rank_autocorrelation": pd.concat(steady, axis=1).add_suffix("D"),
    }


def stacked(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Return every number of every table in one long series, keys as text."""
    parts = {}
    for name, table in tables.items():
        rows = table.index.map(str)
        columns = [
            "|".join(map(str, np.atleast_1d(column))) for column in table.columns
        ]
        plain = pd.DataFrame(table.to_numpy(dtype=float), rows, columns)
        parts[name] = plain.rename_axis(index="row", columns="column").stack()
    return pd.concat(parts, names=["table"])


if __name__ == "__main__":
    main()
