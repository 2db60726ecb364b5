"""The bell of the queue of work: how long it lets the queue nap."""

from __future__ import annotations

from threading import Timer

from jobs.bell import Bell

AN_HOUR_S = 3600.0
TOO_LONG_S = 3.0


def test_after_a_ring_the_naps_are_short_again_and_not_only_the_first() -> None:
    bell = Bell()
    for _ in range(4):
        bell.wait(AN_HOUR_S)  # the next would take more than a second, and the one after it five
    bell.ring()

    patience = Timer(TOO_LONG_S, bell.set)
    patience.start()
    stopped = [bell.wait(AN_HOUR_S) for _ in range(4)]
    patience.cancel()

    assert stopped == [False] * 4


def test_a_stop_ends_the_nap() -> None:
    bell = Bell()
    bell.set()

    assert bell.wait(AN_HOUR_S)
