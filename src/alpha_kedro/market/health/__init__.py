"""Data health: what is wrong with raw bars, or odd about them, one row per fault.

`check_health` looks at a market as it came and changes nothing. A finding is
``refused`` (quarantined by cleaning), ``suspect`` (kept, and probably wrong: a person
should look) or a ``note`` (kept, and probably real). `CHECKS` says what each means.
"""

from alpha_kedro.market.health.catalogue import CHECKS, Check, check_named
from alpha_kedro.market.health.examine import Health, check_health
from alpha_kedro.market.health.findings import (
    FINDING_COLUMNS,
    SEVERITIES,
    WHOLE_MARKET,
    no_findings,
)
from alpha_kedro.market.health.spec import HealthSpec
from alpha_kedro.market.health.summary import is_healthy, summarise_findings

__all__ = [
    "CHECKS",
    "FINDING_COLUMNS",
    "SEVERITIES",
    "WHOLE_MARKET",
    "Check",
    "Health",
    "HealthSpec",
    "check_health",
    "check_named",
    "is_healthy",
    "no_findings",
    "summarise_findings",
]
