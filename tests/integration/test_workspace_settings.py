"""Settings: the rules for calls, changed by version, of live and of test mode apart."""

from typing import Any

import pytest

from linkwright import ids
from linkwright.plans import PLANS
from linkwright.providers.llm_catalogue import MODELS
from linkwright.table import Table, update
from linkwright.workspace import operations, settings, workspaces
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.stack import Stack
from tools.demo import ensure_demo
from tools.workspace import ensure_workspace

OFF = {
    "calls": "on",
    "allowed_countries": None,
    "consent": "off",
    "calls_per_callee_per_day": None,
    "calls_per_day": None,
    "quiet_hours": None,
    "model": None,
    "retention_days": 365,
    "time_zone": "UTC",
    "usage_thresholds": [80, 100],
    "weekly_digest": "off",
    "language": "en",
    "conversion_window_days": 90,
    "version": 1,
    "updated_at": None,
}
STRICT = OFF | {
    "consent": "enforce",
    "calls_per_callee_per_day": 3,
    "quiet_hours": {"start": "21:00", "end": "08:00"},
}


def _change(workspace: Workspace, version: str | None, /, **changes: Any) -> Answer:
    headers = {"If-Match": version} if version is not None else {}
    return workspace.client.request(
        "PATCH", "/v1/workspace/settings", json=changes, headers=headers
    )


def _shown(workspace: Workspace) -> Any:
    answer = workspace.client.get("/v1/workspace/settings")
    assert answer.status == 200
    return answer.json


def _new(country: str = "IL") -> Workspace:
    """As `make workspace` makes it."""
    return Workspace(ensure_workspace(ids.new("ws"), "New", "pro", settings.of_new(country)))


def test_200_a_new_workspace_has_every_rule_and_calls_its_own_country(stack: Stack) -> None:
    assert _shown(_new("IL")) == STRICT | {"allowed_countries": ["IL"]}


def test_200_in_test_mode_every_rule_is_off_until_it_is_switched_on(stack: Stack) -> None:
    live = _new()
    test = Workspace(live.item, "test")
    before = _shown(live)
    assert _shown(test) == OFF
    assert _change(test, "1", consent="enforce").status == 200
    assert (_shown(test)["consent"], _shown(test)["version"]) == ("enforce", 2)
    assert _shown(live) == before
    assert _change(live, "1", consent="off").status == 200
    assert (_shown(test)["consent"], _shown(test)["version"]) == ("enforce", 2)


def test_200_a_workspace_from_before_there_were_settings_has_the_rules(stack: Stack) -> None:
    old = _new()
    update(Table.CORE, workspaces.key(old.id), "REMOVE #settings")
    assert _shown(old) == STRICT
    assert _change(old, "1", calls_per_callee_per_day=None).json["version"] == 2
    assert _shown(old)["consent"] == "enforce"
    assert _change(old, "1", consent="off").status == 409


def test_200_the_demo_has_no_rules_but_those_it_was_given(stack: Stack) -> None:
    name = ids.new("ws")
    demo = Workspace(ensure_demo(name, "Demo", "pro"))
    assert _shown(demo) == OFF
    update(Table.CORE, workspaces.key(name), "REMOVE #settings")
    ensure_demo(name, "Demo", "pro")
    assert _shown(demo) == OFF
    assert _change(demo, "1", consent="enforce").status == 200
    ensure_demo(name, "Demo", "pro")
    assert _shown(demo)["consent"] == "enforce"


def test_200_with_every_field(workspace: Workspace) -> None:
    given = {
        "calls": "off",
        "allowed_countries": ["US", "IL", "GB", "IL"],
        "consent": "enforce",
        "calls_per_callee_per_day": 100,
        "calls_per_day": 1_000_000,
        "quiet_hours": {"start": "20:00", "end": "09:30"},
        "model": "bedrock/nova-2-lite",
        "retention_days": 30,
        "time_zone": "Asia/Jerusalem",
        "usage_thresholds": [100, 5, 50, 100],
        "weekly_digest": "on",
        "language": "he",
        "conversion_window_days": 1,
    }
    changed = _change(workspace, '"1"', **given)
    assert changed.status == 200
    assert changed.json == _shown(workspace)
    assert changed.json.pop("updated_at")
    distinct = {"allowed_countries": ["GB", "IL", "US"], "usage_thresholds": [5, 50, 100]}
    expected = given | distinct | {"version": 2}
    assert {name: changed.json[name] for name in expected} == expected


