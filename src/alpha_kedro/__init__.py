"""Cross-sectional equity research as one Kedro DAG: prices in, evidence out."""

__version__ = "0.5.0"
