"""Tables of where returns came from, and of what the book leaned on."""

from alpha_kedro.measures import Attribution
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import fixed, percent


def attribution_table(attribution: Attribution) -> Table:
    """Return every key of every dimension but the names."""
    header = (
        *("By", "Key", "Contribution a year", "Costs a year", "Share of gross"),
        *("Volatility", "t (HAC)"),
    )
    rows = (
        (
            *(row["dimension"], row["key"]),
            percent(row["contribution_annual"], 2),
            percent(row["cost_annual"], 2),
            percent(row["share_of_gross"], 0),
            percent(row["volatility_annual"]),
            fixed(row["t"], 1),
        )
        for row in attribution.summary().to_dict("records")
    )
    return Table(header, tuple(rows), n_names=2)


def exposure_table(attribution: Attribution) -> Table:
    """Return how far the book leaned on each factor; no row without factors."""
    header = ("Factor", "Mean exposure", "5 %", "95 %")
    if attribution.exposures is None:
        return Table(header, ())
    held = attribution.exposures
    return Table(
        header,
        tuple(
            (
                str(name),
                fixed(own.mean()),
                fixed(float(own.quantile(0.05))),
                fixed(float(own.quantile(0.95))),
            )
            for name, own in held.items()
        ),
    )
