"""Work on several threads: lend out objects that only one may use at a time, do many things at once."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Generic, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")

# Each thread may hold a photograph of 50 megapixels, which takes some 400 MB.
MAX_THREADS = 4


class Pool(Generic[T]):
    """As many objects as there are threads at work at once, made when first needed.

    A web server answers every visitor, and every click, on a thread of its own: a lock would make
    visitors wait for each other, and one object a thread would be made anew for every click.

    Args:
        make: makes one object.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._idle: LifoQueue[T] = LifoQueue()

    @contextmanager
    def borrow(self) -> Iterator[T]:
        """Lend an object to the calling thread until the end of the `with` block."""
        try:
            item = self._idle.get_nowait()
        except Empty:
            item = self._make()
        try:
            yield item
        finally:
            self._idle.put(item)


def map_at_once(
    work: Callable[[Item], T], items: Iterable[Item], threads: int | None = None
) -> Generator[T, None, None]:
    """Yield `work(item)` for each item, in their order, several at work at a time.

    What `work` raises is raised in its turn, and what has not begun by then never does. Items are taken as
    they are needed, so there may be any number.

    Args:
        work: gives way to other threads while it works, as NumPy, OpenCV and Pillow do.
        items: what to work on.
        threads: how many work at a time; if left out, one a core, but no more than `MAX_THREADS`.
    """
    count = threads or min(os.cpu_count() or 1, MAX_THREADS)
    with ThreadPoolExecutor(count) as pool:
        begun: deque[Future[T]] = deque()
        try:
            for item in items:
                begun.append(pool.submit(work, item))
                if len(begun) == 2 * count:  # a slow one holds up the answers, not yet the work
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
