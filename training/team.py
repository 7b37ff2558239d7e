"""Several processes that train one model, started by ``accelerate launch`` or ``torchrun``.

Each holds every weight, or a part of each under FSDP, and works through its share of each batch; gradients
are added up before the step, so the result is that of one process up to rounding. The first alone writes.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")

_processes: list[tuple[str, int]] = []
"""The host and the process id of each rank."""


def join() -> None:
    """Meet the other processes that the launcher has started."""
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    _processes[:] = everyones((socket.gethostname(), os.getpid()))


def lost() -> list[int]:
    """The ranks of processes of this machine that have ended, though all were to end together."""
    here = socket.gethostname()
    return [rank for rank, (host, process) in enumerate(_processes) if host == here and not _runs(process)]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state = Path(f"/proc/{process}/stat")  # one that has ended is known until its parent has asked how
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] not in "ZX"


def leave() -> None:
    """Part from the others, when all is done or this one has failed."""
    if dist.is_initialized():
        dist.destroy_process_group()


def size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is; 0 is the one that writes."""
    return dist.get_rank() if dist.is_initialized() else 0


def told_by_first(value: T) -> T:
    """What the first process says, in every process."""
    box = [value]
    if size() > 1:
        dist.broadcast_object_list(box, src=0)
    return box[0]


def everyones(value: T) -> list[T]:
    """What each process says, in the order of their ranks."""
    if size() == 1:
        return [value]
    said: list[Any] = [None] * size()
    dist.all_gather_object(said, value)
    return said


def share(items: Sequence[T]) -> Iterator[tuple[T, bool]]:
    """This process's part of ``items``, and whether each counts.

    Every process gets as many: where there is none left for it, the first again, which does not count.
    """
    for start in range(0, len(items), size()):
        left = start + rank() < len(items)
        yield (items[start + rank()] if left else items[0]), left


def add_up_gradients(parameters: Iterable[Tensor]) -> None:
    """Give every process the sum of all gradients; one that has none counts as zero."""
    if size() == 1:
        return
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
