"""What stands in PostgreSQL comes out as it would from files, or says why not."""

import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pydantic import SecretStr

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.sources import FilesMarketSpec, SqlMarketSpec, load_market
from tests.market.quotes import SESSIONS, make_quotes

COLUMNS = (
    "date date, ticker text, open float8, high float8, low float8, close float8, "
    "volume bigint, adj_close float8"
)


def fill(server, name, table, columns=COLUMNS):
    """Make a table anew and copy rows into it; missing values become NULL."""
    with server.connected() as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
        connection.execute(f"CREATE TABLE {name} ({columns})")
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row in table.astype(object).itertuples(index=False):
                copy.write_row([None if pd.isna(value) else value for value in row])


def load(server, url=None, **block):
    spec = SqlMarketSpec.parse(block, "markets.sql")
    secret = SecretStr(server.url() if url is None else url)
    return load_market(spec, seed=0, database=secret)


def whole_volumes(quotes):
    return quotes.astype({"volume": "int64"})


def by_name(bars):
    return bars.sort_values(["ticker", "date"], ignore_index=True)


def test_bars_are_those_of_files_bit_for_bit(postgres, tmp_path):
    quotes = make_quotes("ON", "NA", "NULL", "1E5", "0700", "BRK.B")
    quotes.loc[3, "open"] = np.nan
    quotes["adj_close"] = quotes["adj_close"].astype("float32").astype(float)
    types = COLUMNS.replace("adj_close float8", "adj_close real").replace(
        "close float8", "close numeric", 1
    )
    fill(postgres, "bars", whole_volumes(quotes), types)
    quotes.to_parquet(tmp_path / "bars.parquet")
    files = load_market(FilesMarketSpec(bars=str(tmp_path / "bars.parquet")), seed=0)
    bars = load(postgres, bars="bars", chunk_rows=33).bars
    pd.testing.assert_frame_equal(bars, by_name(files.bars), check_exact=True)


@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_the_size_of_parts_changes_nothing(postgres, rows):
    quotes = make_quotes("B", "A", "C")
    quotes.loc[:50, "adj_close"] = np.nan
    fill(postgres, "bars", whole_volumes(quotes))
    market = load(postgres, bars="bars", chunk_rows=rows)
    parts = list(market.parts())
    assert max(map(len, parts)) <= rows
    assert len({str(part.dtypes.to_dict()) for part in parts}) == 1
    once = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(once, by_name(quotes)[list(once)], check_exact=True)
    pd.testing.assert_frame_equal(market.bars, once, check_exact=True)


def test_rows_come_in_one_order_however_they_were_written(postgres):
    quotes = whole_volumes(make_quotes("a", "B", "C"))
    fill(postgres, "bars", quotes)
    first = load(postgres, bars="bars").bars
    fill(postgres, "bars", quotes.sample(frac=1, random_state=0))
    again = load(postgres, bars="bars").bars
    pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_values_of_sql_mean_what_they_say(postgres):
    columns = (
        "date date, ticker text, open {0}, high {0}, low {0}, close {0}, volume {0}"
    )
    day = date(2024, 3, 8)
    rows = [(day, "A", "NaN", "Infinity", "-1", "0.1", "123456789012")]
    rows += [(day, None, None, None, None, None, None), (None, "A", *"12345")]
    table = pd.DataFrame(rows, columns=(*RAW_COLUMNS[:6], "volume"), dtype=object)
    for kind in ("numeric", "float8"):
        fill(postgres, "odd", table, columns.format(kind))
        bars = load(postgres, bars="odd").bars
        assert len(bars) == 3
        first = bars[bars["ticker"].eq("A") & bars["date"].notna()].iloc[0]
        assert np.isnan(first["open"])
        assert first["high"] == np.inf
        assert list(first[["low", "close", "volume"]]) == [-1.0, 0.1, 123456789012.0]
        assert bars["ticker"].isna().sum() == 1
        assert bars["date"].isna().sum() == 1
        assert bars["adj_close"].isna().all()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_instants_are_read_on_the_clock_of_the_exchange(postgres, zone):
    quotes = whole_volumes(make_quotes("A"))
    closing = (quotes["date"] + pd.Timedelta("16h")).dt.tz_localize("America/New_York")
    types = COLUMNS.replace("date date", "date timestamptz")
    fill(postgres, "instants", quotes.assign(date=closing), types)
    options = f"?options=-c%20timezone%3D{zone}"
    market = load(postgres, url=postgres.url(options=options), bars="instants")
    assert list(market.bars["date"]) == list(SESSIONS)
    some = load(
        postgres,
        bars="instants",
        start=str(SESSIONS[3])[:10],
        end=str(SESSIONS[9])[:10],
    )
    assert list(some.bars["date"]) == list(SESSIONS[3:10])


