"""The pages for people, and the command that fetches what they load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from multidict import CIMultiDictProxy

from pages.assets import PACKAGES, PLACES
from tests.support.gateway import Gateway, running_gateway
from tests.support.tools import ROOT

Headers = CIMultiDictProxy[str]

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = "graphiql-3.8.3/graphiql.min.js"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A folder with something in the place of every file."""
    folder = tmp_path / "assets"
    for place in PLACES:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f"// {place}")
    return folder


async def page(gateway: Gateway, path: str, headers: dict[str, str] = BROWSER) -> tuple[int, Headers, str]:
    """The status, headers and text at a path."""
    async with gateway.http.get(gateway.url + path, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers, await response.text()


async def test_the_landing_page_leads_to_every_interface(gateway: Gateway) -> None:
    status, headers, text = await page(gateway, "/")

    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    for link in ("graphiql", "docs", "schema.graphql", "openapi.json", "health"):
        assert f'href="{link}"' in text
        assert (await page(gateway, f"/{link}"))[0] in {200, 503}  # 503: without the explorers' files
    assert f"curl {gateway.url}/graphql" in text
    assert ".venv/bin/python app.py token" in text


async def test_the_landing_page_names_the_identity_provider_where_tokens_come_from_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chargeyard.db'}"
    async with running_gateway(url, tmp_path, jwt_secret="", jwks_url="http://127.0.0.1:1/jwks") as gateway:
        _, _, text = await page(gateway, "/")

    assert "identity provider" in text
    assert ".venv/bin/python app.py token" not in text
    assert "jwks" not in text


async def test_pages_run_no_script_but_ours_and_stand_in_no_frame(gateway: Gateway) -> None:
    for path in ("/", "/graphiql", "/docs"):
        _, headers, text = await page(gateway, path)

        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "<script>" not in text
        assert "<style" not in text
        assert "//" not in text.replace(gateway.url, "").replace("<!doctype html>", "")


async def test_a_browser_at_the_endpoint_is_led_to_graphiql_with_its_document(gateway: Gateway) -> None:
    status, headers, _ = await page(gateway, "/graphql?query=%7Bviewer%7Brole%7D%7D")

    assert status == 302
    assert headers["Location"] == "graphiql?query=%7Bviewer%7Brole%7D%7D"
    assert "Accept" in headers["Vary"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.9"])
async def test_who_does_not_prefer_html_gets_json(gateway: Gateway, accept: str) -> None:
    status, headers, _ = await page(gateway, "/graphql?query=%7B__typename%7D", {"Accept": accept})

    assert status == 200
    assert headers["Content-Type"].startswith("application/json")


async def test_the_schema_is_served_as_sdl_unless_it_is_secret(gateway: Gateway, tmp_path: Path) -> None:
    _, headers, text = await page(gateway, "/schema.graphql")
    async with running_gateway(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, introspection=False) as other:
        status, _, _ = await page(other, "/schema.graphql")

    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text + "\n" == (ROOT / "schema" / "schema.graphql").read_text()
    assert status == 404


async def test_our_own_files_are_revalidated(gateway: Gateway) -> None:
    _, headers, text = await page(gateway, "/static/graphiql.js")

    status, _, again = await page(gateway, "/static/graphiql.js", {"If-None-Match": headers["ETag"]})

    assert "localStorage" not in text
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (status, again) == (304, "")


async def test_the_fetched_files_are_served_for_good(tmp_path: Path, assets: Path) -> None:
    async with running_gateway(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, assets_dir=assets) as gateway:
        _, _, text = await page(gateway, "/graphiql")
        status, headers, body = await page(gateway, f"/assets/{SCRIPT}")

    assert f'src="assets/{SCRIPT}"' in text
    assert (status, body) == (200, f"// {SCRIPT}")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["ETag"]


async def test_no_other_file_can_be_reached(tmp_path: Path, assets: Path) -> None:
    (assets / "secret").write_text("secret")
    (assets / SCRIPT).with_name("graphiql.js").write_text("secret")

    async with running_gateway(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, assets_dir=assets) as gateway:
        for path in ("secret", "%2e%2e/a.db", "../a.db", "graphiql-3.8.3/graphiql.js", "graphiql-3.8.3", ""):
            status, _, text = await page(gateway, f"/assets/{path}")
            assert (status, "secret" in text) == (404, False)
        assert (await page(gateway, "/static/html.py"))[0] == 404
        assert (await page(gateway, "/static/landing.html"))[0] == 404


async def test_without_the_files_the_explorers_say_how_to_get_them(tmp_path: Path) -> None:
    async with running_gateway(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, assets_dir=tmp_path / "none") as gateway:
        for path in ("/graphiql", "/docs"):
            status, _, text = await page(gateway, path)

            assert status == 503
            assert ".venv/bin/python app.py assets" in text
            assert "npm pack --ignore-scripts react@18.2.0" in text


def test_a_tarball_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package.tarball).write_bytes(b"something else")

    done = fetch(tmp_path, "--from", ".")

    assert done.returncode == 1
    assert done.stderr == "react-18.2.0.tgz is not the published react@18.2.0: its SHA-512 digest is another.\n"
    assert not (tmp_path / "assets").exists()


def test_without_npm_the_command_says_how_to_do_it_by_hand(tmp_path: Path) -> None:
    done = fetch(tmp_path, PATH=str(tmp_path))

    assert done.returncode == 1
    assert "npm pack --ignore-scripts react@18.2.0 react-dom@18.2.0" in done.stderr
    assert ".venv/bin/python app.py assets --from" in done.stderr
    assert "Traceback" not in done.stderr


def fetch(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "app.py"), "assets", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
