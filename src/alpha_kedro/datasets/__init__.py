"""Kedro datasets: atomic writes, verified reads, and folders that have a name."""

from alpha_kedro.datasets.database import DatabaseDataset
from alpha_kedro.datasets.files import (
    FigureDataset,
    FolderDataset,
    JsonDataset,
    ParquetDataset,
    StoredTableDataset,
    TextDataset,
)

__all__ = [
    "DatabaseDataset",
    "FigureDataset",
    "FolderDataset",
    "JsonDataset",
    "ParquetDataset",
    "StoredTableDataset",
    "TextDataset",
]
