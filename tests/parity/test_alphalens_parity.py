"""The numbers of alphalens-reloaded 0.5.1, where its definitions are asked for."""

# ruff: noqa: PD010  (each key stands once)

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import ALPHALENS, evaluate_factor

HERE = Path(__file__).parent
CLOSE = {"rtol": 1e-10, "atol": 1e-10}
HORIZONS = {"1D": 1, "5D": 5, "10D": 10}


@cache
def panel():
    return pd.read_parquet(HERE / "alphalens_input.parquet")


@cache
def answers():
    return pd.read_parquet(HERE / "alphalens_expected.parquet")


@cache
def expected(case, table):
    """One table of alphalens, with its own labels as text."""
    own = answers()
    own = own[(own["case"] == case) & (own["table"] == table)]
    wide = own.pivot(index="row", columns="column", values="value")
    return wide.reindex(columns=own["column"].unique())


def by_date(case, table):
    wide = expected(case, table)
    return wide.set_axis(pd.DatetimeIndex(wide.index).as_unit("us"), axis=0)


@cache
def evidence(case, relative_to):
    """Ours, asked the same: alphalens fills prices forward and trades at once."""
    wide = {name: panel()[name].unstack() for name in ("score", "price")}
    static = panel()["group"].groupby("asset").first().to_dict()
    asked = {
        "static": {"groups": static, "horizons": (1, 5, 10), "quantiles": 5},
        "dated": {
            "groups": panel()["dated_group"].unstack(),
            "horizons": (1, 5),
            "quantiles": 3,
            "quantiles_by_group": True,
        },
    }
    return evaluate_factor(
        wide["score"],
        wide["price"].ffill(),
        lag=0,
        min_names=2,
        relative_to=relative_to,
        conventions=ALPHALENS,
        **asked[case],
    )


def agree(ours, theirs):
    """Every number of theirs is ours; a date they leave out is NaN here."""
    dates = isinstance(theirs.index, pd.DatetimeIndex)
    left_out = ours.index.difference(theirs.index) if dates else []
    assert ours.loc[left_out].isna().all().all()
    same = ours.loc[theirs.index].to_numpy(dtype=float)
    assert np.isfinite(same).sum() > 0
    np.testing.assert_allclose(same, theirs.to_numpy(dtype=float), **CLOSE)


@pytest.mark.parametrize("case", ["static", "dated"])
@pytest.mark.parametrize(
    ("relative_to", "table"), [("nothing", "ic"), ("groups", "ic_of_group_returns")]
)
def test_coefficients_of_every_date(case, relative_to, table):
    theirs = by_date(case, table).rename(columns=HORIZONS)
    agree(evidence(case, relative_to).ic[list(theirs)], theirs)


@pytest.mark.parametrize("case", ["static", "dated"])
def test_coefficients_within_groups(case):
    ours = evidence(case, "nothing").ic_by_group
    wide = ours.pivot(index="group", columns="horizon", values="rank_ic")
    theirs = expected(case, "ic_by_group").rename(columns=HORIZONS)
    agree(wide[list(theirs)], theirs)


def test_coefficients_by_month():
    theirs = by_date("static", "ic_by_month").rename(columns=HORIZONS)
    ours = evidence("static", "nothing").ic_by_month
    agree(ours, theirs.set_axis(theirs.index.to_period("M"), axis=0))


@pytest.mark.parametrize("case", ["static", "dated"])
def test_the_quantile_of_every_name(case):
    theirs = by_date(case, "quantile")
    agree(evidence(case, "nothing").quantiles[list(theirs)], theirs)


@pytest.mark.parametrize(
    ("case", "relative_to", "table"),
    [
        ("static", "universe", "quantile_returns"),
        ("static", "nothing", "quantile_returns_raw"),
        ("static", "groups", "quantile_returns_less_group"),
        ("dated", "groups", "quantile_returns_less_group"),
    ],
)
def test_returns_of_quantiles_by_date(case, relative_to, table):
    theirs = by_date(case, table)
    pairs = [column.split("|") for column in theirs]
    theirs.columns = [(HORIZONS[span], float(quantile)) for span, quantile in pairs]
    agree(evidence(case, relative_to).quantile_returns_by_date[[*theirs]], theirs)


