"""The contract of every table of results: scores, what they rest on, books.

As in `core.schemas`, which has the tables up to model input.
"""

import pandera.pandas as pa

from alpha_kedro.core.contract import (
    FINITE,
    NOT_NEGATIVE,
    POSITIVE,
    check,
    day,
    one_of,
    real,
    table_of,
    text,
    whole,
)

_ROUNDING = 1e-9
_REASONS = ("", "family full", "redundant", "unmeasured", "unstable")

Predictions = table_of(
    {
        "date": day(),
        "ticker": text(),
        "model": text(),
        "fold": whole(),
        "score": real(missing=True),
        "label": real(missing=True),
        "fit_end": day(missing=True),
    },
    check(
        lambda predictions: ~(predictions["fit_end"] >= predictions["date"]),
        "fit_end before date",
    ),
    key=("date", "ticker", "model"),
)
"""Out-of-sample scores; a score is missing where a model gave none."""

FitLedger = table_of(
    {
        "model": text(),
        "fold": whole(),
        "train_start": day(missing=True),
        "train_end": day(missing=True),
        "max_label_end": day(missing=True),
        "embargo_sessions": whole(),
        "test_start": day(missing=True),
        "test_end": day(missing=True),
        "n_train": whole(),
        "n_test": whole(),
    },
    check(
        lambda fits: ~(fits["max_label_end"] >= fits["test_start"]),
        "max_label_end before test_start",
    ),
    check(lambda fits: ~fits.duplicated(["model", "fold"]), "each model, fold once"),
    key=(),
    strict=False,
)
"""What every fit saw; days are missing where a fold had no row."""

Contributions = table_of(
    {
        "date": day(),
        "ticker": text(),
        "model": text(),
        "fold": whole(),
        "feature": text(),
        "value": pa.Column("float32", FINITE, nullable=True),
        "contribution": real(),
    },
    check(
        lambda parts: ~parts.duplicated(["date", "ticker", "model", "fold", "feature"]),
        "each feature of a score once",
    ),
    key=(),
)
"""How much each feature added to a score; the bias has no value."""

FeatureChoices = table_of(
    {
        "model": text(),
        "fold": whole(),
        "feature": text(),
        "family": text(),
        "chosen": pa.Column("bool"),
        "reason": one_of(_REASONS, "a known reason"),
        "twin": pa.Column("str"),
        "ic": real(missing=True),
        "t": real(missing=True),
        "agreement": real(NOT_NEGATIVE),
    },
    check(lambda own: own["chosen"] == (own["reason"] == ""), "no reason if chosen"),
    key=("model", "fold", "feature"),
)
"""What became of each feature in each fold of a model that chooses among them."""

FitChoices = table_of(
    {
        "model": text(),
        "fold": whole(),
        "seed": whole(),
        "choice": text(),
        "value": real(missing=True),
        "text": pa.Column("str"),
    },
    check(lambda own: own["value"].isna() | (own["text"] == ""), "a number or words"),
    key=("model", "fold", "seed", "choice"),
)
"""What each fit chose for itself: rounds, thresholds, weights; a number or words."""

Weights = table_of(
    {"date": day(), "ticker": text(), "strategy": text(), "weight": real()},
    key=("date", "ticker", "strategy"),
)
"""Target shares of NAV, by the date of the decision."""

Returns = table_of(
    {
        "date": day(),
        "strategy": text(),
        "gross_return": real(),
        "cost": real(NOT_NEGATIVE),
        "net_return": real(),
        "turnover": real(NOT_NEGATIVE),
        "gross_exposure": real(NOT_NEGATIVE),
        "net_exposure": real(),
        "nav": real(NOT_NEGATIVE),
    },
    check(
        lambda books: (
            (
                (books["net_return"] - books["gross_return"] + books["cost"]).abs()
                <= _ROUNDING
            )
            | (books["net_return"] == -1)
        ),
        "net_return is gross_return less cost",
    ),
    key=("date", "strategy"),
)
"""The books of every strategy, session by session; a wiped-out book returns -1."""

Bills = table_of(
    {
        "date": day(),
        "strategy": text(),
        "trading": real(NOT_NEGATIVE),
        "impact": real(NOT_NEGATIVE),
        "borrow": real(NOT_NEGATIVE),
        "financing": real(NOT_NEGATIVE),
    },
    key=("date", "strategy"),
)
"""What each session cost by kind, share of the NAV before it."""

OverlayChanges = table_of(
    {
        "date": day(),
        "strategy": text(),
        "place": whole(),
        "overlay": text(),
        "changed": real(NOT_NEGATIVE),
    },
    key=("date", "strategy", "place"),
)
"""Half the sum of absolute changes of weights by each overlay, share of NAV.

``place`` is that of the overlay in the order in which they are applied.
"""

Attributions = table_of(
    {
        "date": day(),
        "strategy": text(),
        "dimension": one_of(
            ("factor", "leg", "name", "sector", "source"), "a known dimension"
        ),
        "key": text(),
        "contribution": real(),
        "cost": real(),
        "exposure": real(missing=True),
    },
    key=("date", "strategy", "dimension", "key"),
)
"""Contributions to each session's net return; by name for one strategy alone."""

UniverseReturns = table_of(
    {"date": day(), "equal_weight": real(missing=True)}, key=("date",)
)
"""Return of the members, equally weighted, from close to close and without costs."""

Sweep = table_of(
    {
        "strategy": text(),
        "setting": text(),
        "gross_sharpe": real(missing=True),
        "net_sharpe": real(missing=True),
        "ci_low": real(missing=True),
        "ci_high": real(missing=True),
        "turnover_annual": real(NOT_NEGATIVE, missing=True),
        "cost_annual": real(NOT_NEGATIVE, missing=True),
        "net_return_annual": real(missing=True),
        "refused": pa.Column("str"),
    },
    check(
        lambda cells: ~cells.duplicated(["strategy", "setting"]), "each setting once"
    ),
    key=(),
)
"""What every cell of a grid of settings earned; ``setting`` is JSON."""

Frontier = table_of({"cost_bps": real(NOT_NEGATIVE)}, key=(), strict=False)
"""Ways to trade at several speeds and costs, see `speed_frontier`."""

Capacity = table_of(
    {"capital": real(POSITIVE)},
    key=("capital",),
    strict=False,
)
"""The headline strategy at several NAVs."""
