"""What any model may carry: features chosen, rows weighed, regimes, trials, seeds."""
