"""A network that has been taught: scores, their parts, the files it is stored in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.sequence.architecture import SequenceKind
from alpha_kedro.learning.sequence.arithmetic import arithmetic
from alpha_kedro.learning.sequence.gradients import integrated_gradients
from alpha_kedro.learning.sequence.network import Network
from alpha_kedro.learning.sequence.scaling import SequenceScaling
from alpha_kedro.learning.sequence.sequences import Places, Sequences

WEIGHTS_FILE, RECORD_FILE = "network.safetensors", "network.json"


@dataclass(frozen=True, eq=False)
class FittedSequenceModel:
    """A taught network; it reads the sessions before a row from the row's context.

    Attributes
    ----------
    features
        The p features of a row, found again in the history by name.
    dropped_features
        Those the network does not read, each with its reason.
    network
        Layers with weights, on the CPU.
    scaling
        Of the features that are read.
    centre, spread
        A score is ``centre + spread * output``.
    first
        First date of the training window; nothing before it is ever read.
    chosen
        Weights, epochs, and how good the best epoch was.
    """

    features: tuple[str, ...]
    dropped_features: Mapping[str, str]
    network: Network
    scaling: SequenceScaling
    centre: float
    spread: float
    first: np.datetime64
    chosen: Mapping[str, float | str]

    @property
    def kind(self) -> SequenceKind:
        """Return the name of the model kind."""
        return self.network.spec.kind

    @property
    def looks_back(self) -> int:
        """Return the sessions a score needs, the row's own included."""
        return self.network.spec.looks_back

    @property
    def read(self) -> tuple[str, ...]:
        """Return the features the network reads."""
        return tuple(
            name for name in self.features if name not in self.dropped_features
        )

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) scores; NaN where a sequence is shorter than ``min_length``.

        Computed in float32 on the CPU, with one thread, row by row: a row has the same
        bits alone and among others, in research and in daily use.

        Parameters
        ----------
        X
            (n, p) rows; the last step of each sequence.
        context
            Dates and names of the rows, with a history in the background.

        Raises
        ------
        ModelError
            ``AK-M100``, ``AK-M102`` to ``AK-M104``: see ``Places.of``.
        """
        sequences, rows = self._sequences(X, context)
        scores = np.full(len(X), np.nan)
        with arithmetic():
            outputs = self.network.outputs_one_by_one(sequences, rows)
        scores[rows] = self.centre + self.spread * outputs.astype(np.float64)
        return scores

    def contributions(self, X: Single, context: Context | None = None) -> Float:
        """Return (n, p + 1) parts of each score, summed over sessions, bias last.

        Integrated gradients from the centre of every feature. Features that are not
        read have no part. NaN for rows without a score, and for rows at which the
        network is too steep for parts that add up.
        """
        sequences, rows = self._sequences(X, context)
        places = {name: place for place, name in enumerate(self.features)}
        of_read = np.array([places[name] for name in self.read], dtype=np.int64)
        with arithmetic():
            inner = self.spread * integrated_gradients(self.network, sequences, rows)
        parts = np.full((len(X), len(self.features) + 1), np.nan)
        parts[rows] = 0.0
        for source, part in zip(self.scaling.sources, inner.T[:-1], strict=True):
            parts[rows, of_read[source]] += part
        parts[rows, -1] = self.centre + inner[:, -1]
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the weights as safetensors, and all the rest as JSON."""
        from safetensors.torch import save

        weights = dict(self.network.layers.state_dict())
        record = json.dumps(self._record(), allow_nan=False).encode()
        return {WEIGHTS_FILE: save(weights), RECORD_FILE: record}

    def _record(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "spec": json.loads(self.network.spec.model_dump_json()),
            "read": self.read,
            "scaling": self.scaling.model_dump(mode="json"),
            "centre": self.centre,
            "spread": self.spread,
            "first": str(self.first),
            "chosen": dict(self.chosen),
        }

    def _sequences(self, X: Single, context: Context | None) -> tuple[Sequences, Int]:
        """Return the sequences of all rows, and which are long enough to score."""
        spec = self.network.spec
        columns = [self.features.index(name) for name in self.read]
        places = Places.of(
            X[:, columns],
            context,
            kind=spec.kind,
            features=self.read,
            looks_back=spec.looks_back,
            first=self.first,
        )
        enough = np.flatnonzero(places.lengths >= spec.min_length)
        return Sequences(places, self.scaling, spec.offsets), enough
