"""The page and the picture of what was measured."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from alpha_kedro.measures import HacMean
from alpha_kedro.reports.palette import BLUE, GREEN, GREY, ORANGE, SLATE
from benchmarks.anomalies.claims import CHANCE
from benchmarks.anomalies.outcomes import (
    SIGNIFICANT,
    VERDICTS,
    WHOLE,
    Measured,
)

Z_95 = 1.96
MARKERS = (("o", ORANGE), ("s", GREEN), ("^", SLATE))
MISSING = "–"
WIDTH = 88

HOW = """# Known anomalies on real data

What the literature says ranks stocks, asked of the members of the S&P 500: a check of
the features, the labels and the measures at once, and of how much is left of a famous
result among large companies. Made by `python -m benchmarks.anomalies`; nothing here was
chosen by its outcome.

![Rank IC of each anomaly, with periods](pictures/anomalies.png)

## How it is measured

- **Names**: members of the index on the day of the decision, by dated membership, names
  that were delisted since among them where they have prices.
- **Time**: decisions at the last close of each month from 2006 on, or as soon as a
  signal's history is long enough; bought at the next open (a session late: the one
  after it) and held 21 sessions at total return. One-week signals are asked every week
  and held five. A delisting returns -30 %, a series whose source ended its last close.
- **Rank IC**: the Spearman correlation of signal and return on each date, averaged,
  with Newey-West *t*. **Spread**: the equal-weighted quintile that should win less the
  one that should lose, a year, not compounded, before costs. **Alpha**: what is left of
  the spread after its beta to SPY.
- **Direction**: that of the paper. Above 0 is as published, whatever the sign of the
  feature.
- **Verdict** on all years, by the rank IC, or by the alpha where the paper's own figure
  is one: *agrees* from a *t* of 2 on, *weaker* from 0 to 2, *opposite* below 0.
"""

WHY = """## Why these are smaller than published

The papers measure all listed stocks, small ones above all, between 1926 and 2010,
mostly before anybody knew. This is the index of the largest companies after most of the
papers were in print. McLean and Pontiff (2016) follow 97 published predictors: their
portfolios earn 26 % less after the sample of the paper and 58 % less after publication,
and least is left where trading is cheap, which is here. The sample is also short: six
years tell hardly anything from nothing, and the first six hold 2009, the worst crash of
momentum since 1932 (Daniel and Moskowitz 2016). So *weaker* is what to expect of a true
effect here, and one *t* beyond 2 among twenty is what to expect of none at all.

