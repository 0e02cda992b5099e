"""Bars from a vendor, a database and files of one's own, through whole runs."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from alpha_kedro.market import simulate_market
from tests.pipelines.runs import PROJECT, kedro_run, run_project, table
from tests.sources.postgres import PASSWORD, can_run, running_server
from tests.sources.yahoo_market import load
from tests.sources.yahoo_transport import SimulatedYahoo, at

BARS = "03_primary/bars.parquet"
FEATURES = ["momentum_5", "volatility_20", "amihud_20", "volume_z_20"]
EVENING = pd.Timestamp("2024-03-08")

NO_NETWORK = """
import socket

def refuse(*_, **__):
    raise AssertionError("a socket was opened")

socket.socket.connect = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def yahoo(tmp_path_factory):
    """A data folder with two evenings of Yahoo in it, and the instant of the first.

    Between the two, AAA splits and BBB pays.
    """
    root = tmp_path_factory.mktemp("yahoo")
    vendor, store = SimulatedYahoo(), root / "01_raw/yahoo"
    for place, name in enumerate(["AAA", "BBB", "CCC"]):
        vendor.list(name, level=50.0 * (place + 1))
    vendor.list("SPY")
    first = load(vendor, store, benchmarks=["SPY"])
    vendor.split("AAA", "2024-03-12", 3).pay("BBB", "2024-03-12", 0.5)
    vendor.now = at("2024-03-13 22:30")
    load(vendor, store, benchmarks=["SPY"])
    return root, first.facts["vintage"]


def of_yahoo(**block):
    asked = {"tickers": ["AAA", "BBB", "CCC"], "benchmarks": ["SPY"], "offline": True}
    return {"market": "yahoo", "markets": {"yahoo": asked | block}}


def run_yahoo(root, **block):
    """Run up to the features; return bytes of the bars, the bars and the features."""
    asked = of_yahoo(**block) | {"features": {"names": FEATURES}}
    run_project(root, "walk_forward", to_outputs=["features"], **asked)
    features = table(root, "04_feature/features.parquet")
    return (root / BARS).read_bytes(), table(root, BARS), features


def test_names_that_did_not_come_are_told_and_the_rest_is_run(yahoo, tmp_path):
    root, _ = yahoo
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    asked = {
        "market": "yahoo",
        "markets.yahoo.tickers": "AAA+BBB+CCC+ZZZ",
        "markets.yahoo.benchmarks": "SPY",
        "markets.yahoo.offline": True,
        "markets.yahoo.min_coverage": 0.7,
    }
    answer = kedro_run(
        root,
        pipeline="ingestion",
        params=asked,
        variables={"PYTHONPATH": str(tmp_path)},
    )
    assert answer.code == 3, answer.text
    assert "could not be fetched: ZZZ (nothing is stored)" in answer.text
    bars = table(root, BARS)
    assert set(bars["ticker"]) == {"AAA", "BBB", "CCC"}
    assert bars["date"].max() == pd.Timestamp("2024-03-13")


def test_an_old_evening_has_its_own_bytes_though_the_vendor_went_on(yahoo):
    root, instant = yahoo
    then, bars, features = run_yahoo(root, as_of=instant)
    assert bars["date"].max() == EVENING
    now, later_bars, later = run_yahoo(root)
    assert later_bars["share_factor"].max() == 3
    assert then != now
    for early, late in ((bars, later_bars), (features, later)):
        past = late[late["date"] <= EVENING].reset_index(drop=True)
        pd.testing.assert_frame_equal(early, past, check_exact=True)
    assert features[FEATURES].notna().any().all()
    assert run_yahoo(root, as_of=instant)[0] == then


@pytest.fixture(scope="module")
def market():
    return simulate_market(20, 120, seed=4, basis="raw", split_rate=1.0)


@pytest.fixture(scope="module")
def postgres():
    if reason := can_run():
        pytest.skip(reason)
    with running_server() as server:
        yield server


