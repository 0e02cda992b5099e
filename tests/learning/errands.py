"""Work for other processes: in a module of its own, so that they load little else."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from alpha_kedro.core.errors import ModelError


def scaled(shared, task):
    # The first task is the last to finish: results must come in the tasks' order.
    time.sleep(0.2 if task == 0 else 0)
    return shared * task, os.getpid()


def failing(shared, task):
    if task == 1:
        raise ModelError("AK-M999", "planted", where=["here"], got=shared)
    return task


def failing_oddly(shared, task):
    raise OddError(1, 2)


class OddError(Exception):
    """An error that pickle cannot make again from its ``args``."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def leaving_traces(shared, task):
    Path(shared, str(task)).touch()
    if task == 0:
        raise ValueError("the first one")
    time.sleep(0.3)


def dying(shared, task):
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_third(folder, task):
    """Kill whoever does the third task, every time; keep what the others did."""
    if task == 2:
        time.sleep(1)  # so that others are finished
        os.kill(os.getpid(), signal.SIGKILL)
    Path(folder, str(task)).touch()
    return task


def dying_once(folder, task):
    """Kill whoever does task 1 or 3 for the first time."""
    mark = Path(folder, f"tried {task}")
    if task in (1, 3) and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * task


def dying_with_a_child(folder, task):
    """Be killed once, and leave a child that holds whatever the process held."""
    mark = Path(folder, f"tried {task}")
    if not mark.exists():
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        mark.write_text(str(child))
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * task


def losing_its_file(shared, task):
    """Take the copy of what is shared from the machine, and die; once each."""
    mark = Path(shared["marks"], str(task))
    if task < 2 and not mark.exists():
        mark.touch()
        for copy in Path(shared["copies"]).glob("copy-*"):
            copy.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * task


def waiting(shared, task):
    Path(shared, str(os.getpid())).touch()
    time.sleep(600)


def products(shared, task):
    """Return sums that depend on their order, and so on the threads that make them."""
    panel = shared["panel"].to_numpy()[:, : 40 + task]
    return np.linalg.eigvalsh(panel.T @ panel) @ shared["weights"][: 40 + task]


def writing(shared, task):
    shared["weights"][0] = task


def own_memory(shared, task):
    """Return the bytes this process holds for itself, once it has read everything."""
    assert shared.to_numpy().sum() > 0
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if "Anonymous:" in line)


def threads(shared, task):
    import lightgbm  # noqa: F401  (brings a library of its own, loaded late)
    from threadpoolctl import threadpool_info

    return [library["num_threads"] for library in threadpool_info()]
