"""Kedro datasets: atomic writes, verified reads, and folders that have a name."""

from alpha_kedro.datasets.files import (
    FigureDataset,
    FolderDataset,
    JsonDataset,
    ParquetDataset,
    TextDataset,
)

__all__ = [
    "FigureDataset",
    "FolderDataset",
    "JsonDataset",
    "ParquetDataset",
    "TextDataset",
]
