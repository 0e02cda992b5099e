"""A credential is loaded, and shown to nobody."""

import logging

import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from alpha_kedro.datasets import DatabaseDataset

CANARY = "canary-81c2"
URL = f"postgresql://u:{CANARY}@host/market"


def test_the_url_is_loaded_as_a_secret(caplog):
    with caplog.at_level(logging.DEBUG):
        catalog = DataCatalog.from_config(
            {
                "market_database": {
                    "type": "alpha_kedro.datasets.DatabaseDataset",
                    "credentials": "market_database",
                }
            },
            credentials={"market_database": {"url": URL}},
        )
        secret = catalog.load("market_database")
    assert secret.get_secret_value() == URL
    dataset = catalog.get("market_database")
    shown = [caplog.text, str(dataset), repr(dataset), repr(secret), f"{secret}"]
    shown += [str(dataset._describe()), repr(catalog)]
    assert [text for text in shown if CANARY in text] == []


@pytest.mark.parametrize("credentials", [None, {}])
def test_without_a_url_there_is_none(credentials):
    dataset = DatabaseDataset(credentials=credentials)
    assert dataset.load() is None
    assert dataset.exists()


def test_credentials_are_not_saved():
    with pytest.raises(DatasetError, match="by hand"):
        DatabaseDataset().save("x")
