"""The files that the import reads: every row with its line, and no row lost to its neighbour."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from commands.importer.rows import Row, UnusableFile, read_source

SITE = {
    "name": "Hub", "address": "1 Street", "city": "Paris", "country": "FR",
    "coordinates": {"latitude": 48.5, "longitude": 2.5},
}  # fmt: skip
HEADER = "name,address,city,country,latitude,longitude,timezone,owner_name,public,parking_type"


def read(tmp_path: Path, name: str, content: bytes | str) -> list[Row]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path).rows


def named(name: str) -> dict[str, Any]:
    return {**SITE, "name": name}


def test_ndjson_gives_each_line_and_skips_blank_ones(tmp_path: Path) -> None:
    content = f"{json.dumps(named('a'))}\n\n{json.dumps(named('b'))}\r\n   \n{json.dumps(named('ç'))}"

    rows = read(tmp_path, "sites.ndjson", content)

    assert rows == [Row(1, named("a")), Row(3, named("b")), Row(5, named("ç"))]


def test_unknown_keys_and_nulls_are_left_out(tmp_path: Path) -> None:
    given = {**SITE, "_meta": {"source": "x"}, "public": None, "owner_name": "O", "extra": 1}
    given["coordinates"] = {"latitude": 1, "longitude": 2, "altitude": 3}

    (row,) = read(tmp_path, "sites.ndjson", json.dumps(given))

    assert row.site == {**SITE, "coordinates": {"latitude": 1, "longitude": 2}, "owner_name": "O"}


@pytest.mark.parametrize(
    "broken", ["{", "[]", "1", '"x"', "null", '{"name": NaN}', "\\", '{"name": "\\ud800"}', "[" * 5000]
)
def test_a_broken_line_is_a_problem_of_its_own(tmp_path: Path, broken: str) -> None:
    rows = read(tmp_path, "sites.ndjson", f"{json.dumps(SITE)}\n{broken}\n{json.dumps(SITE)}\n")

    assert [row.line for row in rows] == [1, 2, 3]
    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].text
    assert rows[1].text[:20] == broken[:20]


def test_a_row_without_what_a_site_needs_says_so_and_keeps_the_rest(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "sites.ndjson", json.dumps({**SITE, "address": None, "city": None}))

    assert row.problem == "has no address and no city"
    assert row.site["name"] == "Hub"


def test_bytes_that_are_no_text_are_a_problem_of_their_line(tmp_path: Path) -> None:
    line = json.dumps(SITE).encode()

    rows = read(tmp_path, "sites.ndjson", line + b'\n{"name": "\xff\xfe"}\n' + line)

    assert [row.problem is None for row in rows] == [True, False, True]


def test_a_json_array_knows_its_lines(tmp_path: Path) -> None:
    content = "[\n" + ",\n".join(json.dumps(named(name), indent=1) for name in "ab") + "\n, 7 ]\n"

    rows = read(tmp_path, "sites.json", content)

    assert [(row.line, row.site.get("name")) for row in rows] == [(2, "a"), (12, "b"), (22, None)]
    assert rows[2].problem == "is not a JSON object"


def test_the_elements_of_a_json_array_are_known_by_their_numbers(tmp_path: Path) -> None:
    rows = read(tmp_path, "sites.json", f"[{json.dumps(named('a'))}, 7, {json.dumps(named('b'))}]")

    assert [(row.line, row.known_as) for row in rows] == [(1, 1), (1, 2), (1, 3)]


def test_a_row_of_a_report_is_known_as_it_was_in_the_file_it_came_from(tmp_path: Path) -> None:
    told = [{"line": 17}, {"line": 22, "number": 3}, {"line": True}, {"line": -1}, {"line": 2**40}, "x"]
    report = "".join(f"{json.dumps({**SITE, '_import': each})}\n" for each in told)

    rows = read(tmp_path, "report.ndjson", report)

    assert [row.known_as for row in rows] == [17, 3, 3, 4, 5, 6]
    assert [row.line for row in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("tail", [", {", "", ", NaN]", ", {]"])
def test_a_broken_array_keeps_what_came_before(tmp_path: Path, tail: str) -> None:
    rows = read(tmp_path, "sites.json", f"[{json.dumps(SITE)}{tail}")

    assert rows[0] == Row(1, SITE, number=1)
    assert len(rows) == 2
    assert "rest of the file" in (rows[1].problem or "")


def test_what_follows_an_array_is_reported_and_not_read(tmp_path: Path) -> None:
    first, second = (json.dumps([named(name)], separators=(",", ":")) for name in "ab")

    rows = read(tmp_path, "sites.json.gz", gzip.compress(first.encode()) + gzip.compress(f"\n{second}\n".encode()))

    problem = "stands behind the end of the array, and was not read"
    assert rows == [Row(1, named("a"), number=1), Row(2, problem=problem, text=f"{second}\n")]


def test_an_empty_array_or_file_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "a.json", " [ ] ") == []
    assert read(tmp_path, "b.ndjson", "") == []


def test_csv_cells_become_a_site(tmp_path: Path) -> None:
    content = f'{HEADER}\nHub,"1 Street",Paris,FR,48.5,2.5,Europe/Paris,VINCI,yes,ON_STREET\n'

    (row,) = read(tmp_path, "sites.csv", "\ufeff" + content)

    extra = {"timezone": "Europe/Paris", "owner_name": "VINCI", "public": True, "parking_type": "ON_STREET"}
    assert row == Row(2, {**SITE, **extra})


def test_csv_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    header = "country;city;address;name;latitude;longitude"
    content = f'{header}\nFR;Paris;"1\nStreet";a;1;2\n\nFR;Paris;"1 ""Street""";b;1;2\n'

    rows = read(tmp_path, "sites.csv", content)

    assert [(row.line, row.site["address"]) for row in rows] == [(2, "1\nStreet"), (5, '1 "Street"')]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("Hub,1,Paris,FR,x,2.5,,,,", "latitude is not a number"),
        ("Hub,1,Paris,FR,1,nan,,,,", "longitude is not a number"),
        ("Hub,1,Paris,FR,1,2,,,maybe,", "public must be true or false"),
        ("Hub,1,Paris,FR,1,2", "has 6 cells where the header has 10"),
        ("Hub,1,Paris,FR,1,2,,,,,,", "has 12 cells where the header has 10"),
        ('"Hub"x,1,Paris,FR,1,2,,,,', "is not CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_csv_row_is_a_problem_of_its_own(tmp_path: Path, cells: str, problem: str) -> None:
    good = "Hub,1,Paris,FR,1,2,,,,"

    rows = read(tmp_path, "sites.csv", f"{HEADER}\n{good}\n{cells}\n{good}\n")

    assert [(row.line, row.problem) for row in rows] == [(2, None), (3, problem), (4, None)]


def test_a_quote_that_never_ends_costs_only_its_own_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, "sites.csv", f'{HEADER}\nHub,1,Paris,FR,1,2,,,,\n"Hub,1\n')

    assert [row.problem is None for row in rows] == [True, False]


