"""The thresholds of the health check, each with what it is compared with."""

from typing import Annotated

from pydantic import Field

from alpha_kedro.core.spec import Share, Spec

Sessions = Annotated[int, Field(ge=1, le=2_520)]
Multiple = Annotated[float, Field(gt=1, le=1_000)]


class HealthSpec(Spec):
    """From where on an oddity is worth a person's time.

    Multiples are of what is usual for the ticker: the median of the sessions before.
    """

    rounding_tolerance: Share = Field(
        default=5e-4,
        description="how far open or close may lie outside low to high, relative; "
        "the one of ingestion",
    )
    delisted_after: Sessions = Field(
        default=10,
        description="sessions of absence that count as a delisting; the one of "
        "ingestion",
    )
    max_off_calendar_share: Share = Field(
        default=0.01,
        description="share of a ticker's bars off the sessions that is a slip; more "
        "is another calendar or time zone",
    )
    usual_sessions: Sessions = Field(
        default=20, description="sessions before a move that say what is usual"
    )
    settling_sessions: Sessions = Field(
        default=5, description="sessions after a move that show whether it stays"
    )
    large_move: float = Field(
        default=0.40, gt=0, le=10, description="total return in one session, size"
    )
    spike: float = Field(
        default=0.20, gt=0, le=10, description="smallest move that can be a bad print"
    )
    spike_multiple: Multiple = Field(
        default=8.0, description="smallest move that can be a bad print, multiple"
    )
    reversion: Share = Field(
        default=0.25,
        description="share of a move that may be left for it to count as undone, or "
        "lost for it to count as lasting",
    )
    confirming_volume: Multiple = Field(
        default=3.0, description="volume that confirms a move, multiple"
    )
    confirming_range: Share = Field(
        default=0.5, description="share of a move traded through within the session"
    )
    smallest_split: Multiple = Field(
        default=1.2, description="smallest split ratio looked for; inverses alike"
    )
    split_tolerance: Share = Field(
        default=0.07,
        description="log distance of the overnight ratio from a split's, or from 100 "
        "or 1000 for a change of unit",
    )
    calm_range: Multiple = Field(
        default=3.0,
        description="high to low of a session in which nothing happened, multiple",
    )
    calm_turnover: Multiple = Field(
        default=3.5,
        description="turnover of a session in which nothing happened, multiple or its "
        "inverse",
    )
    calm_volume: Multiple = Field(
        default=3.0,
        description="the same in shares, where volumes do not follow the split",
    )
    stale_run: int = Field(
        default=5, ge=3, description="equal closes in a row, with volume"
    )
    stale_chance: Share = Field(
        default=1e-3,
        description="such runs expected by chance in this ticker, below which one is "
        "suspect: a bill fund often closes unchanged, a share never five times",
    )
    distribution: float = Field(
        default=0.05,
        gt=0,
        description="difference of the two returns, of adj_close and close, decimal",
    )
    dividend_floor: float = Field(
        default=2e-3,
        gt=0,
        description="smallest dividend compared with adj_close, share of the price",
    )
    dividend_tolerance: Share = Field(
        default=0.6, description="share of a dividend that adj_close may miss or add"
    )
    identical_closes: int = Field(
        default=20, ge=20, description="sessions with equal closes of two tickers"
    )
    shift_window: int = Field(
        default=126, ge=80, description="sessions over which a shift of dates is judged"
    )
    shift_excess: float = Field(
        default=0.3,
        gt=0,
        le=2,
        description="correlation with the market's neighbouring session less that "
        "with its own",
    )
    market_names: int = Field(
        default=20, ge=3, description="fewest names that make a market to compare with"
    )
    outage_share: Share = Field(
        default=0.5, description="share of living names without a bar on a session"
    )
    mass_end: int = Field(
        default=4, ge=2, description="names whose bars end in one session"
    )
    unfinished_share: Share = Field(
        default=0.5,
        description="volume of the last session, median over the names, as a share of "
        "the usual",
    )
    unfinished_name_share: Share = Field(
        default=0.05, description="the same of a single name"
    )
    short_history: Sessions = Field(
        default=63, description="bars below which a ticker is too young to learn from"
    )
    float32_rows: int = Field(
        default=30,
        ge=10,
        description="bars with more shares than float32 can count, all of them "
        "float32 numbers, that show rounding",
    )
    revision_tolerance: Share = Field(
        default=1e-6, description="relative change of a value that is a revision"
    )
    block_rows: int = Field(
        default=1_000_000, ge=1_000, description="rows held in memory at a time"
    )
