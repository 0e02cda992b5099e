"""Write docs/features.md and its pictures from what is registered.

    python docs/refresh_features.py

The page is text of the registry; the pictures are one simulated name over two years.
A test holds the page to the registry, so a new feature is followed by this command.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from formula_words import code, folded, sentence, table, unique, vocabulary

from alpha_kedro.market import clean_fundamentals, clean_sentiment, simulate_market
from alpha_kedro.reports.feature_gallery import as_small_png, feature_gallery
from alpha_kedro.signals import FEATURE_SETS, FEATURES, Feature, build_features
from alpha_kedro.signals.features import pattern_of
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula

DOCS = Path(__file__).parent
PAGE, PICTURES = DOCS / "features.md", DOCS / "pictures" / "features"

FAMILIES = {
    "momentum": "What rose goes on rising: returns over months, however they are read.",
    "reversal": "What fell too far comes back: returns turned round, and stretches.",
    "trend": "Where the price stands against its averages, lines and extremes.",
    "oscillators": "Indicators that swing between bounds: bought too much, or sold.",
    "volatility": "How far the price moves, estimated in every classic way.",
    "distribution": "The shape of returns: lotteries, tails, what days owe to days.",
    "market": "What a name owes to the market, and what is left without it.",
    "volume": "How much is traded, and whether volume goes with the price.",
    "liquidity": "What trading costs: spreads and impact, read off prices and volume.",
    "candles": "What the bar of a day says: bodies, shadows, gaps, nights and days.",
    "seasonality": "What the calendar says.",
    "fundamental": "What the latest report known says of the company.",
    "sentiment": "What is said about the company, how much, and how well.",
    "alpha158": "The features of Qlib's benchmark models, equal to it value for value.",
}
"""Families in the order of the page, and what each says."""

MARKED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def main() -> None:
    """Refresh the page and all pictures."""
    PAGE.write_text(refreshed(PAGE.read_text()))
    PICTURES.mkdir(parents=True, exist_ok=True)
    values, price = one_name()
    for family, members in families().items():
        names = [each.name for each in members]
        figure = feature_gallery(values[names], price, **layout(family, names))
        picture_of(family).write_bytes(as_small_png(figure))


def refreshed(text: str) -> str:
    """Return the page with all that stands between marks as it is registered now."""
    made = {
        "contents": contents,
        "families": sections,
        "sets": sets,
        "words": vocabulary,
    }
    return MARKED.sub(lambda at: f"{at[1]}{made[at[2]]()}\n{at[3]}", text)


def families() -> dict[str, list[Feature]]:
    """Return the features of each family, in the order of the page."""
    found: dict[str, list[Feature]] = {family: [] for family in FAMILIES}
    for each in FEATURES.values():
        found.setdefault(each.family, []).append(each)
    return found


def said_of(family: str) -> str:
    """Return what a family says."""
    return FAMILIES.get(family, "")


def picture_of(family: str) -> Path:
    """Return where the picture of a family lies."""
    return PICTURES / f"{family}.png"


# The tables of features.


def contents() -> str:
    """Return how many features there are, family by family."""
    listed = table(
        ("family", "features", "what it says"),
        (
            (f"[{family}](#{family})", str(len(members)), said_of(family))
            for family, members in families().items()
        ),
    )
    return f"{len(FEATURES)} features in {len(families())} families:\n\n{listed}"


def sections() -> str:
    """Return the section of each family."""
    return "\n\n".join(section(*found) for found in families().items())


def section(family: str, members: list[Feature]) -> str:
    """Return the heading, picture and table of one family."""
    groups: dict[tuple[str, ...], list[Feature]] = {}
    for each in members:
        groups.setdefault(kind_of(each), []).append(each)
    head = ("feature", "what it says, and how", "unit", "lookback", "source")
    drawn = f"![{family}]({picture_of(family).relative_to(DOCS).as_posix()})"
    listed = table(head, (row_of(group) for group in groups.values()))
    return f"## {family}\n\n{said_of(family)}\n\n{drawn}\n\n{listed}"


def kind_of(each: Feature) -> tuple[str, ...]:
    """Return what features of one row have in common."""
    pattern = pattern_of(each.name)
    stem = pattern if "{" in pattern else re.sub(r"\d+$", "", each.name)
    return stem, each.summary, each.unit, each.source


def row_of(group: list[Feature]) -> tuple[str, ...]:
    """Return the cells of features that differ in their numbers alone."""
    first = group[0]
    pattern = pattern_of(first.name)
    names = "<br>".join(code(each.name) for each in group)
    if "{" in pattern:
        names = f"{code(pattern)}<br>at " + ", ".join(numbers(group, pattern))
    formula = folded(written(first.formula), "formula")
    said = f"{sentence(first.summary)}<br>{formula}"
    lookbacks = ", ".join(unique(map(sessions, group)))
    return names, said, first.unit, lookbacks, sentence(first.source)


def sessions(each: Feature) -> str:
    """Return its lookback, and what is needed for a first value where that is less."""
    least = each.formula.needed
    return f"{each.lookback}" + (f" (from {least})" if least < each.lookback else "")


def written(formula: Formula) -> str:
    """Return a formula as one would write it, returns by their names."""
    short = str(formula).replace(str(words.log_ret), "log_ret")
    simple = re.escape(str(words.ret))
    short = re.sub(rf"(?<!\w)\({simple}\)", "ret", short)
    begins, ends = r"(?:(?<=\()|(?<=, )|^)", r"(?=[,)]| [-+] |$)"
    return re.sub(f"{begins}{simple}{ends}", "ret", short)


def numbers(group: list[Feature], pattern: str) -> list[str]:
    """Return the numbers of each name of a pattern, joined where it has several."""
    around = re.compile(re.sub(r"\\{\w+\\}", r"(\\d+)", re.escape(pattern)))
    found = (around.fullmatch(each.name) for each in group)
    return ["_".join(match.groups()) for match in found if match]


def sets() -> str:
    """Return the feature sets and their members."""
    return table(
        ("set", "features", "members"),
        (
            (code(name), str(len(members)), folded(", ".join(members), "members"))
            for name, members in FEATURE_SETS.items()
        ),
    )


# The pictures.


def one_name(sessions: int = 504) -> tuple[pd.DataFrame, pd.Series]:
    """Return two years of every feature of one simulated name, and of its price.

    Of the names the one with the fewest features that never move.
    """
    market = simulate_market(60, 1_900, seed=7, late_share=0.0, delisting_rate=0.0)
    bars, names = market.bars, list(FEATURES)
    every = build_features(
        bars,
        names,
        benchmark=market.benchmarks[market.benchmarks["ticker"] == "SPY"],
        sectors=market.sectors,
        fundamentals=clean_fundamentals(market.fundamentals, bars=bars).table,
        sentiment=clean_sentiment(market.sentiment, bars=bars).table,
        since=np.sort(bars["date"].unique())[-sessions],
    )
    at_rest = every.groupby("ticker")[names].agg(lambda x: x.nunique() < 2).sum(axis=1)
    chosen = str(at_rest.idxmin())
    values = every[every["ticker"] == chosen].set_index("date")[names]
    price = bars[bars["ticker"] == chosen].set_index("date")["adj_close"]
    return values, price.reindex(values.index)


def layout(family: str, names: list[str]) -> dict[str, object]:
    """Return how the cells of a family stand: many and short names close together."""
    if family != "alpha158":
        return {}
    of_a_day = [name for name in names if FEATURES[name].lookback == 1]
    return {"columns": 10, "blocks": [of_a_day, names[len(of_a_day) :]]}


if __name__ == "__main__":
    main()
