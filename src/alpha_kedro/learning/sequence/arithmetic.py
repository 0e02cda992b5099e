"""torch, held to the same arithmetic wherever it is called from, and left as found."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal

from alpha_kedro.core.errors import ModelError

if TYPE_CHECKING:
    import torch

# Memory that is about to be written would be filled with NaN first, at a tenth of the
# time of an epoch.
_FILLS = "fill_uninitialized_memory"

Device = Literal["auto", "cpu", "cuda", "mps"]


def device_for(wanted: Device) -> "torch.device":
    """Return the device to train on; ``auto`` is the first of cuda, mps and cpu.

    Raises
    ------
    ModelError
        ``AK-M105`` when a device is named that is not there.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return torch.device(next(name for name, found in there.items() if found))
    if there[wanted]:
        return torch.device(wanted)
    known = ", ".join(name for name, found in there.items() if found)
    raise ModelError(
        "AK-M105",
        f"there is no {wanted} device",
        wanted=f"one of auto, {known}",
        fix="set training.device to auto, or install the torch build of the device",
    )


@contextmanager
def arithmetic(
    device: "torch.device | None" = None, *, seed: int | None = None, threads: int = 1
) -> Iterator[None]:
    """Fix threads, seed and algorithms; afterwards torch is as it was before.

    Parameters
    ----------
    device
        Where the work is done besides the CPU.
    seed
        For initial weights and dropout; None where nothing is drawn.
    threads
        Sums run in another order with more of them.

    Notes
    -----
    On the CPU an operation without a deterministic form is refused; elsewhere some have
    none, and numbers agree within a tolerance only. TensorFloat-32, which keeps 10 of
    23 bits, is switched off.
    """
    import torch
    from torch.utils import deterministic

    kind = "cpu" if device is None else device.type
    with ExitStack() as undo:
        undo.callback(torch.set_num_threads, torch.get_num_threads())
        undo.callback(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        undo.callback(setattr, deterministic, _FILLS, getattr(deterministic, _FILLS))
        undo.enter_context(torch.random.fork_rng(devices=[]))
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True, warn_only=kind != "cpu")
        setattr(deterministic, _FILLS, False)
        _PREPARE[kind](undo, seed)
        if seed is not None:
            # torch.manual_seed would seed every device there is.
            torch.default_generator.manual_seed(seed)
        yield


def _prepare_cuda(undo: ExitStack, seed: int | None) -> None:
    import torch
    from torch.backends import cudnn

    undo.enter_context(torch.random.fork_rng(devices=[torch.cuda.current_device()]))
    undo.enter_context(cudnn.flags(enabled=True, deterministic=True, allow_tf32=False))
    undo.callback(
        torch.set_float32_matmul_precision, torch.get_float32_matmul_precision()
    )
    torch.set_float32_matmul_precision("highest")
    if seed is not None:
        torch.cuda.manual_seed(seed)


def _prepare_mps(undo: ExitStack, seed: int | None) -> None:
    from torch import mps

    undo.callback(mps.set_rng_state, mps.get_rng_state())
    if seed is not None:
        mps.manual_seed(seed)


_PREPARE: Mapping[str, Callable[[ExitStack, int | None], None]] = {
    "cpu": lambda undo, seed: None,
    "cuda": _prepare_cuda,
    "mps": _prepare_mps,
}


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error of numpy or torch means that memory ran out."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        sign in text
        for sign in ("out of memory", "can't allocate memory", "not enough memory")
    )
