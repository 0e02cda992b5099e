"""Gradient-boosted trees of two libraries: what they share and where they differ."""