def test_a_csv_without_its_columns_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="latitude, longitude"):
        read(tmp_path, "sites.csv", "name,address,city,country\n")


def test_a_packed_file_reads_as_the_plain_one_and_has_its_digest(tmp_path: Path) -> None:
    plain, packed = tmp_path / "sites.csv", tmp_path / "sites.csv.gz"
    plain.write_text(f"{HEADER}\nHub,1 Street,Paris,FR,48.5,2.5,,,,\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert read_source(packed) == read_source(plain)
    assert read_source(plain).rows == [Row(2, SITE)]


def test_a_damaged_packed_file_keeps_what_can_be_unpacked(tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(named(str(n)))}\n" for n in range(20_000))
    packed = gzip.compress(lines.encode())

    rows = read(tmp_path, "sites.ndjson.gz", packed[: len(packed) // 2])

    assert len([row for row in rows if row.problem is None]) > 1_000
    assert rows[-1].problem == "the file is damaged from here on"


def test_every_whole_row_before_the_damage_is_read(tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(named(str(n)))}\n" for n in range(5_000))  # less than is unpacked at once elsewhere
    packed = gzip.compress(lines.encode())[:-8]  # the sum and the length are cut off, no row is

    rows = read(tmp_path, "sites.ndjson.gz", packed)

    assert [row.site for row in rows[:-1]] == [named(str(n)) for n in range(5_000)]
    assert rows[-1] == Row(5_001, problem="the file is damaged from here on")


def test_the_last_row_of_a_damaged_csv_may_be_cut_and_is_not_read(tmp_path: Path) -> None:
    whole = "Hub,1 Street,Paris,FR,48.5,2.5,,,,"

    rows = read(tmp_path, "sites.csv.gz", gzip.compress(f"{HEADER}\n{whole}\n{whole}".encode())[:-8])

    assert rows == [Row(2, SITE), Row(3, problem="the file is damaged from here on")]


def test_a_csv_that_is_damaged_within_its_columns_is_told_to_be_damaged(tmp_path: Path) -> None:
    packed = gzip.compress(b"name,address,ci")[:-8]

    with pytest.raises(UnusableFile, match="is damaged, and nothing of it can be read"):
        read(tmp_path, "sites.csv.gz", packed)


def test_a_file_that_is_not_there_cannot_be_used(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnusableFile):
            read_source(path)
