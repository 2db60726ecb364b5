"""How the answers of REST are written."""

from __future__ import annotations

from datetime import UTC, datetime

from rest.chargers import ChargerResponse
from rest.location_chargers import LocationChargerBulkStatusResponse, LocationChargerResults
from rest.responses import QueuedCommandResponse, json_of

AT = datetime(2026, 11, 21, 3, 27, 0, 123_000, UTC)


def test_what_is_none_is_null_what_is_unset_is_absent_and_instants_have_their_one_form() -> None:
    created = [ChargerResponse(id="dep-1", identity="A", name=None, created_at=AT)]
    results = LocationChargerResults.of(created, [])

    answer = json_of(LocationChargerBulkStatusResponse(job_id="1", results=results))

    assert answer == (
        b'{"job_id":"1","results":{"created_count":1,"failed_count":0,"created":[{"id":"dep-1","identity":"A",'
        b'"name":null,"created_at":"2026-11-21T03:27:00.123Z"}],"failed":[]}}'
    )


def test_numbers_of_a_payload_are_answered_as_they_came_whatever_their_size() -> None:
    sent = QueuedCommandResponse(id="1", event_type="proxy_message", ocpp_version="OCPP1.6", payload={"n": [2**70]})

    assert b'"payload":{"n":[1180591620717411303424]}' in json_of(sent)
