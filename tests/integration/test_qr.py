"""A short link as a QR code: what another library reads of it, and how it may be drawn."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests import drawings, shortlinks
from tests.client import Answer
from tests.factories import Workspace
from tests.integration.every_route import assert_error
from tests.stack import Stack

LEVELS = "LMQH"


def drawn(workspace: Workspace, link: dict[str, Any], headers: Any = None, **asked: Any) -> Answer:
    link_id, query = link["id"], urlencode(asked)
    return workspace.client.get(f"/api/links/{link_id}/qr?{query}", headers=headers)


def read(answer: Answer) -> tuple[str, str]:
    assert answer.status == 200, answer.raw
    is_png = answer.headers["Content-Type"] == "image/png"
    return drawings.read((drawings.of_png if is_png else drawings.of_svg)(answer.content))


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("level", LEVELS)
def test_200_a_reader_finds_the_address_and_that_it_was_scanned(
    workspace: Workspace, kind: str, level: str
) -> None:
    link = workspace.link(alias=None)
    text, corrected = read(drawn(workspace, link, format=kind, error=level))
    assert text == f"{link['short_url']}?qr=1"
    assert LEVELS.index(corrected) >= LEVELS.index(level)


def test_a_scan_of_it_is_counted_as_one(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link()
    text, _ = read(drawn(workspace, link))
    path, _, query = text.partition("?")
    shortlinks.ask(f"/{path.rpartition('/')[2]}", raw_query=query)
    [click] = shortlinks.clicks_of(stack, link["id"])
    assert click["qr"] is True


@pytest.mark.parametrize(
    "looks",
    [
        {},
        {"dark": "#123456", "light": "#FFEECC"},
        {"dark": "#7f0000", "light": "transparent"},
        {"scale": 1, "border": 1},
        {"scale": 32, "border": 16},
    ],
)
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_200_however_it_looks_it_is_read(
    workspace: Workspace, kind: str, looks: dict[str, Any]
) -> None:
    link = workspace.link()
    answer = drawn(workspace, link, format=kind, **looks)
    assert read(answer)[0] == f"{link['short_url']}?qr=1"
    if kind == "svg" and "dark" in looks:
        told = answer.content.decode().lower()
        assert f'stroke="{looks["dark"]}"' in told
        assert ("fill=" in told) is (looks["light"] != "transparent")
    if kind == "png":
        assert (b"tRNS" in answer.content) is (looks.get("light") == "transparent")


@pytest.mark.slow
def test_200_the_largest_is_far_below_what_lambda_answers(workspace: Workspace) -> None:
    host = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"
    wanted = {"url": shortlinks.TARGET, "alias": f"{workspace.id.lower()[:40]:x<64}"}
    link = workspace.client.post("/api/links", json=wanted, headers={"Host": host}).json
    for kind in ("svg", "png"):
        answer = drawn(workspace, link, format=kind, error="H", scale=32, border=16)
        assert read(answer)[0] == f"https://{host}/{wanted['alias']}?qr=1"
        assert len(answer.content) < 50_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "pdf"),
        ("format", ""),
        ("scale", 0),
        ("scale", 33),
        ("scale", "1.5"),
        ("border", -1),
        ("border", 17),
        ("dark", "black"),
        ("dark", "#12345"),
        ("dark", "#1234567"),
        ("dark", "transparent"),
        ("dark", '#000000"/>'),
        ("light", "#ggg000"),
        ("light", "none"),
        ("error", "m"),
        ("error", "X"),
        ("download", "perhaps"),
        ("size", 3),
    ],
)
def test_400_for_what_is_not_drawn(workspace: Workspace, name: str, value: object) -> None:
    answer = drawn(workspace, workspace.link(), **{name: value})
    assert_error(answer, 400, "validation_failed", name)


@pytest.mark.parametrize("light", ["#ABCDEF", "#abcdef"])
def test_400_for_a_code_that_nobody_sees(workspace: Workspace, light: str) -> None:
    answer = drawn(workspace, workspace.link(), dark="#abcdef", light=light)
    assert_error(answer, 400, "validation_failed")


def test_200_it_is_saved_under_the_alias_where_that_is_asked(workspace: Workspace) -> None:
    link = workspace.link()
    assert "Content-Disposition" not in drawn(workspace, link).headers
    for kind in ("svg", "png"):
        saved = drawn(workspace, link, format=kind, download="true")
        wanted = f'attachment; filename="{link["alias"]}.{kind}"'
        assert saved.headers["Content-Disposition"] == wanted


def test_304_for_who_has_it_and_200_once_it_is_another(workspace: Workspace) -> None:
    link = workspace.link()
    first = drawn(workspace, link)
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = drawn(workspace, link, {"If-None-Match": known})
        assert (again.status, again.raw, again.headers["ETag"]) == (304, "", tag)
        assert "Content-Type" not in again.headers
    for other in ('"other"', "", tag.strip('"')[:-1]):
        assert drawn(workspace, link, {"If-None-Match": other}).content == first.content
    assert drawn(workspace, link, {"If-None-Match": tag}, scale=9).status == 200
    moved = workspace.client.request(
        *("PATCH", f"/api/links/{link['id']}"),
        json={"alias": f"{link['alias']}-new"},
        headers={"If-Match": str(link["version"])},
    )
    changed = drawn(workspace, link, {"If-None-Match": tag})
    assert read(changed)[0] == f"{moved.json['short_url']}?qr=1"


def test_200_nobody_on_its_way_keeps_it_or_takes_it_for_something_else(
    workspace: Workspace,
) -> None:
    headers = drawn(workspace, workspace.link()).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "image/svg+xml"