def test_only_asked_days_leave_the_server_and_undated_rows_are_kept(postgres):
    quotes = whole_volumes(make_quotes("A", "B")).astype({"date": object})
    quotes.loc[1, "date"] = None
    fill(postgres, "bars", quotes)
    first, last = (str(SESSIONS[at])[:10] for at in (4, 9))
    market = load(postgres, bars="bars", start=first, end=last, benchmarks="bars")
    for bars in (market.bars, market.benchmarks):
        assert set(bars["date"].dropna()) == set(SESSIONS[4:10])
        assert len(bars) == 2 * 6 + 1


def test_every_table_of_a_market_is_read(postgres):
    fill(postgres, "bars", whole_volumes(make_quotes("A", "OLD")))
    fill(postgres, "spy", whole_volumes(make_quotes("SPY")))
    with postgres.connected() as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS reference")
        connection.execute("GRANT USAGE ON SCHEMA reference TO researcher")
        for statement in (
            "members AS SELECT 'A' AS ticker, date '2020-01-02' AS start,"
            " NULL::date AS end",
            "sectors AS SELECT 'A' AS ticker, 'Tech' AS sector",
            "actions AS SELECT date '2023-01-09' AS date, 'OLD' AS ticker,"
            " 0.5 AS dividend, NULL::numeric AS split_ratio",
            "reports AS SELECT 'A' AS ticker, date '2023-01-09' AS known_date,"
            " date '2022-12-31' AS end_date, 1.5::numeric AS revenues, '10-K' AS kind",
            "moods AS SELECT date '2023-01-09' AS date, 'A' AS ticker, 3 AS n_tweets",
            "symbols AS SELECT 'OLD' AS symbol, NULL::date AS start,"
            " NULL::date AS end, 'NEW' AS ticker",
        ):
            connection.execute(f"CREATE TABLE reference.{statement}")
    market = load(
        postgres,
        bars="public.bars",
        benchmarks="spy",
        membership="reference.members",
        sectors="reference.sectors",
        actions="reference.actions",
        fundamentals="reference.reports",
        sentiment="reference.moods",
        symbols="reference.symbols",
    )
    assert set(market.bars["ticker"]) == {"A", "NEW"}
    assert set(market.benchmarks["ticker"]) == {"SPY"}
    assert market.membership.loc[0, "end"] is pd.NaT
    assert dict(market.sectors.itertuples(index=False)) == {"A": "Tech"}
    action = market.actions.iloc[0]
    assert (action["ticker"], action["dividend"]) == ("NEW", 0.5)
    assert action["split_ratio"] == 1.0
    assert market.fundamentals.loc[0, "revenues"] == 1.5
    assert market.fundamentals.loc[0, "kind"] == "10-K"
    assert market.sentiment.loc[0, "n_tweets"] == 3


def test_groups_in_the_bars_are_asked_for_once_each(postgres):
    quotes = whole_volumes(make_quotes("A", "B"))
    quotes["Asset Class"] = np.where(quotes["ticker"] == "A", "rates", "credit")
    fill(postgres, "grouped", quotes, COLUMNS + ', "Asset Class" text')
    sectors = load(postgres, bars="grouped", group_column="asset_class").sectors
    assert dict(sectors.itertuples(index=False)) == {"A": "rates", "B": "credit"}


