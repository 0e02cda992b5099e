"""Every table of a factor's evidence against its slow twin."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.api import OLS, add_constant

from alpha_kedro.measures import evaluate_factor
from tests.measures.factor_twin import (
    coefficients,
    day_of,
    draw_factor,
    draw_groups,
    relative,
    weights,
)

HORIZONS = (1, 4)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}
CASES = ["nothing", "universe", "groups"]


@pytest.fixture(scope="module")
def panel():
    return draw_factor()


@pytest.fixture(scope="module", params=CASES)
def case(request, panel):
    """Evidence, and the names judged on every date by horizon, as loops find them."""
    scores, prices = panel
    groups = draw_groups(scores) if request.param == "groups" else None
    found = evaluate_factor(
        scores, prices, HORIZONS, groups=groups, relative_to=request.param, lag=2
    )
    days = {
        horizon: [
            day_of(scores, prices, date, horizon=horizon, lag=2, groups=groups)
            for date in scores.index
        ]
        for horizon in HORIZONS
    }
    return request.param, found, days


def counted(days):
    return [day if len(day) >= 10 else day.iloc[:0] for day in days]


def test_both_coefficients_of_every_date(case):
    to, found, days = case
    for horizon in HORIZONS:
        both = np.array([coefficients(day, to) for day in days[horizon]])
        np.testing.assert_allclose(found.ic[horizon], both[:, 0], **CLOSE)
        np.testing.assert_allclose(found.pearson_ic[horizon], both[:, 1], **CLOSE)


def test_returns_of_every_quantile_and_the_spread(case):
    to, found, days = case
    for horizon in HORIZONS:
        for place, day in enumerate(counted(days[horizon])):
            means = relative(day, to).groupby(day["quantile"]).mean()
            expected = means.reindex(range(1, 6)).to_numpy(dtype=float)
            ours = found.quantile_returns_by_date[horizon].iloc[place]
            np.testing.assert_allclose(ours, expected, **CLOSE)
            spread = found.spread[horizon].iloc[place]
            np.testing.assert_allclose(spread, expected[4] - expected[0], **CLOSE)


def test_returns_of_the_weighted_portfolio(case):
    to, found, days = case
    for horizon in HORIZONS:
        for place, day in enumerate(counted(days[horizon])):
            if not len(day):
                assert np.isnan(found.factor_returns[horizon].iloc[place])
                continue
            held = weights(day, neutral=to == "groups")
            earned = (held * day.set_index("name")["ret"]).sum()
            ours = found.factor_returns[horizon].iloc[place]
            assert ours == pytest.approx(earned, abs=1e-14)


def test_alpha_and_beta_are_those_of_a_regression(case):
    _, found, days = case
    for horizon in HORIZONS:
        market = np.array([day["ret"].mean() for day in counted(days[horizon])])
        own = found.factor_returns[horizon].to_numpy()
        known = np.isfinite(own)
        fit = OLS(own[known], add_constant(market[known])).fit()
        row = found.alpha_beta.loc[horizon]
        assert row["alpha"] == pytest.approx(fit.params[0], rel=1e-9)
        assert row["beta"] == pytest.approx(fit.params[1], rel=1e-9)
        assert row["alpha_annual"] == pytest.approx(
            (1 + fit.params[0]) ** (252 / horizon) - 1, rel=1e-9
        )
        assert row["n"] == known.sum()


def test_within_groups_coefficients_and_quantiles_are_those_of_the_group_alone(panel):
    scores, prices = panel
    groups = draw_groups(scores)
    found = evaluate_factor(
        scores, prices, (1,), groups=groups, relative_to="nothing", min_names=5
    )
    days = [
        day_of(scores, prices, date, horizon=1, lag=1, groups=groups)
        for date in scores.index
    ]
    for name in ("banks", "mines", "shops"):
        own = [day[day["group"] == name] for day in days if len(day) >= 5]
        ics = [
            day["score"].corr(day["ret"], "spearman") for day in own if len(day) >= 5
        ]
        ours = found.ic_by_group.set_index("group").loc[name]
        assert ours["rank_ic"] == pytest.approx(np.nanmean(ics), abs=1e-12)
        assert ours["n"] == np.isfinite(ics).sum()
        lowest = [day.loc[day["quantile"] == 1, "ret"].mean() for day in own]
        by_group = found.quantile_returns_by_group.set_index(["group", "quantile"])
        ours = by_group.loc[(name, 1), "mean_return"]
        assert ours == pytest.approx(np.nanmean(lowest), abs=1e-12)


def test_quantiles_within_groups_have_equal_sizes_there(panel):
    scores, prices = panel
    groups = draw_groups(scores)
    found = evaluate_factor(
        scores, prices, (1,), 3, groups=groups, quantiles_by_group=True
    )
    for date in scores.index[::7]:
        for name in ("banks", "mines", "shops"):
            own = scores.loc[date][(groups.loc[date] == name).to_numpy()].dropna()
            expected = np.ceil(own.rank() * 3 / len(own))
            pd.testing.assert_series_equal(
                found.quantiles.loc[date, own.index], expected, check_names=False
            )


def test_turnover_is_the_share_of_names_that_were_not_there(case):
    _, found, _ = case
    quantiles, dates = found.quantiles, found.ic.index
    for horizon in HORIZONS:
        for place, date in enumerate(dates):
            for number in range(1, 6):
                ours = found.turnover_by_quantile.loc[date, (horizon, number)]
                if place < horizon:
                    assert np.isnan(ours)
                    continue
                now, then = (
                    set(row.index[row == number])
                    for row in (quantiles.iloc[place], quantiles.iloc[place - horizon])
                )
                expected = len(now - then) / len(now) if now and then else np.nan
                np.testing.assert_allclose(ours, expected)


def test_rank_autocorrelation_is_that_of_the_names_of_both_dates(panel):
    scores, prices = panel
    found = evaluate_factor(scores, prices, HORIZONS)
    for horizon in HORIZONS:
        before = scores.shift(horizon)
        expected = [
            scores.loc[date].corr(before.loc[date], "spearman", min_periods=10)
            for date in scores.index
        ]
        ours = found.rank_autocorrelation_by_horizon[horizon]
        np.testing.assert_allclose(ours, expected, **CLOSE)
    expected = found.rank_autocorrelation_by_horizon[1]
    np.testing.assert_array_equal(found.rank_autocorrelation, expected)


def test_too_few_names_in_common_have_no_rank_autocorrelation(panel):
    scores, prices = panel[0].fillna(0.0), panel[1]
    scores.iloc[::2, 12:] = np.nan
    scores.iloc[1::2, :6] = np.nan
    for min_names, known in ((7, False), (6, True)):
        found = evaluate_factor(scores, prices, (2,), min_names=min_names)
        assert found.rank_autocorrelation.iloc[1:].notna().eq(known).all()
        assert found.rank_autocorrelation_by_horizon[2].iloc[2:].notna().all()


def test_months_and_years_average_their_dates(panel):
    found = evaluate_factor(*panel, (1,), min_names=5)
    ic = found.ic[1]
    months = ic.groupby(ic.index.strftime("%Y-%m")).mean()
    np.testing.assert_allclose(found.ic_by_month[1], months)
    assert list(map(str, found.ic_by_month.index)) == list(months.index)
    years = found.ic_by_year.set_index(["horizon", "year"])
    assert years.loc[(1, 2021), "rank_ic"] == pytest.approx(ic.mean())
    assert years.loc[(1, 2021), "n"] == ic.count()


@pytest.mark.parametrize("step", [1, 5])
def test_growth_is_that_of_books_held_in_turn(panel, step):
    scores, prices = panel[0].iloc[::step], panel[1].ffill().bfill()
    found = evaluate_factor(scores, prices, (1, 3 * step))
    rows = prices.index.get_indexer(scores.index)
    value, books = 1.0, []
    for place, row in enumerate(rows):
        books.append(found.weights.iloc[place].fillna(0.0))
        end = rows[place + 1] if place + 1 < len(rows) else row + step
        if end + 1 < len(prices):
            moved = prices.iloc[end + 1] / prices.iloc[row + 1] - 1
            live = books[-3:]
            value *= 1 + sum((book * moved).sum() for book in live) / len(live)
        ours = found.cumulative_returns[3 * step].iloc[place]
        assert ours == pytest.approx(value, rel=1e-12)


def test_paths_around_the_fill_start_from_its_price(panel):
    scores, prices = panel
    found = evaluate_factor(scores, prices, (1,), relative_to="universe")
    paths = found.event_returns(before=2, after=3)
    fills = [day_of(scores, prices, date, horizon=0, lag=1) for date in scores.index]
    for session in (-2, 0, 3):
        by_date = []
        for place, names in enumerate(fills):
            if not 0 <= place + 1 + session < len(prices) or not len(names):
                continue
            path = prices.iloc[place + 1 + session] / prices.iloc[place + 1] - 1
            day = names.assign(ret=path[names["name"]].to_numpy()).dropna(subset="ret")
            if len(day) >= 10:
                by_date.append(
                    relative(day, "universe").groupby(day["quantile"]).mean()
                )
        expected = pd.concat(by_date, axis=1).mean(axis=1)
        ours = paths[paths["session"] == session].set_index("quantile")["mean_return"]
        np.testing.assert_allclose(ours, expected, atol=1e-14)
    assert paths.loc[paths["session"] == 0, "mean_return"].abs().max() < 1e-15


def test_scores_are_described_by_quantile(panel):
    scores, prices = panel
    found = evaluate_factor(scores, prices, (1,))
    table = found.quantile_scores
    long = pd.DataFrame(
        {"score": scores.to_numpy().ravel(), "of": found.quantiles.to_numpy().ravel()}
    ).dropna()
    for number, own in long.groupby("of")["score"]:
        row = table.loc[int(number)]
        assert row["n"] == len(own)
        assert row["share"] == pytest.approx(len(own) / len(long))
        assert row[["lowest", "highest"]].tolist() == [own.min(), own.max()]
        assert row["mean"] == pytest.approx(own.mean())
        assert row["deviation"] == pytest.approx(own.std())
