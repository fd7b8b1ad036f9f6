"""Work spread over processes, one to a core, with the results in the order of the work."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Thread
from typing import Any, TypeVar

from angiosome.errors import AngiosomeError

Item = TypeVar("Item")
Found = TypeVar("Found")

SETTINGS = ("jax_enable_x64", "jax_compilation_cache_dir")
"""What a worker takes over of JAX's settings: its numbers have to be those of this process."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[Item], Found], items: Sequence[Item], workers: int | None = None
) -> Generator[Found]:
    """What `work` makes of each item, in the order of the items.

    Every item is worked on alone, in a fresh process that starts as this one did (it is not
    forked: threads of JAX do not survive that). So an answer depends on its item, and neither on
    how many workers there are nor on what else they do. With one worker all is done in this
    process, and nothing has to be pickled.

    Whoever leaves the generator, by closing it, by an error or by Ctrl-C, stops the workers: those
    that ask `stop_asked` now and then end at once, the others after their item.

    Args:
        work: a function of a module, or a frozen dataclass that can be called.
        items: what to work on.
        workers: how many processes; the cores that this one may use if none are given.

    Raises:
        AngiosomeError: `work` or an item cannot be pickled; a worker died.
        Exception: the first that `work` raised, in the order of the items.
    """
    count = min(cores() if workers is None else max(workers, 1), len(items))
    if count <= 1:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    carried = (stop, _pickled(work), _settings())
    pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=carried)
    try:
        for future in [pool.submit(_one, _pickled(item)) for item in items]:
            yield future.result()
    except BrokenProcessPool as problem:
        raise AngiosomeError(
            f"one of {count} worker processes died, as it does where memory runs out: "
            "ask for fewer workers, or for smaller work"
        ) from problem
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


_stop: Any = None
_work: Callable[[Any], Any] | None = None


def stop_asked() -> bool:
    """Whether whoever waits for this work has left; work that takes long asks now and then."""
    return _stop is not None and _stop.is_set()


def _begin(stop: Any, work: bytes, settings: dict[str, Any]) -> None:
    global _stop, _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    Thread(target=_end_with_the_first, daemon=True).start()
    if settings:
        import jax

        for name, value in settings.items():
            jax.config.update(name, value)
    _stop, _work = stop, pickle.loads(work)  # noqa: S301 - our own bytes


def _end_with_the_first() -> None:
    """A first process that is killed cannot ask for anything: without it no worker goes on."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os._exit(1)


def _one(item: bytes) -> Any:
    assert _work is not None
    return _work(pickle.loads(item))  # noqa: S301 - our own bytes


def _pickled(what: object) -> bytes:
    try:
        return pickle.dumps(what)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        raise AngiosomeError(
            f"the work cannot be sent to other processes ({problem}): use functions of a module "
            "instead of functions inside functions, or ask for one worker"
        ) from problem


def _settings() -> dict[str, Any]:
    jax: Any = sys.modules.get("jax")
    return {name: getattr(jax.config, name) for name in SETTINGS} if jax else {}
