"""What the costs and the trials of a run leave out, said of the run at hand."""

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.bill_charts import charged_kinds
from alpha_kedro.reports.book_sections import BookRecords
from alpha_kedro.reports.wording import numbered, plain_words

_KINDS = ("trading", "impact", "borrow", "financing")


def limits(evidence: Evidence, records: BookRecords) -> list[str]:
    """Return the sentences on costs and trials that end the report."""
    return [_charged(evidence.headline, records), _counted(evidence, records)]


def _charged(headline: str, records: BookRecords) -> str:
    """Say which kinds of cost the headline was billed, and which never."""
    said = "Costs come from a model and not from a broker; taxes are never charged."
    if headline not in set(records.bills.get("strategy", ())):
        return said
    charged = charged_kinds(records.bills, strategy=headline)
    missing = [kind for kind in _KINDS if kind not in charged]
    paid = _listed(charged) if charged else "nothing"
    spared = f", and nothing for {_listed(missing)}" if charged and missing else ""
    size = " Without impact its size costs it nothing." if "impact" in missing else ""
    return f"{said} {headline} was charged {paid}{spared}.{size}"


def _counted(evidence: Evidence, records: BookRecords) -> str:
    """Say what was counted as a trial, and that the rest was not."""
    parts = {
        "strategy": len(evidence.strategies),
        "sweep cell": len(records.sweep),
        "frontier setting": _n_settings(records),
    }
    counted = [_several(n, thing) for thing, n in parts.items() if n]
    return (
        f"What counts as a trial is what this run kept a record of: {_listed(counted)}."
        " What was tried and thrown away before makes the numbers look better than "
        "they are."
    )


def _n_settings(records: BookRecords) -> int:
    frontier = records.frontier
    return 0 if frontier.empty else int(frontier["name"].nunique())


def _several(n: int, thing: str) -> str:
    return f"{n:,} strategies" if thing == "strategy" and n != 1 else numbered(n, thing)


def _listed(words: list[str]) -> str:
    plain = [plain_words(word) for word in words]
    if len(plain) < 2:
        return "".join(plain)
    return f"{', '.join(plain[:-1])} and {plain[-1]}"