def test_a_ticker_in_two_tables_is_refused(postgres):
    fill(postgres, "bars", whole_volumes(make_quotes("A", "B")))
    fill(postgres, "gone", whole_volumes(make_quotes("B")))
    with pytest.raises(DataError, match="AK-D020"):
        load(postgres, bars="bars", delisted="gone")


def test_all_tables_are_of_one_moment(postgres):
    fill(postgres, "bars", whole_volumes(make_quotes("A")))
    market = load(postgres, bars="bars", chunk_rows=10)
    parts = market.parts()
    next(parts)
    with postgres.connected() as connection:
        connection.execute("UPDATE bars SET close = 0")
        connection.execute("DELETE FROM bars WHERE date > '2023-02-01'")
    assert sum(map(len, parts)) == len(SESSIONS) - 10
    assert (market.bars["close"] > 0).all()
    assert (load(postgres, bars="bars").bars["close"] == 0).all()


def test_nothing_can_be_written(postgres):
    fill(postgres, "bars", whole_volumes(make_quotes("A")))
    with postgres.connected() as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION sneak() RETURNS float8 LANGUAGE plpgsql AS"
            " 'BEGIN DELETE FROM bars; RETURN 1; END'"
        )
        connection.execute("GRANT DELETE ON bars TO researcher")
        connection.execute(
            "CREATE OR REPLACE VIEW sly AS SELECT date, ticker, sneak() AS open, high,"
            " low, close, volume FROM bars"
        )
    with pytest.raises(DataError, match=r"(?s)AK-D069.*read-only transaction"):
        _ = load(postgres, bars="sly").bars
    assert len(load(postgres, bars="bars").bars) == len(SESSIONS)


HOSTILE = ['x"; DROP TABLE bars; --', "close%s", "%(date)s :start", "a'b", "Ünïcode \\"]


@pytest.mark.parametrize("name", HOSTILE)
def test_odd_names_are_names_and_never_sql(postgres, name):
    quoted = '"' + name.replace('"', '""') + '"'
    fill(postgres, "bars", whole_volumes(make_quotes("A")))
    for key in ("bars", "sectors"):
        with pytest.raises((DataError, ConfigError), match=r"AK-D068|AK-C064"):
            load(postgres, **({"bars": "bars"} | {key: name.replace(".", "")}))
    with pytest.raises(DataError, match="AK-D060"):
        load(postgres, bars="bars", columns={"close": name})
    types = COLUMNS.replace(" close float8", f" {quoted} float8")
    table = '"' + name.replace('"', '""').replace(".", "") + '"'
    fill(postgres, table, whole_volumes(make_quotes("B")), types)
    odd = load(postgres, bars=name.replace(".", ""), columns={"close": name}).bars
    np.testing.assert_array_equal(odd["close"], make_quotes("B")["close"])
    assert len(load(postgres, bars="bars").bars) == len(SESSIONS)


@pytest.mark.parametrize("name", ["", "a.b.c", ".bars", "public."])
def test_a_name_that_is_not_one_table_is_refused(postgres, name):
    with pytest.raises(ConfigError, match=r"(?s)AK-C064.*markets\.sql\.bars"):
        load(postgres, bars=name)


def test_an_absent_table_or_column_is_named(postgres):
    fill(postgres, "bars", whole_volumes(make_quotes("A")))
    with pytest.raises(DataError, match=r"(?s)AK-D068.*nowhere.*markets\.sql\.bars"):
        load(postgres, bars="nowhere")
    with pytest.raises(DataError, match="AK-D068"):
        load(postgres, bars="other.bars")
    with pytest.raises(DataError, match=r"(?s)AK-D060.*markets\.sql.*columns:"):
        load(postgres, bars="bars", columns={"close": "settle"})
    with pytest.raises(ConfigError, match=r"(?s)AK-C015.*markets\.sql\.bars"):
        load(postgres)


