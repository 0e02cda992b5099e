"""The chance to beat a hurdle, calibrated, with a threshold found in the fold."""
