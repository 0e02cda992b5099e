"""Attribution: every split adds up to the day's return, and says what is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.sectors import UNKNOWN
from alpha_kedro.measures import hac_mean
from alpha_kedro.measures.attribution import DailyBooks, attribute
from alpha_kedro.measures.attribution.breakdown import hac_t_values
from alpha_kedro.measures.attribution.splits import by_sector
from alpha_kedro.measures.risk_factors import RiskFactorSpec
from tests.measures.toy_books import draw_books, draw_panel, fitted

DIMENSIONS = ("leg", "sector", "name", "source", "factor")
SHORT = RiskFactorSpec(beta=40, size=20, momentum=40, reversal=10, volatility=20)


@pytest.fixture(scope="module")
def panel():
    return draw_panel()


@pytest.fixture(scope="module")
def books(panel):
    return draw_books(*panel[:3])


@pytest.fixture(scope="module")
def model(panel):
    return fitted(panel, spec=SHORT)


@pytest.fixture(scope="module")
def sectors(books):
    """Names change sector midway, and some have none."""
    codes = np.tile(np.arange(30) % 4 - 1, (len(books.dates), 1))
    codes[60:, 5:10] = 2
    return codes


@pytest.fixture(scope="module")
def attribution(books, model, sectors):
    later = since(books, 1)
    return attribute(
        later, sectors=sectors[1:], sector_names=("A", "B", "C"), factors=model
    )


def since(books: DailyBooks, row: int) -> DailyBooks:
    names = ("dates", "contributions", "costs", "weights")
    more = ("returns", "targets", "intraday", "holdings")
    cut = {name: getattr(books, name) for name in names + more}
    return replace(
        books, **{name: own[row:] for name, own in cut.items() if own is not None}
    )


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_split_adds_up_to_the_net_return_of_each_session(attribution, dimension):
    table = getattr(attribution, f"by_{dimension}")
    assert list(table) == ["date", "dimension", "key", "contribution", "cost"]
    assert set(table["dimension"]) == {dimension}
    total = attribution.total()
    sums = (
        table.groupby("date")["contribution"].sum().reindex(total.index, fill_value=0)
    )
    np.testing.assert_allclose(sums, total, rtol=0, atol=1e-12)
    costs = table.groupby("date")["cost"].sum().reindex(total.index, fill_value=0)
    np.testing.assert_allclose(
        costs, attribution.gross - attribution.net, rtol=0, atol=1e-12
    )
    assert total.abs().max() > 1e-3


@pytest.mark.parametrize("frequency", ["month", "quarter", "year"])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_periods_add_up_to_compounded_returns(attribution, dimension, frequency):
    table = attribution.by_period(dimension, frequency=frequency)
    total = attribution.total()
    letter = {"month": "M", "quarter": "Q", "year": "Y"}[frequency]
    expected = (1 + total).groupby(total.index.to_period(letter)).prod() - 1
    sums = table.groupby("period")["contribution"].sum()
    assert list(sums.index) == list(expected.index.astype("str"))
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_profits_so_far_add_up_to_the_nav(attribution, dimension):
    lines = attribution.cumulative(dimension)
    nav = (1 + attribution.total()).cumprod()
    np.testing.assert_allclose(lines.sum(axis=1), nav - 1, rtol=0, atol=1e-12)


def hand_books(**changes) -> DailyBooks:
    """Two names, three sessions: bought on the first, held, then one sold short."""
    dates = pd.bdate_range("2020-01-01", periods=3).as_unit("us").to_numpy()
    given = {
        "dates": dates,
        "tickers": np.array(["A", "B"], dtype=object),
        "contributions": np.array([[0.01, 0.0], [0.02, 0.01], [-0.01, 0.03]]),
        "costs": np.array([[0.001, 0.0], [0.0, 0.0], [0.0, 0.002]]),
        "weights": np.array([[0.0, 0.0], [0.5, 0.1], [0.6, -0.2]]),
        "returns": np.array([[0.03, 0.01], [0.04, 0.10], [-0.02, -0.15]]),
        "targets": np.array([[0.5, 0.0], [0.5, 0.0], [0.5, -0.3]]),
    }
    return DailyBooks(**given | changes)


def by_key(table: pd.DataFrame) -> pd.DataFrame:
    return table.pivot_table("contribution", index="date", columns="key", observed=True)


def test_sources_by_hand():
    books = hand_books()
    parts = by_key(attribute(books).by_source)
    # Targets of the day before times returns; weights less those; what is left; costs.
    np.testing.assert_allclose(parts["decision"], [0, 0.5 * 0.04, 0.5 * -0.02])
    np.testing.assert_allclose(
        parts["drift"], [0, 0.1 * 0.10, 0.1 * -0.02 + -0.2 * -0.15], atol=1e-15
    )
    held = [0.0, 0.5 * 0.04 + 0.1 * 0.10, 0.6 * -0.02 + -0.2 * -0.15]
    np.testing.assert_allclose(
        parts["fill"], np.array([0.01, 0.03, 0.02]) - held, atol=1e-15
    )
    np.testing.assert_allclose(parts["cost"], [-0.001, 0, -0.002])


def test_what_a_decision_earned_from_its_fill_to_the_close_is_decided_where_known():
    inside = np.array([[0.02, 0.0], [0.0, 0.0], [0.0, -0.1]])
    parts = by_key(attribute(hand_books(intraday=inside)).by_source)
    assert parts["decision"].tolist() == pytest.approx(
        [0.5 * 0.02, 0.02, -0.01 + -0.3 * -0.1]
    )
    assert parts["fill"].iloc[0] == pytest.approx(0.0)


def test_a_name_bought_today_counts_with_the_side_it_is_held_on():
    books = hand_books()
    legs = by_key(attribute(books).by_leg)
    assert legs["long"].tolist() == pytest.approx([0.009, 0.03, -0.01])
    assert legs["short"].tolist() == pytest.approx([0, 0, 0.028])
    # Nothing but the targets tells the side of a purchase in the last session.
    last = replace(books, weights=np.zeros((3, 2)), holdings=np.zeros((3, 2)))
    assert set(by_key(attribute(last).by_leg)) == {"long", "short", "neither"}
    assert last.sides[2].tolist() == [1, -1]


def test_a_constant_book_at_its_targets_neither_drifts_nor_fills():
    rng = np.random.default_rng(0)
    returns = rng.normal(0, 0.01, (40, 3))
    weights = np.tile([0.5, 0.3, -0.2], (40, 1))
    books = DailyBooks(
        dates=pd.bdate_range("2020-01-01", periods=40).to_numpy(),
        tickers=np.array(["A", "B", "C"], dtype=object),
        contributions=weights * returns,
        costs=np.zeros((40, 3)),
        weights=weights,
        returns=returns,
        targets=weights,
    )
    parts = by_key(attribute(books).by_source)
    assert np.abs(parts["drift"].iloc[1:]).max() < 1e-16
    assert np.abs(parts["fill"]).max() < 1e-16


def test_sectors_are_those_of_the_day(books, sectors):
    table = attribute(books, sectors=sectors, sector_names=("A", "B", "C")).by_sector
    net = books.contributions - books.costs
    parts = by_key(table)
    for row in (10, 70):
        for key, code in {"A": 0, "B": 1, "C": 2, "UNKNOWN": -1}.items():
            expected = sum(net[row, i] for i in range(30) if sectors[row, i] == code)
            assert parts[key].iloc[row] == pytest.approx(expected, abs=1e-15)


def test_factors_are_exposures_at_the_close_before_times_what_they_earned(
    books, attribution, model
):
    parts = by_key(attribution.by_factor)
    row = 80
    for place, name in enumerate(model.names):
        exposure = sum(
            weight * each
            for weight, each in zip(
                books.weights[row + 1], model.exposures[row, place], strict=True
            )
        )
        assert attribution.exposures[name].iloc[row] == pytest.approx(exposure)
        earned = exposure * model.returns[row, place]
        assert parts[name].iloc[row] == pytest.approx(earned, abs=1e-15)
    assert {"specific", "fill_day", "cost"} < set(parts.columns)


def test_profit_of_a_name_without_a_return_is_fill_and_is_counted():
    returns = np.array([[0.03, 0.01], [0.04, np.nan], [-0.02, -0.15]])
    attribution = attribute(hand_books(returns=returns))
    assert attribution.notes["held_without_return"] == 1
    parts = by_key(attribution.by_source)
    assert parts["fill"].iloc[1] == pytest.approx(0.01)
    assert parts["drift"].iloc[1] == pytest.approx(0.0)


def test_a_dead_book_stays_at_nothing():
    books = hand_books(
        contributions=np.array([[-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]),
        costs=np.zeros((3, 2)),
    )
    attribution = attribute(books)
    assert attribution.cumulative("leg").sum(axis=1).tolist() == [-1, -1, -1]
    periods = attribution.by_period("name", frequency="year")
    assert periods["contribution"].sum() == -1


def test_the_summary_annualises_and_shares(attribution):
    summary = attribution.summary()
    assert set(summary["dimension"]) == {"leg", "sector", "source", "factor"}
    year = 252 * attribution.net.mean()
    for _, own in summary.groupby("dimension"):
        assert own["contribution_annual"].sum() == pytest.approx(year)
        assert own["share_of_gross"].sum() == pytest.approx(1.0)
    names = attribution.summary("name")
    assert len(names) == 30
    legs = summary[summary["dimension"] == "leg"].set_index("key")
    own = by_key(attribution.by_leg)["long"]
    assert legs.loc["long", "t"] == pytest.approx(hac_mean(own).t)
    assert legs.loc["long", "volatility_annual"] == pytest.approx(
        own.std() * np.sqrt(252)
    )


def test_the_t_of_many_columns_is_that_of_each():
    rng = np.random.default_rng(1)
    values = rng.normal(0.1, 1, (150, 4))
    values[:, 3] = 0.5
    t = hac_t_values(values)
    for column in range(3):
        assert t[column] == pytest.approx(hac_mean(values[:, column]).t)
    assert np.isnan(t[3])


def test_facts_are_plain_numbers_by_dimension_and_key(attribution):
    facts = attribution.facts()
    assert set(facts) == {
        *("leg", "sector", "source", "factor", "mean_exposures", "notes")
    }
    assert set(facts["source"]) == {"decision", "drift", "fill", "cost"}
    assert facts["factor"]["beta"]["t"] == pytest.approx(
        attribution.summary("factor").set_index("key").loc["beta", "t"]
    )


def test_one_name_one_session_one_sector():
    one = DailyBooks(
        dates=pd.bdate_range("2020-01-01", periods=1).to_numpy(),
        tickers=np.array(["A"], dtype=object),
        contributions=np.array([[0.01]]),
        costs=np.array([[0.0]]),
        weights=np.array([[1.0]]),
    )
    attribution = attribute(one, sectors=np.zeros((1, 1), int), sector_names=("X",))
    assert attribution.by_sector["contribution"].tolist() == [0.01]
    assert np.isnan(attribution.summary("leg")["volatility_annual"]).all()


def fails_with(code: str):
    return pytest.raises(SimulationError, match=code)


def test_books_that_do_not_fit_are_refused(books, model, sectors):
    with fails_with("AK-S060"):
        hand_books(costs=np.zeros((3, 1)))
    with fails_with("AK-S060"):
        attribute(books, sectors=sectors[1:], sector_names=("A", "B", "C"))
    with fails_with("AK-S061.*\n.*B 2020-01-02"):
        weights = hand_books().weights.copy()
        weights[1, 1] = np.nan
        hand_books(weights=weights)
    with fails_with("AK-S063"):
        attribute(books, factors=model)  # the first session has no close before
    with fails_with("AK-S063"):
        tickers = books.tickers[::-1].copy()
        attribute(since(replace(books, tickers=tickers), 1), factors=model)
    with fails_with("AK-S064"):
        attribute(since(books, len(books.dates)))
    with fails_with("AK-S067"):
        attribute(books, sectors=sectors, sector_names=("A",))


def test_what_is_not_known_is_not_split():
    books = hand_books(returns=None, targets=None)
    attribution = attribute(books)
    assert list(attribution.breakdowns) == ["leg", "name"]
    for dimension in ("sector", "source", "factor", "country"):
        with fails_with("AK-S065"):
            attribution.cumulative(dimension)


def test_books_are_held_against_the_ledger():
    books = hand_books()
    books.reconcile(np.array([0.01, 0.03, 0.02]), np.array([0.001, 0, 0.002]))
    with fails_with("AK-S062"):
        books.reconcile(np.array([0.01, 0.03, 0.02 + 1e-9]), books.costs.sum(axis=1))
    with fails_with("AK-S062"):
        books.reconcile(books.gross, np.zeros(3))


def test_a_table_that_names_the_unknown_sector_itself_has_it_once(books):
    """A market without sectors says UNKNOWN of every name; a hedge has no label."""
    codes = np.zeros(books.weights.shape, dtype=np.int64)
    codes[:, ::2] = -1
    split = by_sector(books, codes, [UNKNOWN])
    assert split.keys == (UNKNOWN,)
    earned = split.contributions.sum(axis=1)
    np.testing.assert_allclose(earned, books.gross - books.costs.sum(axis=1))
    both = by_sector(books, codes, ["A", UNKNOWN])
    assert sorted(both.keys) == ["A", UNKNOWN]
