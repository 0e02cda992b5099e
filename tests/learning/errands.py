"""Work for other processes: in a module of its own, so that they load little else."""

import os
import signal
import time

from alpha_kedro.core.errors import ModelError


def scaled(shared, task):
    # The first task is the last to finish: results must come in the tasks' order.
    time.sleep(0.2 if task == 0 else 0)
    return shared * task, os.getpid()


def failing(shared, task):
    if task == 1:
        raise ModelError("AK-M999", "planted", where=["here"], got=shared)
    return task


def dying(shared, task):
    os.kill(os.getpid(), signal.SIGKILL)


def threads(shared, task):
    import lightgbm  # noqa: F401  (brings a library of its own, loaded late)
    from threadpoolctl import threadpool_info

    return [library["num_threads"] for library in threadpool_info()]
