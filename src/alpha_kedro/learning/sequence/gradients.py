"""Integrated gradients: the part of an output that each value of a sequence has.

M. Sundararajan, A. Taly and Q. Yan (2017), "Axiomatic attribution for deep networks",
*ICML*. Along the straight line from a baseline to a sequence, the slope of the output
is added up; by the fundamental theorem of calculus the parts sum to what the output has
above the baseline's. The integral is a Gauss-Legendre sum, which for a smooth network
converges faster than any power of the number of its nodes.
"""

import logging
from typing import TYPE_CHECKING

import numpy as np

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.learning.sequence.network import Network, tensors
from alpha_kedro.learning.sequence.sequences import Sequences

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

FEWEST_NODES, MOST_NODES = 8, 256
TOLERANCE = 2e-5
_ROWS_AT_ONCE = 256


def integrated_gradients(network: Network, sequences: Sequences, rows: Int) -> Float:
    """Split the outputs of some rows among their inputs, summed over the sessions.

    The baseline is the centre of every feature on every session of the row's own
    sequence, which is also what a missing value counts as.

    Parameters
    ----------
    rows
        (n,) numbers of rows with a sequence.

    Returns
    -------
    (n, k + 1) float64
        One part for each scaled column, and last the output of the baseline. Nodes are
        doubled, up to 256, until a row's parts miss its output by less than 2e-5 of the
        sum of their sizes. A row that never gets there is NaN, and logged.
    """
    exact = network.in_float64()
    exact.layers.eval()
    parts = np.full((len(rows), len(sequences.scaling.sources) + 1), np.nan)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        here = slice(start, start + _ROWS_AT_ONCE)
        values, lengths = tensors(*sequences.gather(rows[here]))
        parts[here] = _parts_of(exact, values.double(), lengths)
    unsplit = int(np.isnan(parts).any(axis=1).sum())
    if unsplit:
        logger.warning("%d of %d scores could not be split", unsplit, len(rows))
    return parts


def _parts_of(network: Network, ends: "Tensor", counts: "Tensor") -> Float:
    parts = np.full((len(ends), ends.shape[2] + 1), np.nan)
    left, nodes = np.arange(len(ends)), FEWEST_NODES
    while len(left) and nodes <= MOST_NODES:
        tried = _summed(network, ends[left], counts[left], nodes)
        complete = _complete(tried, _said(network, ends[left], counts[left]))
        parts[left[complete]] = tried[complete]
        left, nodes = left[~complete], 2 * nodes
    return parts


def _complete(parts: Float, outputs: Float) -> Bool:
    gap = np.abs(parts.sum(axis=1) - outputs)
    small: Bool = gap <= TOLERANCE * np.abs(parts).sum(axis=1)
    return small


def _summed(network: Network, ends: "Tensor", counts: "Tensor", nodes: int) -> Float:
    """Return the parts and the output of the baseline, with a number of nodes."""
    import torch

    places, weights = np.polynomial.legendre.leggauss(nodes)
    slopes = torch.zeros_like(ends)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        point = (ends * place).requires_grad_()
        (slope,) = torch.autograd.grad(network(point, counts).sum(), point)
        slopes += weight * slope
    parts = (slopes * ends).sum(dim=1).numpy()
    baseline = _said(network, torch.zeros_like(ends), counts)
    return np.column_stack([parts, baseline])


def _said(network: Network, values: "Tensor", counts: "Tensor") -> Float:
    import torch

    with torch.no_grad():
        return network(values, counts).numpy()
