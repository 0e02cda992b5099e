"""Asking Yahoo disturbs nobody: other threads, other runs, other users of yfinance."""

import logging

import numpy as np
import pytest
import requests
import yfinance
from yfinance import cache
from yfinance.data import YfData

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.lock import RunLock
from tests.sources.yahoo_market import NAMES, contents, load
from tests.sources.yahoo_transport import SimulatedYahoo

LIMITED = (429, "Too Many Requests")
DOWN = (503, "Service Unavailable")
HTML = (200, "<!doctype html><html><body>Sad panda</body></html>")


@pytest.fixture
def yahoo():
    market = SimulatedYahoo()
    for place, name in enumerate(NAMES):
        market.list(name, level=50.0 * (place + 1))
    return market


def test_many_names_at_once_are_not_mixed_up(yahoo, tmp_path):
    names = [f"N{number:02d}" for number in range(40)]
    for place, name in enumerate(names):
        yahoo.list(name, level=10.0 + place)
    market = load(yahoo, tmp_path, tickers=names, threads=16, batch_size=40)
    for name, bars in market.bars.groupby("ticker"):
        quoted = yahoo.quotes[name]["close"].loc[:"2024-03-08"]
        np.testing.assert_allclose(bars["close"], quoted, rtol=1e-7)


def test_an_answer_about_somebody_else_is_not_stored(yahoo, tmp_path):
    yahoo.edit["AAA"] = lambda result: result["meta"].update(symbol="BBB")
    market = load(yahoo, tmp_path, min_coverage=0.6)
    assert "asked for AAA, answered BBB" in market.facts["failed"]["AAA"]
    assert contents(tmp_path / "AAA") == {}


def test_yfinance_is_left_as_it_was(yahoo, tmp_path, monkeypatch):
    """Neither its settings nor the connection others share nor its files are used."""
    others = requests.Session()
    shared = YfData(session=others)
    damaged = tmp_path / "cookies.db"
    damaged.write_bytes(b"no database" * 100)
    monkeypatch.setattr(cache._CookieDBManager, "_cache_dir", str(tmp_path))
    monkeypatch.setattr(cache._CookieDBManager, "_db", None)
    monkeypatch.setattr(cache._CookieCacheManager, "_Cookie_cache", None)
    before = repr(yfinance.config)
    assert load(yahoo, tmp_path / "store").facts["statuses"] == {"fresh": 3}
    assert repr(yfinance.config) == before
    assert shared._session is others
    assert damaged.read_bytes() == b"no database" * 100


@pytest.mark.filterwarnings("error")
def test_no_warning_reaches_the_user(yahoo, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        load(yahoo, tmp_path)
    assert caplog.records == []


def test_two_runs_do_not_write_into_one_store(yahoo, tmp_path):
    with RunLock(tmp_path), pytest.raises(ConfigError, match="AK-P003"):
        load(yahoo, tmp_path)
    assert yahoo.calls == []
