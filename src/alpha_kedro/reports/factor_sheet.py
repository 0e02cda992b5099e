"""The sheet of one factor: one HTML file that opens offline."""

from pathlib import Path

from alpha_kedro.core.files import write_bytes
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.measures import FactorEvidence
from alpha_kedro.reports.factor_ic_charts import (
    ic_by_age,
    ic_by_group,
    ic_by_horizon,
    ic_by_month,
    ic_by_year,
    ic_over_time,
)
from alpha_kedro.reports.factor_return_charts import (
    event_paths,
    group_grid,
    portfolio_growth,
    quantile_bars,
    quantile_growth,
)
from alpha_kedro.reports.factor_stability_charts import persistence, turnover_bars
from alpha_kedro.reports.factor_words import (
    caveats,
    facts_of,
    sessions,
    taken_off,
    tiles,
    verdict,
)
from alpha_kedro.reports.page import render
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.tables import Table, facts_table
from alpha_kedro.reports.wording import count, fixed, percent, span

_LONGEST, _BEFORE, _AFTER = 20, 5, 15  # sessions that curves and paths reach


def factor_sheet(
    evidence: FactorEvidence, *, title: str, horizon: int | None = None
) -> str:
    """Write the evidence for one factor as one self-contained HTML page.

    Parameters
    ----------
    evidence
        What `alpha_kedro.measures.evaluate_factor` gives.
    title
        The factor's name, as the page is to call it.
    horizon
        Horizon that leads the page; the first by default.

    Returns
    -------
    str
        HTML with its styles, data and plotly.js inside. Without JavaScript the verdict
        and the tables remain. Everything that comes from data is escaped, and a content
        security policy forbids any request. The same evidence gives the same text.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a horizon that the evidence is not about.
    """
    horizons = evidence.design.horizons
    lead = horizons[0] if horizon is None else horizon
    if lead not in horizons:
        raise unknown_name("horizon of the factor", str(lead), map(str, horizons))
    return render(
        "factor.html.j2",
        _chapters(evidence, lead),
        title=title,
        sample=_sample(evidence),
        caveats=caveats(evidence),
        verdict=verdict(evidence, lead=lead),
        tiles=tiles(evidence, lead=lead),
        horizons=_horizon_table(evidence),
        settings=facts_table(_settings(evidence)),
    )


def write_factor_sheet(
    evidence: FactorEvidence,
    path: Path | str,
    *,
    title: str,
    horizon: int | None = None,
) -> None:
    """Write the sheet of `factor_sheet` to a file, whole or not at all."""
    page = factor_sheet(evidence, title=title, horizon=horizon)
    write_bytes(Path(path), page.encode())


def _chapters(evidence: FactorEvidence, lead: int) -> list[Section]:
    return [
        Section(
            "information",
            "Information",
            "How well scores ordered the returns that followed.",
            (
                ic_over_time(evidence, horizon=lead),
                ic_by_horizon(evidence, longest=min(_LONGEST, evidence.sample.room)),
                ic_by_age(evidence),
                ic_by_year(evidence, horizon=lead),
                ic_by_month(evidence, horizon=lead),
                ic_by_group(evidence, horizon=lead),
            ),
        ),
        Section(
            "returns",
            "Returns",
            "What names earned by quantile of their score, and weighted by it. Books "
            "of overlapping horizons are held in equal parts, so no return counts "
            "twice.",
            (
                quantile_bars(evidence),
                quantile_growth(evidence),
                portfolio_growth(evidence),
                event_paths(evidence, before=_BEFORE, after=_AFTER),
                group_grid(evidence, horizon=lead),
            ),
            (("The score-weighted portfolio against the mean name", _book(evidence)),),
        ),
        Section(
            "stability",
            "Stability",
            "How long names keep their place: what trading on the score would cost.",
            (turnover_bars(evidence), persistence(evidence)),
        ),
        Section(
            "data",
            "Data",
            "Every cell of the scores is judged or has one reason why it is not.",
            tables=(
                ("Cells of the scores (dates x tickers) by horizon", _losses(evidence)),
                ("Scores by quantile, all dates together", _scores(evidence)),
            ),
        ),
    ]


def _sample(evidence: FactorEvidence) -> str:
    dates, names = evidence.sample.axes.dates, evidence.sample.axes.tickers
    return (
        f"Scores from {span(dates[0], dates[-1])}: {count(len(dates))} dates, "
        f"{count(len(names))} names; {taken_off(evidence)}, before costs"
    )


def _horizon_table(evidence: FactorEvidence) -> Table:
    header = (
        *("Horizon", "Rank IC", "t (HAC)", "IC > 0", "Linear IC", "Top less bottom"),
        *("t", "Monotonicity", "New in the top", "Rank autocorrelation", "Dates"),
    )
    linear = evidence.pearson_ic.mean()
    facts = {each: facts_of(evidence, each) for each in evidence.design.horizons}
    rows = (
        (
            str(horizon),
            fixed(row["rank_ic"], 4),
            fixed(row["rank_ic_t"], 1),
            percent(row["positive_share"], 0),
            fixed(linear[horizon], 4),
            percent(row["spread"], 3),
            fixed(row["spread_t"], 1),
            fixed(row["monotonicity"]),
            percent(row["turnover_top"], 0),
            fixed(row["rank_autocorrelation"]),
            count(row["n_dates"]),
        )
        for horizon, row in facts.items()
    )
    return Table(header, tuple(rows))


def _book(evidence: FactorEvidence) -> Table:
    header = (
        "Horizon",
        "Alpha",
        "Alpha a year",
        "t",
        "Beta",
        "t",
        "Correlation",
        "Dates",
    )
    rows = (
        (
            str(horizon),
            percent(row["alpha"], 3),
            percent(row["alpha_annual"]),
            fixed(row["alpha_t"], 1),
            fixed(row["beta"]),
            fixed(row["beta_t"], 1),
            fixed(row["correlation"]),
            count(row["n"]),
        )
        for horizon, row in evidence.alpha_beta.iterrows()
    )
    return Table(header, tuple(rows))


def _losses(evidence: FactorEvidence) -> Table:
    table = evidence.losses
    shown, given = table[(table > 0).any(axis=1)], evidence.sample.given.size
    rows = (
        (reason, *(f"{count(cells)} ({percent(cells / given)})" for cells in row))
        for reason, row in zip(shown.index, shown.to_numpy(), strict=True)
    )
    horizons = (f"over {horizon}" for horizon in table)
    return Table(("What became of them", *horizons), tuple(rows))


def _scores(evidence: FactorEvidence) -> Table:
    header = ("Quantile", "Scores", "Share", "Lowest", "Mean", "Highest", "Deviation")
    rows = (
        (
            str(number),
            count(row["n"]),
            percent(row["share"]),
            *(
                f"{row[each]:.4g}"
                for each in ("lowest", "mean", "highest", "deviation")
            ),
        )
        for number, row in evidence.quantile_scores.iterrows()
    )
    return Table(header, tuple(rows))


def _settings(evidence: FactorEvidence) -> dict[str, object]:
    design = evidence.design
    within = "in each group" if design.quantiles_by_group else "in each date"
    return {
        "horizons": ", ".join(map(str, design.horizons)) + " sessions",
        "lag": f"{sessions(design.lag)} from the score to the fill",
        "quantiles": f"{design.quantiles}, {within}",
        "returns": taken_off(evidence),
        "fewest names": f"{design.fewest} on a date",
        **design.conventions.model_dump(),
    }
