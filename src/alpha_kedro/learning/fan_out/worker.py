"""What a worker of a cluster does: a task, and keeping what tasks share."""

from threading import Lock
from typing import Any

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.fan_out.handover import Handover, drop_copy, keep_copy
from alpha_kedro.learning.fan_out.one_thread import one_thread_each, one_thread_for_good
from alpha_kedro.learning.fan_out.processes import Function

_opened: dict[str, Any] = {}
_opening = Lock()


class NotHereError(Exception):
    """A worker came later, on a machine that cannot read what tasks share."""


def perform(function: Function, handover: Handover, code: str, task: Any) -> Any:
    """Do one task, in a thread of a worker.

    Libraries keep the number of their threads for each thread that calls them: it is
    set for each task.
    """
    if code:
        _require_code(code)
    try:
        shared = _at_hand(handover)
    except FileNotFoundError as error:
        raise NotHereError from error
    with one_thread_each():
        return function(shared, task)


def _require_code(code: str) -> None:
    from alpha_kedro.learning.fold_cache import code_digest

    if code_digest() != code:
        raise ModelError(
            "AK-M013",
            "a worker runs other code than this process: its numbers would be others",
            where=[_address()],
            fix="install the same alpha-kedro, libraries and Python there, and start "
            "the worker anew",
        )


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def _at_hand(handover: Handover) -> Any:
    """Return what tasks share; it is opened once, and takes the place of the last."""
    with _opening:
        if handover.digest not in _opened:
            one_thread_for_good()
            shared = handover.open()
            _opened.clear()
            _opened[handover.digest] = shared
        return _opened[handover.digest]


def has(handover: Handover) -> bool:
    """Return whether this worker can read what tasks share; from then on it has it."""
    try:
        _at_hand(handover)
    except FileNotFoundError:
        return False
    return True


def keep(handover: Handover, content: bytes) -> None:
    """Keep what tasks share for all workers of this machine."""
    keep_copy(handover, content)
    _at_hand(handover)


def forget(handover: Handover) -> None:
    """Give back the memory and the room on the disk."""
    with _opening:
        _opened.pop(handover.digest, None)
    drop_copy(handover)
