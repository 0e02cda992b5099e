"""What the splitters read of the rows they are given, as scikit-learn hands them on."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from alpha_kedro.core.errors import ConfigError

if TYPE_CHECKING:
    from sklearn.utils.metadata_routing import MetadataRequest

_DATED = ["date", "label_end"]


def dated_rows(X: Any, groups: Any) -> pd.DataFrame:
    """Return ``date`` and ``label_end`` of the rows from ``groups``, else ``X``.

    Raises
    ------
    ConfigError
        ``AK-C030`` when neither has these columns, ``AK-C036`` when ``groups`` has not
        one row for each row of ``X``.
    """
    for table in (groups, X):
        if isinstance(table, pd.DataFrame) and {*_DATED} <= {*table.columns}:
            _refuse_unaligned(table, X)
            return table[_DATED]
    raise ConfigError(
        "AK-C030",
        "rows without dates cannot be split in time",
        wanted="a table with the columns date and label_end",
        fix="pass it as groups=, one row for each row of X",
    )


def groups_requested(splitter: object) -> "MetadataRequest":
    """Say to scikit-learn, where it routes metadata, that a splitter reads ``groups``.

    Needed only under ``sklearn.set_config(enable_metadata_routing=True)``.
    """
    from sklearn.utils.metadata_routing import MetadataRequest

    request = MetadataRequest(owner=splitter)
    request.split.add_request(param="groups", alias=True)
    return request


def _refuse_unaligned(table: pd.DataFrame, X: Any) -> None:
    if X is None:
        return
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if n_rows != len(table):
        raise ConfigError(
            "AK-C036",
            "groups and X are not the same rows",
            got=f"{len(table)} rows of groups, {n_rows} rows of X",
            wanted="one row of groups for each row of X, in the same order",
        )
