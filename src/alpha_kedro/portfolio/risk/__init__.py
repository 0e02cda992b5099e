"""What names have in common, measured on trailing returns: betas, covariances, factors.

Everything here reads rows that end at the close of a decision.
"""
