"""Start a small CSMS that accepts every charger, for trying things out."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from secrets import randbelow
from types import MappingProxyType, ModuleType
from typing import Any

from aiohttp import WSMsgType, web
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as result201

from commands.arguments import within
from settings import Settings

DEFAULT_PORT = 9000
BACKLOG = 1024  # a fleet arrives at once
REPORT_S = 1.0
DAY_S = 86_400


class NotListening(Exception):
    """The address can't be listened on; the text says why and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=within(0, 65535), default=DEFAULT_PORT, help="port to listen on (default %(default)s)"
    )
    parser.add_argument(
        "--heartbeat", type=within(1, DAY_S), default=60, help="heartbeat interval in seconds (default %(default)s)"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    try:
        asyncio.run(serve(args.host, args.port, args.heartbeat))
    except NotListening as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # before the loop had its own handler
    return 0


async def serve(host: str, port: int, heartbeat_s: int) -> None:
    """Serves until the process is told to stop. Raises NotListening."""
    csms = Csms(heartbeat_s)
    runner = web.AppRunner(csms.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=BACKLOG)
    try:
        await site.start()
    except OSError as exc:
        await runner.cleanup()
        raise NotListening(f"{host}:{port} can't be listened on ({exc.strerror}); give another --port.") from exc
    print(f"CSMS on ws://{host}:{runner.addresses[0][1]}/ocpp (OCPP 1.6 and 2.0.1, accepts everything)", flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    report = asyncio.create_task(csms.report_forever())
    await stopped.wait()
    report.cancel()
    await site.stop()  # before it hangs up: chargers come back at once
    await csms.close()
    await runner.cleanup()


class Csms:
    """Who is connected, and how much they said."""

    def __init__(self, heartbeat_s: int) -> None:
        self.heartbeat_s = heartbeat_s
        self.transactions = count(1 + randbelow(2**30))  # those that began before a restart go on under their numbers
        self.connected: dict[int, web.WebSocketResponse] = {}
        self.booted = 0
        self.messages = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._accept)
        return app

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in self.connected.values()))

    async def report_forever(self) -> None:
        """Prints the counts whenever they change: over the last line on a terminal, else as lines."""
        shown = ""
        while True:
            line = f"{len(self.connected)} connected, {self.booted} booted, {self.messages} messages"
            if line != shown:
                shown = line
                print(f"\r{line}\x1b[K" if sys.stdout.isatty() else line, end=_line_end(), flush=True)
            await asyncio.sleep(REPORT_S)

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=["ocpp2.0.1", "ocpp1.6"], compress=False)
        await socket.prepare(request)
        station = _STATIONS.get(socket.ws_protocol or "")
        if station is None:
            await socket.close(code=1002, message=b"speak ocpp1.6 or ocpp2.0.1")
            return socket
        self.connected[id(socket)] = socket
        try:
            await station(request.path.rpartition("/")[2], Connection(socket, self), self).start()
        except ConnectionError:
            pass  # the charger hung up, which is its right
        finally:
            del self.connected[id(socket)]
        return socket


class Connection:
    """A socket as the `ocpp` package wants it."""

    def __init__(self, socket: web.WebSocketResponse, csms: Csms) -> None:
        self._socket = socket
        self._csms = csms

    async def recv(self) -> str:
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            raise ConnectionResetError("the charger hung up")
        self._csms.messages += 1
        text: str = message.data
        return text

    async def send(self, text: str) -> None:
        await self._socket.send_str(text)


def _line_end() -> str:
    return "" if sys.stdout.isatty() else "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Accepting:
    """The CSMS's side of one charger, as far as the versions agree; `results` are a version's answers."""

    results: ModuleType
    accepted: Mapping[str, Any]

    def __init__(self, identity: str, connection: Connection, csms: Csms) -> None:
        super().__init__(identity, connection)  # type: ignore[call-arg]  # the charge point of a version
        self._csms = csms

    @on("BootNotification")
    async def on_boot(self, **_payload: Any) -> Any:
        self._csms.booted += 1
        return self.results.BootNotification(_now(), self._csms.heartbeat_s, "Accepted")

    @on("Heartbeat")
    async def on_heartbeat(self) -> Any:
        return self.results.Heartbeat(_now())

    @on("Authorize")
    async def on_authorize(self, **_payload: Any) -> Any:
        return self.results.Authorize(**self.accepted)

    @on("StatusNotification")
    async def on_status(self, **_payload: Any) -> Any:
        return self.results.StatusNotification()

    @on("MeterValues")
    async def on_meter_values(self, **_payload: Any) -> Any:
        return self.results.MeterValues()

    @on("FirmwareStatusNotification")
    async def on_firmware_status(self, **_payload: Any) -> Any:
        return self.results.FirmwareStatusNotification()

    @on("DataTransfer")
    async def on_data_transfer(self, **_payload: Any) -> Any:
        return self.results.DataTransfer("Accepted")


class Station16(Accepting, ChargePoint16):  # type: ignore[misc]  # `ocpp` ships no types
    """OCPP 1.6."""

    results = result16
    accepted = MappingProxyType({"id_tag_info": {"status": "Accepted"}})

    @on("StartTransaction")
    async def on_start(self, **_payload: Any) -> Any:
        return result16.StartTransaction(next(self._csms.transactions), **self.accepted)

    @on("StopTransaction")
    async def on_stop(self, **_payload: Any) -> Any:
        return result16.StopTransaction()

    @on("DiagnosticsStatusNotification")
    async def on_diagnostics_status(self, **_payload: Any) -> Any:
        return result16.DiagnosticsStatusNotification()


class Station201(Accepting, ChargePoint201):  # type: ignore[misc]
    """OCPP 2.0.1."""

    results = result201
    accepted = MappingProxyType({"id_token_info": {"status": "Accepted"}})

    @on("TransactionEvent")
    async def on_transaction_event(self, **payload: Any) -> Any:
        return result201.TransactionEvent(**self.accepted if "id_token" in payload else {})

    @on("NotifyReport")
    async def on_notify_report(self, **_payload: Any) -> Any:
        return result201.NotifyReport()

    @on("LogStatusNotification")
    async def on_log_status(self, **_payload: Any) -> Any:
        return result201.LogStatusNotification()

    @on("SecurityEventNotification")
    async def on_security_event(self, **_payload: Any) -> Any:
        return result201.SecurityEventNotification()

    @on("ReservationStatusUpdate")
    async def on_reservation_status(self, **_payload: Any) -> Any:
        return result201.ReservationStatusUpdate()

    @on("ReportChargingProfiles")
    async def on_report_profiles(self, **_payload: Any) -> Any:
        return result201.ReportChargingProfiles()


_STATIONS: dict[str, type[Station16] | type[Station201]] = {"ocpp1.6": Station16, "ocpp2.0.1": Station201}
