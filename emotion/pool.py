"""Lend out objects that only one thread may use at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Generic, TypeVar

T = TypeVar("T")


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
