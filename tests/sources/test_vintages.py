"""A market that was loaded once can be loaded again, as it came."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.files import write_parquet
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.sources.vintages import (
    forget_vintages,
    keep_vintage,
    load_vintage,
)
from alpha_kedro.sources.vintages.records import find_vintage, list_vintages

NOW = datetime(2024, 3, 8, 22, 0, tzinfo=UTC)
FACTS = {"market": "sp500", "kind": "files", "basis": "raw", "asked": "on a friday"}


def make_bars(close=10.0, n_days=4):
    days = pd.date_range("2024-01-02", periods=n_days, unit="us")
    quotes = dict.fromkeys(("open", "high", "low", "close"), close)
    parts = [
        pd.DataFrame(
            {"date": days, "ticker": name, **quotes, "adj_close": np.nan, "volume": 1.0}
        )
        for name in ("AA", "BB", "NA")
    ]
    return pd.concat(parts, ignore_index=True)


class Raw:
    """The raw folder of a data root, written anew by every run."""

    def __init__(self, root):
        self.root, self.folder = root, root / "vintages"
        self.hours = 0

    def keep(self, close, *, hour=None, facts=FACTS, **others):
        write_parts(self.root / "bars.parquet", [make_bars(close)])
        paths = {"bars": self.root / "bars.parquet"}
        for name, table in others.items():
            paths[name] = self.root / f"{name}.parquet"
            write_parquet(paths[name], table)
        self.hours += 1
        now = NOW + timedelta(hours=self.hours if hour is None else hour)
        return keep_vintage(self.folder, paths, facts, now=now)


@pytest.fixture
def raw(tmp_path):
    return Raw(tmp_path)


def test_a_vintage_gives_back_what_was_kept(raw):
    members = pd.DataFrame(
        {"ticker": ["AA"], "start": [pd.NaT], "end": [pd.NaT], "price_ticker": ["AA"]}
    ).astype({"start": "datetime64[us]", "end": "datetime64[us]"})
    nothing = pd.DataFrame({"date": [], "ticker": []})
    record = raw.keep(10.0, membership=members, actions=nothing, facts=FACTS)
    assert record["n_rows"] == {"bars": 12, "membership": 1}
    market = load_vintage(raw.folder, record["id"])
    pd.testing.assert_frame_equal(market.bars, make_bars(), check_exact=True)
    pd.testing.assert_frame_equal(market.bars, make_bars(), check_exact=True)
    pd.testing.assert_frame_equal(market.membership, members)
    assert market.basis == "raw"
    assert market.actions is None
    assert market.sectors is None
    assert market.facts == {"asked": "on a friday", "vintage": record["id"]}


def test_the_record_says_where_it_comes_from(raw):
    record = raw.keep(10.0, facts=FACTS | {"fetched_at": "2024-03-08T21:00:00Z"})
    assert record["id"] == f"20240308T230000Z-{record['content_hash'][:12]}"
    assert record["recorded_at"] == "2024-03-08T23:00:00.000+00:00"
    assert record["fetched_at"] == "2024-03-08T21:00:00Z"
    assert record["parent"] is None
    written = json.loads((raw.folder / record["id"] / "vintage.json").read_bytes())
    assert {key: written[key] for key in record} == record
    assert raw.keep(11.0)["parent"] == record["id"]


def test_the_next_run_replaces_the_raw_file_and_the_vintage_stays(raw):
    first = raw.keep(10.0)
    kept = raw.folder / first["id"] / "bars.parquet"
    assert kept.samefile(raw.root / "bars.parquet")
    raw.keep(11.0)
    assert not kept.samefile(raw.root / "bars.parquet")
    assert load_vintage(raw.folder, first["id"]).bars["close"].eq(10.0).all()


def test_files_are_copied_where_the_file_system_cannot_link(raw, monkeypatch):
    def no_link(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    record = raw.keep(10.0)
    kept = raw.folder / record["id"] / "bars.parquet"
    assert not kept.samefile(raw.root / "bars.parquet")
    assert len(load_vintage(raw.folder, "latest").bars) == 12


def test_the_same_content_is_kept_once_and_confirmed(raw):
    first, again = raw.keep(10.0), raw.keep(10.0)
    assert again["id"] == first["id"]
    assert again["recorded_at"] == first["recorded_at"] < again["confirmed_at"]
    assert [one["id"] for one in list_vintages(raw.folder)] == [first["id"]]


def test_a_source_that_returns_to_what_it_said_before_makes_that_the_latest(raw):
    first, second = raw.keep(10.0), raw.keep(11.0)
    assert raw.keep(10.0)["id"] == first["id"]
    assert find_vintage(raw.folder, "latest")["id"] == first["id"]
    assert find_vintage(raw.folder, "previous")["id"] == second["id"]


@pytest.mark.parametrize(
    "other", [{"basis": "split_adjusted"}, {"market": "other"}, {"kind": "yahoo"}]
)
def test_the_same_numbers_that_mean_something_else_are_another_vintage(raw, other):
    assert raw.keep(10.0)["id"] != raw.keep(10.0, facts=FACTS | other)["id"]
    assert len(list_vintages(raw.folder)) == 2


def test_what_the_source_says_of_itself_makes_no_other_vintage(raw):
    said = FACTS | {"asked": "on a monday", "fetched_at": "2024-03-11"}
    assert raw.keep(10.0)["id"] == raw.keep(10.0, facts=said)["id"]


def test_vintages_are_named_by_id_beginning_and_word(raw):
    kept = [raw.keep(close) for close in (10.0, 11.0, 12.0)]
    ids = [one["id"] for one in kept]
    assert find_vintage(raw.folder, "latest")["id"] == ids[2]
    assert find_vintage(raw.folder, "previous")["id"] == ids[1]
    assert find_vintage(raw.folder, ids[0])["id"] == ids[0]
    assert find_vintage(raw.folder, ids[0][:12])["id"] == ids[0]


@pytest.mark.parametrize(
    ("name", "got", "wanted"),
    [
        ("2024", "20240308T230000Z", "20240309T000000Z"),
        ("20240308T230000Z-000000000000", "None", "take '20240308T230000Z-"),
        ("lates", "None", "kedro data vintages"),
        ("", "None", "20240309T000000Z"),
    ],
)
def test_a_name_that_is_not_one_vintage_is_refused_with_those_there_are(
    raw, name, got, wanted
):
    raw.keep(10.0)
    raw.keep(11.0)
    with pytest.raises(ConfigError) as caught:
        find_vintage(raw.folder, name)
    assert caught.value.code == "AK-C080"
    assert got in str(caught.value.got)
    assert wanted in str(caught.value)


def test_where_nothing_is_kept_the_error_says_so(tmp_path):
    assert list_vintages(tmp_path / "nowhere") == []
    for word in ("latest", "previous"):
        with pytest.raises(ConfigError, match="none is kept here yet"):
            load_vintage(tmp_path / "nowhere", word)


def test_markets_side_by_side_have_lines_of_their_own(raw):
    mine = [raw.keep(close)["id"] for close in (1.0, 2.0)]
    others = [raw.keep(close, facts=FACTS | {"market": "etf"}) for close in (3.0, 4.0)]
    assert others[0]["parent"] is None
    assert find_vintage(raw.folder, "previous")["id"] == others[0]["id"]
    of_mine = find_vintage(raw.folder, "previous", market="sp500")
    assert of_mine["id"] == mine[0]


def test_a_simulated_market_leaves_a_record_and_no_files(raw):
    facts = FACTS | {"kind": "simulated", "seed": 7}
    record = raw.keep(10.0, facts=facts)
    files = [path.name for path in (raw.folder / record["id"]).iterdir()]
    assert files == ["vintage.json"]
    assert record["facts"]["seed"] == 7
    with pytest.raises(ConfigError, match="AK-C081"):
        load_vintage(raw.folder, "latest")


def another_table(kept):
    write_parts(kept, [make_bars(99.0)])


def one_row_less(kept):
    write_parts(kept, [make_bars().iloc[:-1]])


@pytest.mark.parametrize("harm", [another_table, one_row_less, os.unlink])
def test_a_table_that_is_not_the_one_that_was_kept_is_refused(raw, harm):
    record = raw.keep(10.0)
    harm(raw.folder / record["id"] / "bars.parquet")
    with pytest.raises(DataError, match="AK-D082") as caught:
        load_vintage(raw.folder, "latest")
    assert record["id"] in str(caught.value.where)


def test_a_raw_file_written_in_place_harms_the_link_and_is_noticed(raw):
    raw.keep(10.0)
    make_bars(99.0).to_parquet(raw.root / "bars.parquet")
    with pytest.raises(DataError, match="AK-D082"):
        load_vintage(raw.folder, "latest")


def test_any_flipped_bit_of_a_record_is_refused_or_changes_nothing(raw):
    record = raw.keep(10.0)
    path = raw.folder / record["id"] / "vintage.json"
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            assert list_vintages(raw.folder) == [record]
        except DataError:
            refused += 1
    assert refused > 0.7 * len(whole)


def test_half_a_vintage_is_no_vintage_and_is_swept(raw):
    record = raw.keep(10.0)
    half = raw.folder / f".{record['id']}.3.999999999.partial"
    shutil.copytree(raw.folder / record["id"], half)
    assert len(list_vintages(raw.folder)) == 1
    raw.keep(10.0)
    assert [path.name for path in raw.folder.iterdir()] == [record["id"]]


def test_forgetting_keeps_the_last_of_every_market_and_says_what_went(raw):
    mine = [raw.keep(close)["id"] for close in (1.0, 2.0, 3.0)]
    other = raw.keep(4.0, facts=FACTS | {"market": "etf"}, hour=0)
    assert [one["id"] for one in forget_vintages(raw.folder, keep=2)] == mine[:1]
    left = {one["id"] for one in list_vintages(raw.folder)}
    assert left == {*mine[1:], other["id"]}
    assert {path.name for path in raw.folder.iterdir()} == left
    assert forget_vintages(raw.folder, keep=2) == []
    assert len(forget_vintages(raw.folder, keep=0)) == 1
    assert load_vintage(raw.folder, "latest").bars["close"].eq(3.0).all()


def test_a_vintage_that_is_forgotten_while_it_is_read_is_read_to_its_end(raw):
    raw.keep(1.0)
    market = load_vintage(raw.folder, "latest")
    raw.keep(2.0)
    forget_vintages(raw.folder, keep=1)
    assert market.bars["close"].eq(1.0).all()


def test_the_hash_is_of_the_content_and_not_of_the_file(raw):
    first = raw.keep(10.0)
    parts = [make_bars().iloc[start : start + 5] for start in range(0, 12, 5)]
    paths = {"bars": raw.root / "bars.parquet"}
    write_parts(paths["bars"], parts)
    assert keep_vintage(raw.folder, paths, FACTS)["id"] == first["id"]
    make_bars().to_parquet(paths["bars"], row_group_size=2, compression="gzip")
    assert keep_vintage(raw.folder, paths, FACTS)["id"] == first["id"]
    swapped = make_bars().iloc[::-1]
    write_parts(paths["bars"], [swapped])
    assert keep_vintage(raw.folder, paths, FACTS)["id"] != first["id"]


def test_bars_stay_on_disk(raw):
    raw.keep(10.0)
    assert isinstance(load_vintage(raw.folder, "latest").parts.table, StoredTable)
