from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from linkwright import deprecation
from linkwright.deprecation import Deprecation
from tests.factories import Workspace

NOTICE = timedelta(days=365)
ROUTE = "GET /v1/whoami"
OLD = Deprecation(date(2026, 11, 22), date(2027, 11, 22), "https://docs.example.com/v2")


def test_200_of_a_deprecated_route_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deprecation, "DEPRECATED", {ROUTE: OLD})
    answer = workspace.client.get("/v1/whoami")
    since = datetime.fromtimestamp(
        int(answer.headers["Deprecation"].removeprefix("@")), tz=parsed(answer.headers).tzinfo
    )
    assert answer.status == 200
    assert parsed(answer.headers) - since >= NOTICE
    assert answer.headers["Link"] == '<https://docs.example.com/v2>; rel="deprecation"'
    assert "Deprecation" not in workspace.client.get("/v1/voice/agents").headers


def test_every_deprecated_route_gives_a_year_of_notice() -> None:
    short = [
        route for route, old in deprecation.DEPRECATED.items() if old.sunset - old.since < NOTICE
    ]
    assert short == []


def parsed(headers: object) -> datetime:
    assert isinstance(headers, dict)
    return parsedate_to_datetime(headers["Sunset"])