def test_a_table_one_may_not_read_says_so(postgres):
    fill(postgres, "secret_bars", whole_volumes(make_quotes("A")))
    with postgres.connected() as connection:
        connection.execute("REVOKE ALL ON secret_bars FROM researcher")
    with pytest.raises(DataError, match=r"(?s)AK-D069.*permission denied.*grant"):
        _ = load(postgres, bars="secret_bars").bars


def test_a_timeout_says_what_to_raise(postgres):
    with postgres.connected() as connection:
        connection.execute(
            "CREATE OR REPLACE VIEW slow AS SELECT date '2024-03-08' AS date, 'A' AS"
            " ticker, 1.0 AS open, 1.0 AS high, 1.0 AS low, 1.0 AS close,"
            " 1.0 AS volume FROM pg_sleep(5)"
        )
    url = postgres.url(options="?options=-c%20statement_timeout%3D100")
    with pytest.raises(DataError, match=r"(?s)AK-D069.*statement_timeout"):
        _ = load(postgres, url=url, bars="slow").bars


def test_a_connection_killed_midway_leaves_the_last_good_file(postgres, tmp_path):
    quotes = whole_volumes(make_quotes("A", "B"))
    fill(postgres, "bars", quotes)
    kept = tmp_path / "bars.parquet"
    write_parts(kept, load(postgres, bars="bars").parts())
    good = kept.read_bytes()
    market = load(postgres, bars="bars", chunk_rows=10)

    def parts():
        for number, part in enumerate(market.parts()):
            yield part
            if number == 2:
                with postgres.connected() as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE usename = 'researcher'"
                    )

    with pytest.raises(DataError, match=r"(?s)AK-D069 reading bars broke off.*again"):
        write_parts(kept, parts())
    assert kept.read_bytes() == good
    assert [path.name for path in tmp_path.iterdir()] == ["bars.parquet"]
    assert len(StoredTable(kept)) == len(quotes)


READS = """
import sys
from pathlib import Path
from pydantic import SecretStr
from alpha_kedro.sources import SqlMarketSpec, load_market

def peak():
    # Not ru_maxrss: that of a fork begins with what its parent had.
    told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(told.split()[0]) / 1024

def read(**block):
    market = load_market(SqlMarketSpec(**block), seed=0, database=url)
    return sum(map(len, market.parts()))

url = SecretStr(sys.stdin.read())
read(bars="bars")
start = peak()
n_rows = read(bars="many", chunk_rows=10_000)
in_parts = peak() - start
read(bars="many", chunk_rows=n_rows)
print(n_rows, in_parts, peak() - start)
"""


def test_many_rows_pass_through_little_memory(postgres, full_size):
    """The peak of a process of its own, in parts and, to see the fault, at once."""
    n_rows = 1_000_000 if full_size else 200_000
    fill(postgres, "bars", whole_volumes(make_quotes("A")))
    with postgres.connected() as connection:
        connection.execute("DROP TABLE IF EXISTS many")
        connection.execute(
            "CREATE TABLE many AS SELECT date '2000-01-03' + n / 200 AS date,"
            " 'T' || n % 200 AS ticker, 1.0::float8 + n AS open, 2.0::float8 + n AS"
            " high, 1.0::float8 + n AS low, 1.5::float8 + n AS close, n AS volume"
            f" FROM generate_series(1, {n_rows}) AS n"
        )
    done = subprocess.run(
        [sys.executable, "-c", READS],
        input=postgres.url(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    counted, in_parts, at_once = map(float, done.stdout.split())
    print(f"{n_rows} rows: {in_parts:.0f} MB in parts, {at_once:.0f} MB at once")
    assert counted == n_rows
    assert in_parts < 25
    assert at_once > 2 * 25