def test_200_null_lifts_a_limit_and_what_is_not_sent_stays(stack: Stack) -> None:
    workspace = _new()
    changed = _change(workspace, "1", quiet_hours=None, allowed_countries=None).json
    lifted = {"quiet_hours": None, "version": 2, "updated_at": changed["updated_at"]}
    assert changed == STRICT | lifted


@pytest.mark.parametrize("model", ["deterministic", *MODELS])
def test_200_any_model_that_is_offered_and_null_for_the_deployments_own(
    workspace: Workspace, model: str
) -> None:
    assert _change(workspace, "1", model=model).json["model"] == model
    assert _shown(workspace)["model"] == model
    assert _change(workspace, "2", model=None).json["model"] is None


@pytest.mark.parametrize("zone", ["UTC", "America/Argentina/Ushuaia", "Etc/GMT+12", "US/Pacific"])
def test_200_any_time_zone_by_its_iana_name(workspace: Workspace, zone: str) -> None:
    assert _change(workspace, "1", time_zone=zone).json["time_zone"] == zone
    assert operations.tenant(workspace.partition).settings.time_zone == zone


@pytest.mark.parametrize("percents", [[], [1], [100], list(range(91, 101))])
def test_200_up_to_ten_thresholds_and_none_at_all(
    workspace: Workspace, percents: list[int]
) -> None:
    assert _change(workspace, "1", usage_thresholds=percents).json["usage_thresholds"] == percents
    assert _shown(workspace)["usage_thresholds"] == percents


def test_200_settings_from_before_there_were_thresholds_have_the_usual(
    workspace: Workspace,
) -> None:
    names = {"time_zone", "usage_thresholds", "weekly_digest", "language"}
    names |= {"conversion_window_days"}
    changed = _change(workspace, "1", calls="off").json
    old = {name: value for name, value in changed.items() if name not in names}
    update(Table.CORE, workspaces.key(workspace.id), "SET #settings = :old", values={"old": old})
    shown = _shown(workspace)
    assert shown["calls"] == "off"
    assert {name: shown[name] for name in names} == {
        **{"time_zone": "UTC", "usage_thresholds": [80, 100], "weekly_digest": "off"},
        **{"language": "en", "conversion_window_days": 90},
    }
    assert _change(workspace, "2", weekly_digest="on").json["usage_thresholds"] == [80, 100]


def test_200_a_change_of_nothing_is_no_version(workspace: Workspace) -> None:
    assert _change(workspace, "1").json == OFF
    assert _change(workspace, "1", calls="on", quiet_hours=None).json == OFF


def test_409_for_a_version_that_is_past(workspace: Workspace) -> None:
    assert _change(workspace, "1", calls="off").status == 200
    refused = _change(workspace, "1", calls="on")
    assert (refused.status, refused.error["reason"]) == (409, "version_mismatch")
    assert _shown(workspace)["calls"] == "off"


@pytest.mark.parametrize("mode", ["live", "test"])
def test_one_of_ten_changes_from_one_version_wins(stack: Stack, mode: str) -> None:
    from tests.integration.test_concurrency import at_once

    workspace = make_workspace(mode=mode)
    answers = at_once(10, lambda n: _change(workspace, "1", calls_per_day=n + 1))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 9
    assert _shown(workspace)["version"] == 2


@pytest.mark.parametrize("version", [None, "", "x", "0", "*"])
def test_400_without_a_version_to_change_from(workspace: Workspace, version: str | None) -> None:
    refused = _change(workspace, version, calls="off")
    assert (refused.status, refused.error["field"]) == (400, "If-Match")


