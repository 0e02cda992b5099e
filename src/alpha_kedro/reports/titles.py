"""Titles that state the finding, and subtitles that state the sample."""

from alpha_kedro.measures import ModelEvidence, StrategyEvidence
from alpha_kedro.reports.wording import (
    count,
    fixed,
    interval,
    interval_around,
    numbered,
    percent,
    span,
)


def about_strategy(strategy: StrategyEvidence, *, costs: str = "net of costs") -> str:
    """Return name, period, sessions, and whether costs are taken off."""
    facts = strategy.summary
    return (
        f"{strategy.name} · {span(facts['start'], facts['end'])} · "
        f"{numbered(facts['n_sessions'], 'session')} · out of sample · {costs}"
    )


def about_model(model: ModelEvidence) -> str:
    """Return name, period, dates, names and what was left out."""
    facts = model.summary
    excluded = sum(facts["n_dates_excluded"].values())
    dates = model.ic.index
    return (
        f"{model.name} · {span(dates.min(), dates.max())} · "
        f"{numbered(facts['n_dates'], facts['frequency'] + ' date')} "
        f"({excluded} excluded) · {count(facts['n_names'])} names on average · "
        "out of sample · gross"
    )


def ic_finding(model: ModelEvidence) -> str:
    """Return the mean rank IC with its HAC interval."""
    facts = model.summary
    bounds = interval_around(facts["rank_ic"], facts["rank_ic_se"])
    return (
        f"Mean rank IC {fixed(facts['rank_ic'], 3)} {interval(bounds, 3)}, "
        f"t {fixed(facts['rank_ic_t'], 1)} (HAC, {numbered(facts['hac_lags'], 'lag')})"
    )


def group_word(model: ModelEvidence) -> str:
    """Return what a group of equal size is called: decile, quintile, or group."""
    return {10: "decile", 5: "quintile"}.get(model.summary["quantiles"], "group")


def decile_finding(model: ModelEvidence) -> str:
    """Return what the best scores earned over the worst, and how steadily it rises."""
    facts = model.summary
    spread, t = percent(facts["decile_spread"], 2), fixed(facts["decile_spread_t"], 1)
    return (
        f"Top less bottom {group_word(model)} {spread} per "
        f"{numbered(facts['horizon'], 'session')}, t {t}; "
        f"monotonicity {fixed(facts['monotonicity'])}"
    )
