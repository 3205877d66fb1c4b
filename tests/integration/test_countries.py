"""The country of a visitor, by a file of the operator's: when it is asked, and what it may say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from linkwright import settings
from linkwright.links.redirect import countries
from tests.factories import Workspace
from tests.shortlinks import TARGET, ask, clicks_of, location, stored
from tests.stack import Stack

IN_ISRAEL, IN_FRANCE, IN_GERMANY = "192.0.2.1", "198.51.100.7", "2001:db8::7"
ELSEWHERE, NOWHERE = "203.0.113.9", "192.0.2.200"
GEO = {"IL": "https://example.com/il", "FR": "https://example.com/fr"}
# In the forms of those who make such files.
KNOWN = {
    "192.0.2.0/25": {"country": {"iso_code": "IL", "names": {"en": "Israel"}}},
    "198.51.100.0/24": {"country_code": "FR"},
    "2001:db8::/32": {"country": "DE"},
    "203.0.113.0/28": {"country": {"iso_code": "il"}, "country_code": "FR"},
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = tmp_path / "country.mmdb"
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-Country")
    for network, facts in KNOWN.items():
        writer.insert_network(IPSet([network]), facts)
    writer.to_db_file(str(made))
    monkeypatch.setenv("GEO_FILE", str(made))
    settings.settings.cache_clear()
    countries.forget()
    yield made
    monkeypatch.undo()
    settings.settings.cache_clear()
    countries.forget()


@pytest.mark.parametrize(
    ("address", "country"),
    [
        (IN_ISRAEL, "IL"),
        (IN_FRANCE, "FR"),
        (IN_GERMANY, "DE"),
        (ELSEWHERE, None),
        (NOWHERE, None),
        ("no address", None),
        ("", None),
    ],
)
@pytest.mark.usefixtures("file")
def test_302_by_the_country_of_the_file_and_the_click_says_it(
    stack: Stack, workspace: Workspace, address: str, country: str | None
) -> None:
    alias, link = stored(workspace, geo=GEO)
    assert location(ask(f"/{alias}", address=address)) == GEO.get(country or "", TARGET)
    [click] = clicks_of(stack, link)
    assert click.get("country") == country
    assert not address or address not in str(click)


def test_302_without_a_file_nobody_is_from_anywhere(stack: Stack, workspace: Workspace) -> None:
    alias, link = stored(workspace, geo=GEO)
    assert location(ask(f"/{alias}", address=IN_ISRAEL)) == TARGET
    assert "country" not in clicks_of(stack, link)[0]


@pytest.mark.usefixtures("file")
def test_302_what_cloudfront_says_goes_before_the_file(
    workspace: Workspace, trusted: dict[str, str]
) -> None:
    alias, _ = stored(workspace, geo=GEO)
    seen = {"CloudFront-Viewer-Address": f"{IN_FRANCE}:4711"}
    said = {"CloudFront-Viewer-Country": "IL"}
    assert location(ask(f"/{alias}", headers=trusted | seen | said)) == GEO["IL"]
    # What it leaves out the file says, of whom it saw.
    assert location(ask(f"/{alias}", headers=trusted | seen)) == GEO["FR"]


@pytest.mark.usefixtures("file")
def test_302_what_anybody_may_say_changes_nothing(workspace: Workspace) -> None:
    alias, _ = stored(workspace, geo=GEO)
    forged = {
        "CloudFront-Viewer-Country": "FR",
        "CloudFront-Viewer-Address": f"{IN_FRANCE}:1",
        "X-Forwarded-For": IN_FRANCE,
    }
    assert location(ask(f"/{alias}", headers=forged, address=IN_ISRAEL)) == GEO["IL"]


@pytest.mark.parametrize("content", [None, b"", b"no such file", "cut"])
def test_302_a_file_that_cannot_be_read_stops_nobody(
    stack: Stack,
    workspace: Workspace,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | str | None,
) -> None:
    if content is None:
        file.unlink()
    else:
        whole = file.read_bytes()
        file.write_bytes(whole[len(whole) // 2 :] if isinstance(content, str) else content)
    alias, link = stored(workspace, geo=GEO)
    assert location(ask(f"/{alias}", address=IN_ISRAEL)) == TARGET
    assert len(clicks_of(stack, link)) == 1
    told = capsys.readouterr().out
    assert "countries_unknown" in told
    assert IN_ISRAEL not in told
