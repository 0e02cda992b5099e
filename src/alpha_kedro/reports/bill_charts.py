"""What the books paid, and for what: trading, impact, borrow, financing."""

import pandas as pd

from alpha_kedro.measures import annual_total
from alpha_kedro.reports.chart import Chart, Drawn, Gap, blank, legend_above, literal
from alpha_kedro.reports.palette import apart
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import numbered, percent, plain_words, span

_KEYS = ("date", "strategy")
_ROUNDING = 1e-12  # share of NAV


def bill_section(bills: pd.DataFrame, *, headline: str) -> list[Section]:
    """Return the chapter on costs by kind; none where no bills were kept.

    Parameters
    ----------
    bills
        Cost of each session, share of the NAV before it: date, strategy, and a column
        per kind.
    headline
        The strategy whose bills are drawn.
    """
    if bills.empty:
        return []
    return [
        Section(
            "bills",
            "What costs are made of",
            "Trading is commission and spread, impact what an order moves the price "
            "against itself, borrow the fee on what is sold short, financing the "
            "interest on cash and debt. What the run does not charge is zero here.",
            (bill_chart(bills, strategy=headline),),
            (("Costs a year by kind, % of NAV", bill_table(bills)),),
        )
    ]


def bill_chart(bills: pd.DataFrame, *, strategy: str) -> Drawn:
    """Draw what each calendar year cost, a bar of kinds on top of one another."""
    own = bills[bills["strategy"] == strategy].dropna()
    charged = charged_kinds(bills, strategy=strategy)
    if not charged:
        return Gap("Costs by kind", f"{strategy} was charged nothing")
    dates = pd.DatetimeIndex(own["date"])
    years = own[charged].groupby(dates.year.to_numpy()).sum()
    figure = blank(x="Year", y="Cost (% of NAV)", height=340, barmode="relative")
    for kind, colour in zip(charged, apart(len(charged)), strict=True):
        figure.add_bar(
            x=list(map(str, years.index)),
            y=(100 * years[kind]).round(4),
            name=literal(plain_words(kind)),
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{x}: %{y:.2f} % of NAV",
        )
    figure.update_xaxes(type="category", showgrid=False)
    legend_above(figure)
    title = _finding(own[charged])
    return Chart(
        key="cost_by_kind",
        title=title,
        subtitle=f"{strategy} · {span(dates.min(), dates.max())} · "
        f"{numbered(len(own), 'session')} · sums over calendar years, the first and "
        "last as far as they go",
        figure=figure,
        table=years.rename_axis("year").reset_index(),
        alt=f"Costs by kind in each of {numbered(len(years), 'year')}. {title}.",
    )


def bill_table(bills: pd.DataFrame) -> Table:
    """Return what each strategy paid a year for each kind, and in all."""
    kinds = _kinds(bills)
    rows = []
    for strategy, own in bills.groupby("strategy", sort=False):
        paid = _by_year(own[kinds].dropna())
        each = [percent(amount, 2) for amount in (*paid, paid.sum())]
        rows.append((str(strategy), *each))
    header = ("Strategy", *(plain_words(kind) for kind in kinds), "all")
    return Table(header, tuple(rows))


def charged_kinds(bills: pd.DataFrame, *, strategy: str) -> list[str]:
    """Return the kinds of cost a strategy was charged, or credited, on any session."""
    if bills.empty:
        return []
    own = bills[bills["strategy"] == strategy]
    return [kind for kind in _kinds(bills) if (own[kind].abs() > _ROUNDING).any()]


def _kinds(bills: pd.DataFrame) -> list[str]:
    return [str(name) for name in bills if name not in _KEYS]


def _by_year(amounts: pd.DataFrame) -> "pd.Series[float]":
    return pd.Series({kind: annual_total(amounts[kind].to_numpy()) for kind in amounts})


def _finding(amounts: pd.DataFrame) -> str:
    paid = _by_year(amounts)
    most = str(paid.idxmax())
    whole = percent(paid.sum(), 2)
    if len(paid) == 1:
        return f"Costs take {whole} of NAV a year, all of it {plain_words(most)}"
    return (
        f"Costs take {whole} of NAV a year; the largest part is {plain_words(most)}, "
        f"{percent(paid[most], 2)}"
    )
