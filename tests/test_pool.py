from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from emotion.pool import Pool
from tests.helpers import PATIENCE


def test_one_after_the_other_shares_one_object():
    made = []
    pool = Pool(lambda: made.append(None) or len(made))
    for _ in range(3):
        with pool.borrow() as item:
            assert item == 1


def test_at_once_get_an_object_each():
    numbers = iter(range(100))
    pool = Pool(lambda: next(numbers))
    barrier = Barrier(3, timeout=PATIENCE)

    def work(_):
        with pool.borrow() as item:
            barrier.wait()
            return item

    with ThreadPoolExecutor(3) as threads:
        assert set(threads.map(work, range(3))) == {0, 1, 2}


def test_an_object_comes_back_after_an_error():
    pool = Pool(object)
    with pytest.raises(KeyError), pool.borrow() as first:
        raise KeyError
    with pool.borrow() as second:
        assert second is first
