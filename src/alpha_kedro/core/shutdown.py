"""SIGTERM ends a run in order and in time.

Python's own answer to SIGTERM is to stop on the spot: half-written files stay and
worker processes live on. Here the run is unwound as by an exception, and whoever has
not come to an end after a while, deep in a fit, is ended together with its workers.
"""

import multiprocessing
import os
import signal
import threading
from types import FrameType

EXIT_CODE = 128 + signal.SIGTERM  # 143, as shells say it
_GRACE = 8.0  # container engines wait ten seconds


def leave_on_sigterm(*, grace: float = _GRACE) -> None:
    """Answer SIGTERM by unwinding, and after ``grace`` seconds by ending the process.

    Parameters
    ----------
    grace
        Seconds for files to be cleared and locks to be freed. Neither depends on it:
        partial files are swept by the next run, the lock is the operating system's.

    Notes
    -----
    Only the main thread may do this; elsewhere nothing happens. The clock is started by
    a thread that reads what the signal writes to a pipe: Python's handler alone would
    wait for a fit in C to return.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _unwind)
    watch = threading.Thread(target=_watch, args=(reading, grace), daemon=True)
    watch.start()


def _unwind(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise SystemExit(EXIT_CODE)


def _watch(pipe: int, grace: float) -> None:
    while signal.SIGTERM not in os.read(pipe, 1):
        pass
    threading.Event().wait(grace)
    for worker in multiprocessing.active_children():
        worker.kill()
    os._exit(EXIT_CODE)
