"""Heartbeat (OCPP 2.0.1 G02): still there."""

from __future__ import annotations

from fleet.dialect import Request


def request() -> Request:
    return "Heartbeat", {}
