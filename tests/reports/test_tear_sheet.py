"""The page: self-contained, escaped, readable without scripts, whatever is missing."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from alpha_kedro.measures import Evidence, measure_strategies
from alpha_kedro.reports import headline_table, write_report
from alpha_kedro.reports.tables import Table, as_text, ingestion_table, note_table
from tests.reports.toy_runs import (
    MANIFEST,
    SPEC,
    draw_ingestion,
    draw_ledgers,
    draw_run,
)

VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes, text outside scripts, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        else:
            self.words += data


def requests(html: str) -> list[str]:
    """Return what a browser would fetch or follow to the network."""
    outside = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
    links = [value for _, _, value in Page(html).attributes if outside.match(value)]
    return links + re.findall(r"https?://|@import|url\(", html)


def write(run) -> str:
    return write_report(run.evidence, **run.arguments())


@pytest.fixture(scope="module")
def html(run) -> str:
    return write(run)


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_the_page_asks_the_network_for_nothing(html, page):
    assert requests(html) == []
    policies = [value for _, name, value in page.attributes if name == "content"]
    assert any("default-src 'none'" in policy for policy in policies)


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://example.org/a.png">',
        "<script src=//example.org/a.js></script>",
        "<style>@import 'a.css'</style>",
        "<style>b { background: url(a.png) }</style>",
    ],
)
def test_a_planted_request_is_seen(html, planted):
    assert requests(html.replace("</main>", planted + "</main>"))


def test_the_page_is_well_formed_and_small_enough_to_send(html, page):
    assert page.open == []
    assert len(html) < 8_000_000


def test_plotly_is_packed_inside_once(page):
    from plotly.offline import get_plotlyjs

    packed = max(page.scripts, key=len)
    assert gzip.decompress(base64.b64decode(packed)).decode() == get_plotlyjs()


def test_every_chart_of_the_page_has_its_drawing_its_words_and_its_data(page):
    payload = json.loads(page.scripts[0])
    holders = [value for _, name, value in page.attributes if name == "data-chart"]
    assert sorted(holders) == sorted(payload["charts"])
    labels = [value for tag, name, value in page.attributes if name == "aria-label"]
    assert len(labels) >= len(holders)
    files = [value for tag, name, value in page.attributes if name == "download"]
    assert sorted(files) == sorted(f"{key}.csv" for key in holders)
    assert set(payload["themes"]) == {"light", "dark"}


def test_a_csv_holds_the_data_of_its_chart(run, page):
    links = [value for _, name, value in page.attributes if name == "href"]
    equity = next(link for link in links if link.startswith("data:text/csv"))
    lines = base64.b64decode(equity.split(",")[1]).decode().splitlines()
    assert lines[0] == "date,net,gross,benchmark"
    assert len(lines) == 751
    assert lines[1].startswith("2018-01-05,")


def test_without_scripts_the_summary_the_tables_and_three_figures_remain(run, page):
    images = [value for _, name, value in page.attributes if name == "src"]
    assert len(images) == 3
    assert all(image.startswith("data:image/png;base64,") for image in images)
    assert page.words.count("Net Sharpe") >= 2
    for name in (*run.evidence.models, *run.evidence.strategies):
        assert name in page.words


def test_the_page_leads_with_the_verdict_and_ends_with_the_manifest(page):
    words = page.words
    assert words.index("quintiles earned") < words.index("the headline strategy")
    for value in ("0123456789abcdef", "20240101", "bbbb"):
        assert value in words[words.index("Where this came from") :]
    assert "does not promise" in words


def test_the_same_inputs_give_the_same_page(run, html):
    assert write(run) == html


def test_names_from_data_are_escaped_everywhere():
    evil = "<script>alert(1)</script>"
    run = draw_run(models=(evil, f"{evil}2"), strategies=(f"s@{evil}",), n_weeks=60)
    told = run.fit_choices["choice"].replace(
        {
            "weight_a": f"weight_{evil}",
            "rounds": evil,
            "regime_0_spell": f"regime_0_{evil}",
        }
    )
    run.fit_choices["choice"] = told.replace("tuned.alpha", f"tuned.{evil}")
    run.fit_choices.loc[run.fit_choices["text"] != "", "text"] = evil
    run.contributions.loc[:, "ticker"] = evil
    run.contributions["feature"] = run.contributions["feature"].replace(
        "feature_00", evil
    )
    run.feature_choices["family"] = evil
    run.feature_choices["feature"] = run.feature_choices["feature"] + evil
    run.fit_ledger["skipped"] = evil
    run.ingestion_report["bars"]["excluded_tickers"] = [evil]
    html = write(run.but(manifest=MANIFEST | {"env": evil}))
    assert evil not in html
    assert "<script>alert" not in html
    page = Page(html)
    assert page.open == []
    assert len(page.scripts) == 3


def test_banners_stand_before_the_numbers():
    run = draw_run(n_weeks=60).but(
        manifest=MANIFEST | {"market": "simulated"},
        ingestion_report=draw_ingestion(dated=False),
    )
    words = Page(write(run)).words
    assert words.index("Simulated market") < words.index("Net Sharpe")
    assert words.index("Undated universe") < words.index("Net Sharpe")
    assert "no dated membership was given" in words


def test_a_run_with_next_to_nothing_still_has_a_page():
    run = draw_run(models=("m",), strategies=("s",), n_weeks=12, with_benchmark=False)
    bare = run.but(
        contributions=run.contributions.iloc[:0],
        feature_choices=run.feature_choices.iloc[:0],
        fit_choices=run.fit_choices.iloc[:0],
        fit_ledger=run.fit_ledger.iloc[:0],
        backtest_notes={},
        ingestion_report=draw_ingestion(dated=False),
    )
    words = Page(write(bare)).words
    assert "m has no contributions" in words
    assert "What was chosen" not in words
    assert "What the fits chose" not in words
    assert "What tuning bought" not in words
    assert "Models side by side" not in words
    assert "252 sessions needed" in words
    assert "no benchmark" in words


def test_numbers_that_are_not_available_are_shown_with_their_reasons():
    ledger, _ = draw_ledgers(("flat",), n_sessions=60)
    columns = ["gross_return", "cost", "net_return", "turnover"]
    flat = ledger.assign(**dict.fromkeys(columns, 0.0), nav=1.0)
    run = draw_run(models=("m",), strategies=("s",), n_weeks=12)
    scores = run.evidence.models
    strategies = measure_strategies(flat, None, spec=SPEC, trials=1, seed=0)
    evidence = Evidence(scores, strategies, "flat", "m", run.evidence.sample, trials=1)
    words = Page(write(run.but(evidence=evidence))).words
    assert "n/a" in words
    assert "strategies.flat.net.sharpe" in words
    assert "zero volatility" in words
    assert "nothing was traded" in words


def test_a_model_that_ranked_nothing_still_has_a_page():
    run = draw_run(models=("m",), strategies=("s",), n_weeks=12)
    model = run.evidence.models["m"]
    model.ic.loc[:, ["rank_ic", "ic"]] = np.nan
    for name in ("rank_ic", "rank_ic_se", "rank_ic_t", "n_names"):
        model.summary[name] = float("nan")
    model.summary["by_year"] = {}
    assert "fewer than two coefficients" in Page(write(run)).words


def test_the_terminal_table_lines_up_and_marks_the_headline(run):
    text = headline_table(run.summary)
    lines = text.splitlines()
    assert lines[0].split() == [
        "Model",
        "Rank",
        "IC",
        "t",
        "(HAC)",
        "ICIR",
        "a",
        "year",
    ]
    facts = run.evidence.models["lightgbm"].summary
    assert f"{facts['rank_ic']:.4f}" in text
    marked = [line for line in lines if line.startswith("*")]
    assert len(marked) == 1
    assert marked[0].split()[1] == "quintiles"
    low, high = run.evidence.strategies["quintiles"].summary["net"]["sharpe_ci95"]
    assert f"[{low:.2f}, {high:.2f}]" in marked[0]


def test_notes_are_one_row_per_strategy_and_one_column_per_kind():
    table = note_table({"a": {"unfilled": 1200}, "b": {"small_group": 3}})
    assert table.header == ("Strategy", "small group", "unfilled")
    assert table.rows == (("a", "0", "1,200"), ("b", "3", "0"))


def test_long_lists_of_the_ingestion_report_become_one_line():
    rows = ingestion_table(draw_ingestion()).rows
    assert ("bars", "by reason: duplicate", "100") in rows
    listed = "39: T001 1, T002 2, T003 3, T004 4, T005 5 (+34 more)"
    assert ("bars", "missing by ticker", listed) in rows


def test_a_count_whose_names_are_listed_is_shown_once():
    report = {"sectors": {"n_unknown": 2, "unknown": ["AA", "BB"], "n_tickers": 9}}
    rows = ingestion_table(report).rows
    assert rows == (("sectors", "unknown", "2: AA, BB"), ("sectors", "tickers", "9"))


def test_a_table_aligns_words_left_and_numbers_right():
    table = Table(("Name", "N"), (("a", "1"), ("long name", "1,000")))
    assert as_text(table).splitlines() == [
        "Name           N",
        "---------  -----",
        "a              1",
        "long name  1,000",
    ]
