"""What the evidence for one factor says, in words: verdict, caveats, tiles, samples."""

from alpha_kedro.measures import FactorEvidence
from alpha_kedro.reports.sections import Tile
from alpha_kedro.reports.wording import (
    ABSENT,
    count,
    fixed,
    interval,
    interval_around,
    is_known,
    numbered,
    percent,
    span,
)

_ENDED = "prices ended before the exit"
_MANY = 0.2  # share of the scores whose loss is worth a banner
_BASIS_POINTS = 10_000


def about(evidence: FactorEvidence, *more: str, returns: str | None = None) -> str:
    """Return period, dates, lag, what returns are relative to, and anything more.

    Parameters
    ----------
    returns
        What is said of the returns where they are not the factor's own.
    """
    dates, design = evidence.ic.index, evidence.design
    parts = (
        span(dates.min(), dates.max()),
        numbered(len(dates), "date"),
        f"lag {design.lag}",
        returns or taken_off(evidence),
        "gross",
    )
    return " · ".join((*parts, *more))


def taken_off(evidence: FactorEvidence) -> str:
    """Return what the returns are relative to."""
    words = {
        "nothing": "raw returns",
        "universe": "returns less the universe's mean",
        "groups": "returns less the group's mean",
    }
    return words[evidence.design.relative_to]


def quantile_word(evidence: FactorEvidence) -> str:
    """Return what a group of equal size is called: decile, quintile, or quantile."""
    return {10: "decile", 5: "quintile"}.get(evidence.design.quantiles, "quantile")


def sessions(horizon: int) -> str:
    """Return ``1 session`` or ``5 sessions``."""
    return numbered(horizon, "session")


def basis_points(value: float | None, places: int = 1) -> str:
    """Return a decimal as ``12.3 bps``."""
    return f"{fixed(value * _BASIS_POINTS, places)} bps" if is_known(value) else ABSENT


def facts_of(evidence: FactorEvidence, horizon: int) -> dict[str, float]:
    """Return the summary of one horizon."""
    return {str(key): value for key, value in evidence.summary().T[horizon].items()}


def book_of(evidence: FactorEvidence, horizon: int) -> dict[str, float]:
    """Return alpha and beta of the score-weighted portfolio over one horizon."""
    return {str(key): value for key, value in evidence.alpha_beta.T[horizon].items()}


def ic_sentence(evidence: FactorEvidence, horizon: int) -> str:
    """Return the mean rank IC over a horizon with its interval and t."""
    facts = facts_of(evidence, horizon)
    bounds = interval_around(facts["rank_ic"], facts["rank_ic_se"])
    return (
        f"Over {sessions(horizon)} the mean rank IC is {fixed(facts['rank_ic'], 4)} "
        f"{interval(bounds, 4)}, t {fixed(facts['rank_ic_t'], 1)} (HAC)"
    )


def verdict(evidence: FactorEvidence, *, lead: int) -> list[str]:
    """Return the sentences that open the sheet.

    Parameters
    ----------
    evidence
        For the factor.
    lead
        The horizon that is spoken of.
    """
    facts, book = facts_of(evidence, lead), book_of(evidence, lead)
    if not is_known(facts["rank_ic"]):
        return ["Fewer than two dates have a coefficient: Data says why."]
    return [
        f"{ic_sentence(evidence, lead)}: {_against_zero(facts['rank_ic_t'])}.",
        f"The top {quantile_word(evidence)} earned {_compared(facts['spread'])} than "
        f"the bottom (t {fixed(facts['spread_t'], 1)}).",
        "Names weighted by their score have an alpha of "
        f"{percent(book['alpha_annual'])} a year (t {fixed(book['alpha_t'], 1)}) "
        f"at a beta of {fixed(book['beta'])}, before costs.",
        f"After {sessions(lead)} {percent(facts['turnover_top'], 0)} of the top "
        f"{quantile_word(evidence)} is new; {half_life_words(evidence)}.",
    ]


def half_life_words(evidence: FactorEvidence) -> str:
    """Return when the rank IC has halved, or why that cannot be said."""
    half_life = evidence.half_life
    if is_known(half_life):
        return (
            f"the rank IC halves when the score is {fixed(half_life, 1)} sessions old"
        )
    return f"no half-life: {getattr(half_life, 'reason', ABSENT)}"


def caveats(evidence: FactorEvidence) -> list[str]:
    """Return what must be known before any number is read."""
    longest = max(evidence.design.horizons)
    counts = evidence.losses.T
    scored = (counts["given"] - counts["no score"]).clip(lower=1)
    ended, lost = (
        int(counts[_ENDED][longest]),
        1 - float((counts["kept"] / scored).min()),
    )
    found = {
        "Lag 0: orders fill at the price the score was made from, which nobody can "
        "trade at any more.": evidence.design.lag == 0,
        f"{percent(lost, 0)} of the scores are not judged at some horizon: see "
        "Data.": lost > _MANY,
        f"{numbered(ended, 'score')} of names whose prices end within "
        f"{sessions(longest)} {'is' if ended == 1 else 'are'} left out: a factor that "
        "likes dying names looks better than it is.": ended > 0,
    }
    return [sentence for sentence, holds in found.items() if holds]


def tiles(evidence: FactorEvidence, *, lead: int) -> list[Tile]:
    """Return the numbers a reader wants first."""
    facts, book = facts_of(evidence, lead), book_of(evidence, lead)
    held = sessions(lead)
    bounds = interval_around(facts["rank_ic"], facts["rank_ic_se"])
    steady = fixed(facts["rank_autocorrelation"])
    return [
        Tile(f"Rank IC, {held}", fixed(facts["rank_ic"], 4), interval(bounds, 4)),
        Tile("t (HAC)", fixed(facts["rank_ic_t"], 1), "of the mean rank IC"),
        Tile("Rank IC > 0", percent(facts["positive_share"], 0), "of the dates"),
        Tile(
            "Top less bottom",
            basis_points(facts["spread"]),
            f"per {held}, t {fixed(facts['spread_t'], 1)}",
        ),
        Tile(
            "Alpha a year",
            percent(book["alpha_annual"]),
            f"t {fixed(book['alpha_t'], 1)}, before costs",
        ),
        Tile("Beta", fixed(book["beta"]), "to the mean name"),
        Tile(
            "New in the top",
            percent(facts["turnover_top"], 0),
            f"after {held}; rank autocorrelation {steady}",
        ),
        Tile(
            "Names a date", count(facts["n_names"]), f"{count(facts['n_dates'])} dates"
        ),
    ]


def _compared(spread: float) -> str:
    return f"{percent(abs(spread), 2)} {'less' if spread < 0 else 'more'}"


def _against_zero(t: float) -> str:
    if not is_known(t):
        return "there is no error to judge it by"
    side = "above" if t > 0 else "below"
    clear = abs(t) > 1.959964
    return f"the interval lies {side} zero" if clear else "the interval includes zero"