What differs from the papers besides: quintiles rather than deciles, equal weights, one
factor where some take three, eleven sectors for twenty industries, months of 21
sessions.
"""


def write_page(docs: Path, found: Sequence[Measured], coverage: pd.DataFrame) -> None:
    """Write ``anomalies.md`` and its picture under ``docs``."""
    drawn(found).savefig(
        docs / "pictures" / "anomalies.png", dpi=110, metadata={"Software": ""}
    )
    parts = [HOW, reading(found), whole_table(found), period_table(found), WHY]
    page = "\n".join([*parts, survivors(coverage)])
    (docs / "anomalies.md").write_text(page, encoding="utf-8")


def reading(found: Sequence[Measured]) -> str:
    """Return what came out, in a few lines."""
    real = [each for each in found if each.claim is not CHANCE]
    by_verdict = {
        name: [each for each in real if each.verdict == name] for name in VERDICTS
    }
    told = ", ".join(f"{len(each)} {name}" for name, each in by_verdict.items())
    beyond = sum(each.judged.t < -SIGNIFICANT for each in real)
    chance = found[-1].outcomes[WHOLE].ic
    quiet = next(e.outcomes[WHOLE] for e in real if e.claim.name == "volatility")
    largest = max(real, key=lambda each: abs(each.outcomes[WHOLE].ic.mean))
    error = median(each.outcomes[WHOLE].ic.standard_error for each in real)
    text = (
        f"Of {len(real)} anomalies: {told}; {beyond or 'none'} of the opposite has a "
        f"*t* below -2. The standard error of a rank IC over all years is {error:.3f} "
        f"(median), so less than {SIGNIFICANT * error:.3f} cannot be told from "
        f"nothing. The largest is {largest.outcomes[WHOLE].ic.mean:+.3f} "
        f"({largest.claim.name}). A random number drawn for every name and date has "
        f"{signed(chance)}. Quiet names less volatile ones earned "
        f"{yearly(quiet.spread, quiet.per_year)} a year, and "
        f"{yearly(quiet.alpha, quiet.per_year)} once their beta is taken out, which is "
        "how that anomaly was published."
    )
    return f"## What came out\n\n{fill(text, WIDTH)}\n"


def whole_table(found: Sequence[Measured]) -> str:
    """Return all years beside the papers."""
    heads = ("anomaly", "feature", "since", "rank IC (*t*)", "spread a year (*t*)")
    heads += ("alpha a year (*t*)", "verdict", "published")
    lines = [
        f"| {' | '.join(heads)} |",
        "| --- | --- | --- | ---: | ---: | ---: | --- | --- |",
        *(row_of_whole(each) for each in found),
        "",
    ]
    return "\n".join(lines)


def row_of_whole(each: Measured) -> str:
    """Return the row of one claim."""
    claim, outcome = each.claim, each.outcomes[WHOLE]
    direction = "high" if claim.sign > 0 else "low"
    by_chance = claim is CHANCE
    cells = [
        claim.name,
        MISSING if by_chance else f"{direction} `{claim.feature}`",
        f"{each.first:%Y-%m}",
        signed(outcome.ic),
        yearly(outcome.spread, outcome.per_year),
        yearly(outcome.alpha, outcome.per_year),
        MISSING if by_chance else each.verdict,
        MISSING if by_chance else f"{claim.paper}: {claim.figure or 'sign only'}",
    ]
    return f"| {' | '.join(cells)} |"


def period_table(found: Sequence[Measured]) -> str:
    """Return rank IC and spread of the parts of the sample."""
    periods = periods_of(found)
    heads = [f"{name}: IC (*t*)" for name in periods]
    heads += [f"{name}: spread (*t*)" for name in periods]
    lines = [
        "## By period",
        "",
        "Periods of the decisions; a blank is a signal whose history is too short.",
        "",
        f"| anomaly | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(heads)}",
        *(row_of_periods(each, periods) for each in found),
        "",
    ]
    return "\n".join(lines)


def row_of_periods(each: Measured, periods: Sequence[str]) -> str:
    """Return the row of one claim."""
    parts = [each.outcomes.get(name) for name in periods]
    cells = [MISSING if part is None else signed(part.ic) for part in parts]
    cells += [
        MISSING if part is None else yearly(part.spread, part.per_year)
        for part in parts
    ]
    return f"| {' | '.join([each.claim.name, *cells])} |"


def signed(mean: HacMean) -> str:
    """Return a mean and its t."""
    return f"{mean.mean:+.3f} ({mean.t:+.1f})"


def yearly(mean: HacMean, per_year: float) -> str:
    """Return a mean per period as one a year, and its t."""
    return f"{mean.mean * per_year:+.1%} ({mean.t:+.1f})"


def survivors(coverage: pd.DataFrame) -> str:
    """Return what is missing and which way that leans."""
    shares = coverage.set_index("year")["covered"]
    told = ", ".join(f"{shares[year]:.0%} in {year}" for year in (2006, 2012, 2018))
    text = (
        f"Of the members of the day {told} have prices. The others were mostly taken "
        "over, which ends well, or failed, which does not. A name that failed would "
        "have stood among losers and the volatile for months: without it reversal "
        "looks better than it was, and momentum, low volatility and the 52-week high "
        "worse, most so in the first period. Sector labels are those of today, applied "
        "to the past. Shares outstanding are known from reports of 2015 to 2017 alone, "
        "so turnover is asked of those years."
    )
    return f"## Who is missing\n\n{fill(text, WIDTH)}\n"


def periods_of(found: Sequence[Measured]) -> list[str]:
    """Return the parts of the sample, the whole left out."""
    return [name for name in found[-1].outcomes if name != WHOLE]


def drawn(found: Sequence[Measured]) -> Figure:
    """Draw the rank IC of each claim: all years with their interval, and the parts."""
    figure = Figure(figsize=(9.0, 0.34 * len(found) + 1.6), layout="constrained")
    axes = figure.subplots()
    periods = periods_of(found)
    for place, each in enumerate(reversed(found)):
        ic = each.outcomes[WHOLE].ic
        sure = abs(ic.t) >= SIGNIFICANT
        axes.errorbar(
            ic.mean,
            place,
            xerr=Z_95 * ic.standard_error,
            fmt="D",
            color=GREY if each.claim is CHANCE else BLUE,
            markerfacecolor=None if sure else "white",
            markersize=6,
            linewidth=1.6,
        )
        for name, (marker, colour) in zip(periods, MARKERS, strict=True):
            if name in each.outcomes:
                mean = each.outcomes[name].ic.mean
                axes.plot(mean, place, marker, color=colour, markersize=4, alpha=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(found)), [each.claim.name for each in reversed(found)])
    axes.set_xlabel("mean rank IC in the direction published")
    axes.set_title("Known anomalies among S&P 500 members, 2006-2024", loc="left")
    axes.grid(axis="x", color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(handles=legend_of(periods), loc="lower right", fontsize=8)
    return figure


def legend_of(periods: Sequence[str]) -> list[Line2D]:
    """Return what the signs stand for."""
    whole = Line2D([], [], marker="D", color=BLUE, label="all years, 95 % interval")
    parts = [
        Line2D([], [], marker=marker, color=colour, linestyle="", label=name)
        for name, (marker, colour) in zip(periods, MARKERS, strict=True)
    ]
    hollow = Line2D(
        *([], []),
        marker="D",
        color=BLUE,
        markerfacecolor="white",
        label="hollow: t below 2",
    )
    return [whole, hollow, *parts]
