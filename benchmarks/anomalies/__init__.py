"""Anomalies of the literature on real data."""
