"""One run at a time: a second one on the same data is told who is there.

The lock is the operating system's and is freed when its process ends, however it ends.
A file beside it says who holds it; one that a killed process left has no meaning.
"""

import atexit
import json
import logging
import os
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.files import is_running, write_bytes

_LOCK, _OWNER = ".lock", ".lock.json"
_POLL = 0.05  # seconds between two tries
_TO_SIGN = 1.0  # seconds in which whoever got the lock will have written its name
_NAMED = "process {pid} on {host} since {started}: {command}"
_HIDDEN = ("--params",)  # options whose values may hold a password

log = logging.getLogger(__name__)


class RunLock:
    """The right to write below a folder; a context, or acquired and released.

    Parameters
    ----------
    root
        The folder of all data. A URL or a folder that cannot be written to has no lock;
        a warning says so once.
    wait
        Seconds to wait for another run to end.

    Raises
    ------
    ConfigError
        ``AK-P003`` from `acquire` when another run holds the lock, with its process,
        host, start and command.
    """

    def __init__(self, root: str | Path, *, wait: float = 0.0) -> None:
        self._root = str(root).removeprefix("file://")
        self._wait = wait
        self._held: Any = None

    def acquire(self) -> None:
        """Take the lock, or raise ``AK-P003``."""
        if "://" in self._root:
            log.warning("%s is remote: nothing keeps two runs apart", self._root)
            return
        try:
            self._take(Path(self._root))
        except (OSError, RuntimeError) as error:  # no lock on this file system
            log.warning("no lock, nothing keeps two runs apart: %s", error)

    def release(self) -> None:
        """Free the lock; without one, do nothing."""
        atexit.unregister(self.release)
        if self._held is not None:
            with suppress(OSError):
                Path(self._root, _OWNER).unlink(missing_ok=True)
            self._held.release()
            self._held = None

    def __enter__(self) -> "RunLock":
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _take(self, root: Path) -> None:
        from filelock import FileLock, Timeout

        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / _LOCK)
        if self._wait and not _is_free(lock):
            log.info("waiting up to %g s for %s", self._wait, _owner(root))
        try:
            lock.acquire(timeout=self._wait, poll_interval=_POLL)
        except Timeout:
            raise _refusal(root, self._wait) from None
        self._held = lock
        atexit.register(self.release)
        with suppress(OSError):  # a full disk; the lock is held all the same
            write_bytes(root / _OWNER, json.dumps(_myself()).encode())


def _is_free(lock: Any) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def _myself() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(sys.argv),
    }


def _command(words: list[str]) -> str:
    """Return the command line without the values of options that may hold secrets."""
    shown = [Path(words[0]).name, *words[1:]]
    for place, word in enumerate(words):
        option = word.partition("=")[0]
        if option in _HIDDEN:
            shown[place] = f"{option} ..."
            if word == option:
                shown[place + 1 : place + 2] = [""]
    return " ".join(filter(None, shown))


def _owner(root: Path) -> str:
    """Return who signed; a name that a dead process left is not the owner's."""
    end = time.monotonic() + _TO_SIGN
    while time.monotonic() < end:
        try:
            owner = json.loads((root / _OWNER).read_bytes())
            if owner["host"] != socket.gethostname() or is_running(owner["pid"]):
                return _NAMED.format(**owner)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        time.sleep(_POLL)
    return "a process that has not said its name"


def _refusal(root: Path, wait: float) -> ConfigError:
    return ConfigError(
        "AK-P003",
        "another run is writing here",
        where=[root],
        got=_owner(root),
        wanted=f"the folder to be free within {wait:g} s",
        fix="wait for it to end (execution.lock_wait: seconds to do so), or give this "
        "run another data_root",
    )
