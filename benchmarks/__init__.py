"""The project timed against its peers, on equal results: ``python -m benchmarks``."""