_COUNTRY = "must be an ISO 3166-1 code of two capital letters."
_ZONE = "must be the IANA name of a time zone, as 'Asia/Tokyo'."
_MODEL = "must be one of the models that are offered."


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("calls", None, ""),
        ("calls", "OFF", ""),
        ("calls", False, ""),
        ("consent", "on", ""),
        ("consent", None, ""),
        ("allowed_countries", "IL", ""),
        ("allowed_countries", [], ""),
        ("allowed_countries", ["IL"] * 251, ""),
        ("allowed_countries.0", ["il"], f"Field 'allowed_countries.0' {_COUNTRY}"),
        ("allowed_countries.1", ["IL", "XX"], f"Field 'allowed_countries.1' {_COUNTRY}"),
        ("allowed_countries.0", ["001"], f"Field 'allowed_countries.0' {_COUNTRY}"),
        ("allowed_countries.0", ["UK"], f"Field 'allowed_countries.0' {_COUNTRY}"),
        ("allowed_countries.0", [972], ""),
        ("calls_per_callee_per_day", 0, ""),
        ("calls_per_callee_per_day", 101, ""),
        ("calls_per_callee_per_day", "3", ""),
        ("calls_per_day", 0, ""),
        ("calls_per_day", 1_000_001, ""),
        ("calls_per_day", True, ""),
        ("quiet_hours.end", {"start": "21:00"}, "Field 'quiet_hours.end' is required."),
        (
            "quiet_hours",
            {"start": "21:00", "end": "21:00"},
            "Field 'quiet_hours' must not begin and end at the same time.",
        ),
        ("quiet_hours.end", {"start": "21:00", "end": "24:00"}, ""),
        ("model", "gpt-1", f"Field 'model' {_MODEL}"),
        ("model", "Bedrock/nova-2-lite", f"Field 'model' {_MODEL}"),
        ("model", "global.amazon.nova-2-lite-v1:0", f"Field 'model' {_MODEL}"),
        ("model", "", f"Field 'model' {_MODEL}"),
        ("model", "m" * 101, ""),
        ("model", 7, ""),
        ("time_zone", "Asia/Atlantis", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "asia/tokyo", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "+02:00", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "Asia", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "../zones", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "posix/UTC", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "Factory", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "UTC UTC", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "", f"Field 'time_zone' {_ZONE}"),
        ("time_zone", "x" * 65, ""),
        ("time_zone", None, ""),
        ("usage_thresholds.1", [80, 0], ""),
        ("usage_thresholds.0", [101], ""),
        ("usage_thresholds.0", [80.5], ""),
        ("usage_thresholds.0", ["80"], ""),
        ("usage_thresholds.0", [True], ""),
        ("usage_thresholds", [80] * 11, ""),
        ("usage_thresholds", 80, ""),
        ("usage_thresholds", None, ""),
        ("weekly_digest", "daily", ""),
        ("weekly_digest", None, ""),
        ("language", "fr", ""),
        ("language", None, ""),
        ("conversion_window_days", 0, ""),
        ("conversion_window_days", 91, ""),
        ("conversion_window_days", 7.5, ""),
        ("conversion_window_days", "7", ""),
        ("conversion_window_days", True, ""),
        ("conversion_window_days", None, ""),
        ("version", 7, "Unknown field 'version'."),
        ("updated_at", None, "Unknown field 'updated_at'."),
    ],
)
def test_400_names_the_field(workspace: Workspace, field: str, value: object, text: str) -> None:
    refused = _change(workspace, "1", **{field.partition(".")[0]: value})
    assert (refused.status, refused.error["code"]) == (400, "validation_failed")
    assert refused.error["field"] == field
    assert refused.error["message"] == text or not text
    assert _shown(workspace) == OFF


def test_200_each_workspace_has_its_own(workspace: Workspace, other_workspace: Workspace) -> None:
    assert _change(workspace, "1", calls="off").status == 200
    assert _shown(other_workspace) == OFF


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_tenant_is_plan_anchor_day_and_the_settings_of_its_mode(stack: Stack, mode: str) -> None:
    workspace = make_workspace("business", mode, {"calls": "off", "allowed_countries": ["IL"]})
    tenant = operations.tenant(workspace.partition)
    assert tenant.plan == PLANS["business"]
    assert tenant.anchor_day == workspace.item["anchor_day"]
    assert tenant.settings.model_dump(mode="json") == _shown(workspace)
    assert (tenant.settings.calls, tenant.settings.allowed_countries) == ("off", ["IL"])
    other = {"live": f"{workspace.id}.test", "test": workspace.id}[mode]
    assert operations.tenant(other).settings.calls == "on"


def test_there_is_no_tenant_without_a_workspace(stack: Stack) -> None:
    for partition in ("ws_none", "ws_none.test"):
        with pytest.raises(LookupError):
            operations.tenant(partition)
