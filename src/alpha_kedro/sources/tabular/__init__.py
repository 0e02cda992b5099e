"""Markets that come as tables: in files, or in a database.

`files` and `sql` find the tables; `naming` matches their columns to ours, `typed` reads
what stands in them, `symbols` says whom a symbol meant, and `assembly` makes a market
of it all.
"""

from alpha_kedro.sources.tabular.assembly import assemble_market
from alpha_kedro.sources.tabular.files import FilesMarketSpec, file_tables
from alpha_kedro.sources.tabular.sql import SqlMarketSpec, sql_tables

__all__ = [
    "FilesMarketSpec",
    "SqlMarketSpec",
    "assemble_market",
    "file_tables",
    "sql_tables",
]
