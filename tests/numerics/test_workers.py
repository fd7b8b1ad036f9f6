"""Work on several processes: order, errors, and an end when whoever waits has left."""

import multiprocessing
import os
import time

import pytest

from angiosome.errors import AngiosomeError
from angiosome.numerics.workers import cores, in_order, stop_asked


def answer(number):
    """The square, with who found it; the first take longest; 9 goes on until it is told to stop."""
    if number == 9:
        while not stop_asked():
            time.sleep(0.01)
        return 9, os.getpid()
    if number < 0:
        raise AngiosomeError(f"{number} has no root")
    time.sleep(0.1 / (1 + number))
    return number**2, os.getpid()


def test_answers_come_in_order_until_one_fails_and_that_stops_work_without_an_end():
    begun = time.monotonic()
    found = in_order(answer, [0, 1, 2, 4, -1, 9, 9, 9], 2)
    first = [next(found) for _ in range(4)]
    assert [square for square, _ in first] == [0, 1, 4, 16]
    assert os.getpid() not in {who for _, who in first}
    assert 1 <= len({who for _, who in first}) <= 2
    with pytest.raises(AngiosomeError, match="-1 has no root"):
        next(found)
    assert not multiprocessing.active_children()
    assert time.monotonic() - begun < 300  # a busy machine is slow to start processes


def test_one_worker_is_this_process():
    assert {who for _, who in in_order(answer, range(3), 1)} == {os.getpid()}
    assert 1 <= cores() <= os.cpu_count()


def test_a_worker_that_dies_is_told():
    with pytest.raises(AngiosomeError, match="one of 2 worker processes died"):
        list(in_order(os._exit, [1, 1], 2))
