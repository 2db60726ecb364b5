"""Heartbeat (OCPP 1.6 §4.6): still there."""

from __future__ import annotations

from fleet.dialect import Request


def request() -> Request:
    return "Heartbeat", {}
