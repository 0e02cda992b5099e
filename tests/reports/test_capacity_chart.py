import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.capacity_chart import (
    amount,
    capacity_chart,
    capacity_table,
    lapsed_rise,
)
from alpha_kedro.reports.chart import Gap

CURVE = pd.DataFrame(
    {
        "capital": [1e6, 1e7, 3e8],
        "net_sharpe": [0.9, 0.5, -0.2],
        "ci_low": [0.3, -0.1, -0.8],
        "ci_high": [1.5, 1.1, 0.4],
        "gross_sharpe": [1.3, 1.3, 1.3],
        "cost_annual": [0.01, 0.02, 0.05],
    }
)


def test_the_title_says_where_nothing_is_left():
    chart = capacity_chart(CURVE, name="quintiles", sample="2012 to 2024")
    assert chart.title == (
        "Net Sharpe 0.90 [0.30, 1.50] at 1M and -0.20 [-0.80, 0.40] at 300M; "
        "nothing is left at 300M"
    )
    assert chart.alt.endswith("1M 0.90, 10M 0.50, 300M -0.20")
    assert chart.subtitle.startswith("quintiles · 2012 to 2024")


def test_a_strategy_that_earns_nothing_at_all_has_nothing_even_at_the_first_size():
    poor = CURVE.assign(net_sharpe=-0.1)
    title = capacity_chart(poor, name="q", sample="s").title
    assert title.endswith("; nothing is left even at 1M")


def test_a_table_says_what_was_paid_and_what_was_not_traded():
    told = CURVE.assign(turnover_annual=[20.0, 19.0, 4.0], unfilled_share=[0, 0, 0.8])
    table = capacity_table(told)
    last = dict(zip(table.header, table.rows[-1], strict=True))
    assert last["NAV at the start"] == "300M"
    assert last["Turnover a year"] == "4.0"
    assert last["Orders not filled"] == "80 %"
    assert last["of it impact"] == "n/a"


def test_the_axis_is_logarithmic_and_the_band_goes_around():
    figure = capacity_chart(CURVE, name="q", sample="s").figure
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.ticktext) == ["1M", "10M", "300M"]
    band = figure.data[0]
    assert list(band.x) == [1e6, 1e7, 3e8, 3e8, 1e7, 1e6]
    assert list(band.y) == [1.5, 1.1, 0.4, -0.8, -0.1, 0.3]


def test_a_curve_of_net_returns_alone_is_drawn():
    bare = CURVE.assign(gross_sharpe=np.nan, cost_annual=np.nan)
    names = [
        line.name for line in capacity_chart(bare, name="q", sample="s").figure.data
    ]
    assert names == ["95 % interval", "net"]


def test_a_ratio_that_rises_while_orders_lapse_is_called_no_gain():
    risen = CURVE.assign(net_sharpe=[0.9, 0.1, 0.4])
    assert lapsed_rise(risen) == ""
    assert lapsed_rise(risen.assign(unfilled_share=[0.0, 0.1, 0.1])) == ""
    assert lapsed_rise(CURVE.assign(unfilled_share=[0.0, 0.1, 0.8])) == ""
    said = lapsed_rise(risen.assign(unfilled_share=[0.0, 0.1, 0.8]))
    assert "as at 300M, " in said
    assert "no gain" in said


def test_one_size_is_no_curve():
    assert isinstance(capacity_chart(CURVE[:1], name="q", sample="s"), Gap)


@pytest.mark.parametrize(
    ("value", "said"),
    [(1e9, "1B"), (3.16e8, "316M"), (2.5e6, "2.5M"), (50_000.0, "50k"), (10.0, "10")],
)
def test_amounts_are_short(value, said):
    assert amount(value) == said
