"""Frames of OCPP-J as they are read."""

from __future__ import annotations

from fleet.frames import Error, parse


def test_of_a_long_error_no_more_is_read_than_the_standard_allows() -> None:
    error = parse(f'[4,"id","{"C" * 300}","{"D" * 300}",{{}}]')

    assert error == Error("id", "C" * 50, "D" * 255)
