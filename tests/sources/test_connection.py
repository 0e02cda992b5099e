"""The URL of the database is a secret: no message, log or trace repeats it."""

import ast
import logging
import sys
import traceback

import pytest
from pydantic import SecretStr

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.sources import SqlMarketSpec, load_market
from alpha_kedro.sources.tabular.connection import parse_url
from tests.architecture.house import PROJECT, calls_in, tree_of
from tests.sources.postgres import PASSWORD

SOURCES = sorted((PROJECT / "src/alpha_kedro/sources").rglob("*.py"))
SPELT = {"text", "execute", "exec_driver_sql", "executemany", "scalar", "scalars"}


def load(url, **block):
    spec = SqlMarketSpec.parse({"bars": "nowhere"} | block, "markets.sql")
    return load_market(spec, seed=0, database=url and SecretStr(url))


def everything_said(error):
    """What a log, a debugger or a crash report could show of an error of ours."""
    seen, told = error, []
    while seen is not None:
        told += [str(seen), repr(seen), *map(str, vars(seen).values())]
        trace = seen.__traceback__
        while trace and "/tests/" in trace.tb_frame.f_code.co_filename:
            trace = trace.tb_next
        whole = traceback.TracebackException(
            type(seen), seen, trace, capture_locals=True
        )
        told += whole.format(chain=False)
        seen = seen.__cause__ or seen.__context__
    return "\n".join(told)


def test_without_a_url_the_block_to_write_is_shown():
    with pytest.raises(ConfigError, match="AK-C060") as caught:
        load(None)
    assert "conf/local/credentials.yml" in caught.value.fix
    assert "market_database:\n            url: postgresql://" in caught.value.fix


@pytest.mark.parametrize("library", ["sqlalchemy", "psycopg"])
def test_without_the_libraries_the_error_says_how_to_install_them(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=r"(?s)AK-C061.*alpha-kedro\[db\]"):
        load("postgresql://u:p@h/d")


@pytest.mark.parametrize(
    "url",
    [
        PASSWORD,
        f"postgresql://u:{PASSWORD}@host:port/market",
        f"postgresql://u:p@{PASSWORD}@host/market",
        f"sqlite:///{PASSWORD}.db",
        f"mysql://u:{PASSWORD}@host/market",
        f"postgresql+psycopg2://u:{PASSWORD}@host/market",
        f"postgresql://host/market?user=u&password={PASSWORD}",
        f"postgresql://u@host/market?sslpassword={PASSWORD}",
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(url):
    with pytest.raises(ConfigError, match="AK-C062") as caught:
        load(url)
    assert PASSWORD not in everything_said(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_spellings_of_a_url_are_understood(scheme):
    url = parse_url(SecretStr(f"{scheme}://u:p%40ss@h:1/d"))
    assert url.drivername == "postgresql+psycopg"
    assert url.password == "p@ss"


def faults(server):
    """Ways in which a database is out of reach, with the password in the URL."""
    url = server.url()
    return {
        "nobody answers": (url.replace(f":{server.port}/", ":1/"), "AK-D067"),
        "no such host": (url.replace("127.0.0.1", "no.invalid"), "AK-D067"),
        "wrong password": (server.url(password=f"{PASSWORD}-wrong"), "AK-D067"),
        "no such user": (server.url(user="nobody"), "AK-D067"),
        "no such database": (url.replace("/market", "/other"), "AK-D067"),
        "bad option": (server.url(options="?sslmode=perhaps"), "AK-D067"),
        "no such table": (url, "AK-D068"),
    }


NAMES = [
    *("nobody answers", "no such host", "wrong password", "no such user"),
    *("no such database", "bad option", "no such table"),
]


@pytest.mark.parametrize("name", NAMES)
def test_no_fault_repeats_the_password(postgres, caplog, capfd, name):
    url, code = faults(postgres)[name]
    with caplog.at_level(logging.DEBUG), pytest.raises(DataError, match=code) as caught:
        load(url)
    assert PASSWORD not in everything_said(caught.value)
    assert PASSWORD not in caplog.text
    printed = capfd.readouterr()
    assert PASSWORD not in printed.out + printed.err
    assert caught.value.__context__ is None
    assert "at" in str(caught.value.where) + caught.value.what


def test_the_canary_would_be_seen():
    """The search looks where drivers keep what they know."""
    error = ValueError("no route")
    assert PASSWORD not in everything_said(error)
    error.conninfo = {"password": PASSWORD}
    assert PASSWORD in everything_said(error)
    other = ValueError("other")
    other.__context__ = error
    assert PASSWORD in everything_said(other)
    with pytest.raises(ValueError, match="invalid") as caught:
        int(f"host:{PASSWORD}")
    assert PASSWORD in everything_said(caught.value)


def spelt(path):
    """Calls that hand SQL over which was put together from pieces of text."""
    named = {
        name.id: node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Assign)
        for name in node.targets
        if isinstance(name, ast.Name)
    }
    return [
        ast.unparse(call)
        for call in calls_in(path)
        if _called(call) in SPELT
        for given in [*call.args, *(word.value for word in call.keywords)]
        if any(_is_spelt(part) for part in ast.walk(named.get(_id(given), given)))
    ]


def _called(call):
    return getattr(call.func, "attr", None) or getattr(call.func, "id", "")


def _id(node):
    return getattr(node, "id", None)


def _is_spelt(node):
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return True
    return isinstance(node, ast.Call) and _called(node) in {"format", "join", "replace"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_sql_is_never_put_together_from_text(path):
    assert spelt(path) == []


@pytest.mark.parametrize(
    "source",
    [
        'text(f"SELECT {name}")',
        'connection.execute("SELECT %s" % name)',
        'connection.execute("SELECT {}".format(name))',
        'text("SELECT " + name)',
        'text(", ".join(names))',
        'query = f"SELECT {name}"\nconnection.execute(query)',
        'connection.exec_driver_sql(statement="SELECT " + name)',
    ],
)
def test_planted_sql_is_seen(tmp_path, source):
    path = tmp_path / "planted.py"
    path.write_text(source)
    assert spelt(path)
