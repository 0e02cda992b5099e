"""How good the word about a name is, how much better than before, how much at all."""

from functools import partial

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import delay, larger, log_of, sqrt, z_score

_of_tweets = partial(feature, family="sentiment")

_LEVEL = 5  # sessions


def _said(name: str, k: int) -> Formula:
    """Add up what is known of k sessions: a silent source for a day is no harm."""
    return words.sum_of(words.sentiment(name), k, "most")


def _level(k: int) -> Formula:
    return _said("score", k) / _said("n_tweets", k)


@_of_tweets(
    "sentiment_level_{k}",
    at=(_LEVEL,),
    unit="mean score of a tweet, -1 to 1",
    source="Antweiler and Frank (2004)",
)
def sentiment_level(k: int) -> Formula:
    """Return how good the word is; NaN where nobody spoke."""
    return _level(k)


@_of_tweets(
    "sentiment_change_{k}",
    at=(20,),
    unit="mean score of a tweet",
    source="Tetlock, Saar-Tsechansky and Macskassy (2008), as a change",
)
def sentiment_change(k: int) -> Formula:
    """Return how much better the word of five sessions is than some weeks ago."""
    return _level(_LEVEL) - delay(_level(_LEVEL), k)


@_of_tweets(
    "sentiment_dispersion_{k}",
    at=(20,),
    unit="standard deviation of a tweet's score",
    source="Antweiler and Frank (2004), disagreement",
)
def sentiment_dispersion(k: int) -> Formula:
    """Return how much the tweets disagree; NaN where fewer than two are known."""
    count, total = _said("n_tweets", k), _said("score", k)
    around = _said("squared_score", k) - total * total / count
    return sqrt(larger(around, 0) / (count - 1))  # below 0 is rounding


@_of_tweets(
    "attention_z_{k}",
    at=(60,),
    unit="standard deviations",
    source="Da, Engelberg and Gao (2011), on tweets",
)
def attention(k: int) -> Formula:
    """Return how much more is said than is usual; NaN where that never changes."""
    return z_score(log_of(1 + words.sentiment("n_tweets")), k)


@_of_tweets(
    "positive_share_{k}",
    at=(_LEVEL,),
    unit="share of tweets",
    source="Antweiler and Frank (2004)",
)
def positive_share(k: int) -> Formula:
    """Return the share of tweets with a good word; NaN where nobody spoke."""
    return _said("n_pos", k) / _said("n_tweets", k)
