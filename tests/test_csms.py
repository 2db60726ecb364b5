"""`python app.py csms`, the CSMS to try things out with."""

from __future__ import annotations

import socket

import pytest

from commands import main
from commands.csms import Csms


def test_a_port_that_is_taken_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        status = main(["csms", "--port", str(port)])

    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (1, 1)
    assert f"127.0.0.1:{port} can't be listened on" in told


@pytest.mark.parametrize("option", [["--heartbeat", "0"], ["--heartbeat", "often"], ["--port", "65536"]])
def test_a_number_that_can_not_be_is_refused(capsys: pytest.CaptureFixture[str], option: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["csms", *option])

    assert stopped.value.code == 2
    assert f"argument {option[0]}: must be" in capsys.readouterr().err


def test_transactions_after_a_restart_have_other_numbers() -> None:
    assert len({next(Csms(300).transactions) for _ in range(3)}) == 3
