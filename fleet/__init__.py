"""Simulated charge points: OCPP 1.6 and 2.0.1 over WebSocket, run in this process or elsewhere."""
