from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from emotion.pool import Pool, map_at_once
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


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 25])
def test_answers_come_in_order(threads, count):
    assert list(map_at_once(str, range(count), threads)) == [str(number) for number in range(count)]


def test_several_work_at_once():
    barrier = Barrier(2, timeout=PATIENCE)
    assert len(list(map_at_once(lambda _: barrier.wait(), range(10), 2))) == 10


def test_items_are_taken_as_they_are_needed():
    taken = []
    items = (taken.append(number) or number for number in range(1000))
    answers = map_at_once(lambda number: number, items, 2)
    assert [next(answers) for _ in range(3)] == [0, 1, 2]
    assert len(taken) < 10
    answers.close()


def test_an_error_comes_in_its_turn_and_ends_the_work():
    answers = map_at_once(lambda number: 1 / (3 - number), range(1000), 2)
    assert [next(answers) for _ in range(3)] == [1 / 3, 1 / 2, 1]
    with pytest.raises(ZeroDivisionError):
        next(answers)
