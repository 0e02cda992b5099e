"""The URL of a database, which is a credential and never a parameter."""

from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError
from pydantic import SecretStr


class DatabaseDataset(AbstractDataset[NoReturn, SecretStr | None]):
    """Where a market in SQL is; loads as a secret, or None when no URL is given.

    Parameters
    ----------
    credentials
        ``url: postgresql://user:password@host:5432/database``, or empty.
    """

    def __init__(
        self,
        *,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        url = (credentials or {}).get("url")
        self._url = None if url is None else SecretStr(str(url))
        self.metadata = metadata

    def load(self) -> SecretStr | None:
        """Return the URL; it shows itself as asterisks wherever it is printed."""
        return self._url

    def save(self, data: NoReturn) -> None:
        """Refuse: credentials are written by hand."""
        raise DatasetError("credentials are written by hand, not saved")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"url": "given" if self._url is not None else "none"}
