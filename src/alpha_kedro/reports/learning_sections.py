"""The chapters on what models learned: what they chose, what tuning bought, who won.

Each function returns no chapter where there is nothing to tell.
"""

import pandas as pd

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.comparison_charts import (
    comparison_chart,
    comparison_lead,
    comparison_table,
    part_table,
    yearly_comparison_chart,
)
from alpha_kedro.reports.fit_choice_charts import (
    regime_charts,
    threshold_charts,
    weight_charts,
)
from alpha_kedro.reports.fit_choices import (
    fit_tables,
    parameter_tables,
    regime_tables,
    spending_table,
    trials_by_model,
)
from alpha_kedro.reports.section import Section


def comparison_section(evidence: Evidence) -> list[Section]:
    """Return the models side by side."""
    comparison = evidence.comparison
    if comparison is None or comparison["model"].nunique() < 2:
        return []
    return [
        Section(
            "models",
            "Models side by side",
            comparison_lead(comparison),
            (comparison_chart(comparison), yearly_comparison_chart(comparison)),
            (
                ("Models, per decision date", comparison_table(comparison)),
                ("Models, by part of the sample", part_table(comparison)),
            ),
        )
    ]


def fits_section(fit_choices: pd.DataFrame) -> list[Section]:
    """Return what the fits chose for themselves."""
    charts = (
        *weight_charts(fit_choices),
        *threshold_charts(fit_choices),
        *regime_charts(fit_choices),
    )
    tables = (*fit_tables(fit_choices), *regime_tables(fit_choices))
    if not charts and not tables:
        return []
    return [
        Section(
            "fits",
            "What the fits chose",
            "Each fit settles some things for itself, on its training window alone: "
            "how many rounds, how strong a penalty, what each member counts. Where a "
            "model was fitted with several seeds, numbers are means over them.",
            charts,
            tables,
        )
    ]


def tuning_section(evidence: Evidence, fit_choices: pd.DataFrame) -> list[Section]:
    """Return what tuning cost and bought."""
    if not trials_by_model(fit_choices):
        return []
    return [
        Section(
            "tuning",
            "What tuning bought",
            "The best of many trials looks better than it is on the blocks that picked "
            "it. So each tuned model is set beside its twin, the same but for the "
            "tuning, on dates that took no part: gains are differences in mean rank IC "
            "with the label, the one outside paired date by date.",
            tables=(
                (
                    "Spent inside the folds, bought outside",
                    spending_table(fit_choices, evidence.tuning),
                ),
                *parameter_tables(fit_choices),
            ),
        )
    ]
