"""What ``kedro`` can do besides running: look at data, judge them, compare them."""