def test_mean_returns_of_quantiles_and_their_plain_errors():
    found = evidence("static", "universe")
    means = found.quantile_returns.pivot(
        index="quantile", columns="horizon", values="mean_return"
    )
    theirs = expected("static", "quantile_means").rename(columns=HORIZONS)
    agree(means.set_axis(theirs.index)[list(theirs)], theirs)
    errors = found.quantile_returns_by_date.sem().unstack(level=0)
    theirs = expected("static", "quantile_errors").rename(columns=HORIZONS)
    agree(errors.set_axis(theirs.index)[list(theirs)], theirs)


@pytest.mark.parametrize("case", ["static", "dated"])
def test_mean_returns_of_quantiles_within_groups(case):
    ours = evidence(case, "universe").quantile_returns_by_group
    wide = ours.pivot(
        index="quantile", columns=["horizon", "group"], values="mean_return"
    )
    theirs = expected(case, "quantile_returns_by_group")
    pairs = [column.split("|") for column in theirs]
    wide = wide[[(HORIZONS[span], group) for span, group in pairs]]
    agree(wide.set_axis(theirs.index), theirs)


def test_half_of_our_spread_is_theirs_at_gross_one():
    theirs = by_date("static", "half_spread").rename(columns=HORIZONS)
    agree(evidence("static", "universe").spread[list(theirs)] / 2, theirs)


def test_group_neutral_weights_of_every_name():
    theirs = by_date("static", "weights_neutral")
    agree(evidence("static", "groups").weights[list(theirs)], theirs)


@pytest.mark.parametrize(
    ("relative_to", "suffix"), [("universe", ""), ("groups", "_neutral")]
)
def test_returns_alpha_and_beta_of_the_weighted_portfolio(relative_to, suffix):
    found = evidence("static", relative_to)
    theirs = by_date("static", f"returns{suffix}").rename(columns=HORIZONS)
    agree(found.factor_returns[list(theirs)], theirs)
    theirs = expected("static", f"alpha_beta{suffix}").rename(columns=HORIZONS)
    ours = found.alpha_beta[["alpha_annual", "beta"]].T
    agree(ours.set_axis(["Ann. alpha", "beta"])[list(theirs)], theirs)


def test_growth_of_the_weighted_portfolio_held_for_one_session():
    theirs = by_date("static", "growth")["1D"]
    ours = evidence("static", "universe").cumulative_returns[1]
    np.testing.assert_allclose(ours.loc[theirs.index], theirs, **CLOSE)


def test_turnover_of_every_quantile():
    theirs = by_date("static", "turnover")
    pairs = [column.split("|") for column in theirs]
    theirs.columns = [(HORIZONS[span], int(quantile)) for span, quantile in pairs]
    agree(evidence("static", "nothing").turnover_by_quantile[[*theirs]], theirs)


def test_rank_autocorrelation():
    theirs = by_date("static", "rank_autocorrelation").rename(columns=HORIZONS)
    agree(
        evidence("static", "nothing").rank_autocorrelation_by_horizon[list(theirs)],
        theirs,
    )


def test_the_house_conventions_keep_what_theirs_leave_out():
    wide = {name: panel()[name].unstack() for name in ("score", "price")}
    house = evaluate_factor(wide["score"], wide["price"], lag=0, min_names=2)
    theirs = evidence("static", "nothing")
    assert house.ic[1].count() > theirs.ic[1].count()
    assert house.losses.loc["kept", 1] > theirs.losses.loc["kept", 1]
    assert theirs.losses.loc["equal scores leave no quantile edges", 1] > 0
    assert house.losses.loc["equal scores leave no quantile edges", 1] == 0
