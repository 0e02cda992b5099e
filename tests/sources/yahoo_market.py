"""Loading from the simulated Yahoo, as the tests of it do."""

import random

import pandas as pd
import pytest

from alpha_kedro.sources.yahoo import YahooMarketSpec, load_yahoo

NAMES = ["AAA", "BBB", "CCC"]


def load(yahoo, folder, **settings):
    """Load a market of ``NAMES`` without benchmarks, unless told otherwise."""
    block = {"tickers": NAMES, "benchmarks": [], "threads": 2} | settings
    spec = YahooMarketSpec.parse(block, "markets.yahoo")
    with pytest.MonkeyPatch.context() as network:
        network.setattr("socket.socket.connect", _refuse)
        network.setattr("socket.getaddrinfo", _refuse)
        return load_yahoo(
            spec,
            folder=folder,
            now=yahoo.now,
            session=yahoo.session(),
            sleep=yahoo.waits.append,
            jitter=random.Random(7),
        )


def _refuse(*_, **__):
    raise AssertionError("a socket was opened")


def bars_of(market, ticker):
    bars = market.bars
    return bars[bars["ticker"] == ticker].set_index("date")


def contents(folder):
    """Bytes of every segment below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
    }


def day(text):
    return pd.Timestamp(text)
