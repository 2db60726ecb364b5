"""`/metrics` for Prometheus: what stands in the database, so that any process of an installation answers for all."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edge import context_of
from resolvers.counts import get_counts
from storage.counts import Counts


def add_routes(app: web.Application) -> None:
    """Adds the page that a Prometheus server scrapes, with an admin's token."""
    app.router.add_get("/metrics", _metrics)


async def _metrics(request: web.Request) -> web.Response:
    registry = CollectorRegistry()
    registry.register(_Standing(await get_counts(await context_of(request.app, request))))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Standing(Collector):
    """The counts as gauges: what is deleted, or swept after its retention, is no longer counted."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        yield self._jobs()
        yield self._job_items()
        yield self._chargers()
        yield self._connected()
        yield GaugeMetricFamily("chargeyard_networks", "OCPI networks.", self._counts.networks)
        yield GaugeMetricFamily(
            "chargeyard_fleet_processes", "Processes that run chargers.", self._counts.fleet_processes
        )

    def _jobs(self) -> Metric:
        gauge = GaugeMetricFamily("chargeyard_jobs", "Jobs.", labels=["type", "status"])
        for count in self._counts.jobs:
            gauge.add_metric([count.type, count.status], count.jobs)
        return gauge

    def _job_items(self) -> Metric:
        """Open ones are those that still have to be made."""
        gauge = GaugeMetricFamily("chargeyard_job_items", "Items of jobs.", labels=["type", "status", "item_status"])
        for count in self._counts.jobs:
            left = count.items - count.succeeded - count.failed
            for item_status, number in (("succeeded", count.succeeded), ("failed", count.failed), ("open", left)):
                gauge.add_metric([count.type, count.status, item_status], number)
        return gauge

    def _chargers(self) -> Metric:
        gauge = GaugeMetricFamily("chargeyard_chargers", "Chargers.", labels=["provider", "runtime_status"])
        for count in self._counts.chargers:
            gauge.add_metric([count.provider, count.runtime_status], count.chargers)
        return gauge

    def _connected(self) -> Metric:
        gauge = GaugeMetricFamily("chargeyard_chargers_connected", "Chargers with a CSMS.", labels=["provider"])
        connected: dict[str, int] = {}
        for count in self._counts.chargers:
            connected[count.provider] = connected.get(count.provider, 0) + count.connected
        for provider, number in connected.items():
            gauge.add_metric([provider], number)
        return gauge