@pytest.fixture
def conf(tmp_path):
    """A copy of ``conf`` without anybody's credentials."""
    return shutil.copytree(
        PROJECT / "conf",
        tmp_path / "conf",
        ignore=shutil.ignore_patterns("credentials*"),
    )


def tables_of(market):
    names = ("bars", "membership", "sectors", "benchmarks", "actions")
    return {name: getattr(market, name) for name in names}


def test_bars_of_a_database_are_those_of_files_and_its_password_is_nowhere(
    postgres, market, conf, tmp_path
):
    from sqlalchemy import create_engine

    files = tmp_path / "files"
    files.mkdir()
    url = postgres.url(user="postgres").replace("postgresql:", "postgresql+psycopg:")
    for name, rows in tables_of(market).items():
        rows.to_parquet(files / f"{name}.parquet")
        rows.to_sql(name, create_engine(url), index=False)
    named = {name: str(files / f"{name}.parquet") for name in tables_of(market)}
    run_project(
        tmp_path / "from_files",
        "ingestion",
        market="files",
        markets={"files": named | {"basis": "raw"}},
    )
    secret = {"market_database": {"url": postgres.url()}}
    (conf / "local/credentials.yml").write_text(yaml.safe_dump(secret))
    asked = {f"markets.sql.{name}": name for name in named}
    root = tmp_path / "from_sql"
    answer = kedro_run(
        root,
        f"--conf-source={conf}",
        pipeline="ingestion",
        params={"market": "sql", "markets.sql.basis": "raw"} | asked,
    )
    assert answer.code == 0, answer.text
    assert (root / BARS).read_bytes() == (tmp_path / "from_files" / BARS).read_bytes()
    written = [path for path in root.rglob("*") if path.is_file()]
    assert len(list(root.glob("01_raw/vintages/*/vintage.json"))) == 1
    assert (root / "03_primary/ingestion_report.json") in written
    assert PASSWORD not in answer.text
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]


def test_without_credentials_the_error_says_where_to_put_them(conf, tmp_path):
    answer = kedro_run(
        tmp_path / "made",
        f"--conf-source={conf}",
        pipeline="ingestion",
        params={"market": "sql", "markets.sql.bars": "bars"},
    )
    assert answer.code == 2, answer.text
    assert "AK-C060" in answer.text
    assert "conf/local/credentials.yml" in answer.text
    assert "Traceback" not in answer.text


def test_files_may_be_one_per_ticker_in_other_words_and_other_units(market, tmp_path):
    places = {"given": tmp_path / "given", "theirs": tmp_path / "theirs"}
    for folder in places.values():
        folder.mkdir()
    prices = ["open", "high", "low", "close"]
    theirs = {"date": "Day", "close": "Last", "volume": "Lots"}
    for ticker, bars in market.bars.groupby("ticker"):
        own = bars.drop(columns="ticker").dropna(subset=["close"])
        own.to_csv(places["given"] / f"{ticker}.csv", index=False)
        pence = own.assign(**own[prices] * 100, volume=own["volume"] / 1000)
        pence.rename(columns=theirs).to_csv(
            places["theirs"] / f"{ticker}.csv", index=False
        )
    units = {"columns": theirs, "price_unit": 0.01, "volume_unit": 1000}
    found = {}
    for name, block in (("given", {}), ("theirs", units)):
        root = tmp_path / f"from_{name}"
        asked = {"bars": str(places[name])} | block
        run_project(root, "ingestion", market="files", markets={"files": asked})
        found[name] = table(root, BARS)
        report = json.loads((root / "03_primary/ingestion_report.json").read_text())
        assert report["bars"]["n_rejected"] == 0
    assert found["given"]["ticker"].nunique() > 15
    pd.testing.assert_frame_equal(found["given"], found["theirs"], rtol=1e-12)
    assert np.isfinite(found["theirs"]["close"]).all()
