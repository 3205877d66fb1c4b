"""Mail campaigns: what they say, when they mail, and what keeps them from it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from linkwright.mailer import lines
from linkwright.transaction import Transaction
from tests import mailing
from tests.client import Answer
from tests.clocks import Hand
from tests.factories import PASSED, Workspace, make_workspace
from tests.stack import Stack


def _change(workspace: Workspace, campaign: str, version: int = 1, **fields: Any) -> Answer:
    at = {"If-Match": f'"{version}"'}
    return workspace.client.request(
        "PATCH", f"/v1/mailer/campaigns/{campaign}", json=fields, headers=at
    )


def _do(workspace: Workspace, campaign: str, verb: str) -> Answer:
    if verb == "start":
        return workspace.client.post(f"/v1/mailer/campaigns/{campaign}/start")
    return workspace.client.post(f"/v1/mailer/campaigns/{campaign}/pause")


def _get(workspace: Workspace, campaign: str) -> Any:
    return workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json


def _told(workspace: Workspace, campaign: str) -> list[tuple[str, str, str]]:
    """What events tell of its states: reason, before and after, the oldest first."""
    rows = workspace.client.get(f"/v1/events?object={campaign}").json["data"]
    told = [row["data"] for row in reversed(rows) if row["type"] == "campaign.state_changed"]
    return [(one["reason"], one["previous_state"], one["object"]["state"]) for one in told]


def _done(workspace: Workspace, campaign: str) -> list[str]:
    rows = workspace.client.get(f"/v1/workspace/audit?object={campaign}").json["data"]
    return [row["action"] for row in reversed(rows)]


def test_201_makes_a_draft_that_waits_for_approval(workspace: Workspace) -> None:
    made = workspace.client.post("/v1/mailer/campaigns", json={"name": "Clinics"})
    assert made.status == 201
    assert made.headers["Location"].endswith(f"/v1/mailer/campaigns/{made.json['id']}")
    shown = made.json
    assert (shown["state"], shown["require_approval"], shown["format"]) == ("draft", True, "text")
    assert shown["sending_status"] == {"code": "draft", "until": None}
    assert shown["throttle"]["window"]["days"] == ["mon", "tue", "wed", "thu", "fri"]
    assert set(shown["lead_counts"].values()) == {0}
    assert _get(workspace, shown["id"]) == shown


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "a\r\nBcc: x@example.com"}, "name"),
        ({"sender_name": "Noa\nX"}, "sender_name"),
        ({"steps": []}, "steps"),
        ({"steps": [{"delay_days": 1}] * 11}, "steps"),
        ({"steps": [{"delay_days": 91}]}, "steps.0.delay_days"),
        ({"mailbox_ids": ["lead_12345678"]}, "mailbox_ids.0"),
        ({"throttle": {"window": {"start": "17:00", "end": "09:00"}}}, "throttle.window"),
        ({"throttle": {"window": {"days": []}}}, "throttle.window.days"),
        ({"throttle": {"time_zone": "Mars/Base"}}, "throttle.time_zone"),
        ({"format": "markdown"}, "format"),
        ({"language": "hebrew"}, "language"),
        ({"state": "active"}, "state"),
    ],
)
def test_400_for_what_no_campaign_says(
    workspace: Workspace, fields: dict[str, Any], field: str
) -> None:
    answer = workspace.client.post("/v1/mailer/campaigns", json={"name": "Clinics"} | fields)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_201_without_the_marks_that_turn_a_name_around(workspace: Workspace) -> None:
    made = workspace.client.post(
        "/v1/mailer/campaigns", json={"name": "\u202eClinics", "sender_name": "נועה"}
    )
    assert (made.json["name"], made.json["sender_name"]) == ("Clinics", "נועה")


def test_404_for_a_mailbox_of_somebody_else(workspace: Workspace) -> None:
    other = make_workspace().mailbox()
    wanted = {"name": "Clinics", "mailbox_ids": [other]}
    assert workspace.client.post("/v1/mailer/campaigns", json=wanted).status == 404
    mine = workspace.mailer_campaign()
    assert _change(workspace, mine, mailbox_ids=[other]).error["field"] == "mailbox_ids"


def test_401_for_mailing_unseen_without_the_scope_to_approve(workspace: Workspace) -> None:
    """Else whoever may write campaigns approved all that they say."""
    writer = workspace.client_with(["*:write"])
    wanted = {"name": "Clinics", "require_approval": False}
    answer = writer.post("/v1/mailer/campaigns", json=wanted)
    assert (answer.status, answer.error["code"]) == (401, "missing_scope")
    made = writer.post("/v1/mailer/campaigns", json={"name": "Clinics"}).json["id"]
    headers, change = {"If-Match": "1"}, {"require_approval": False}
    path = f"/v1/mailer/campaigns/{made}"
    assert writer.request("PATCH", path, json=change, headers=headers).status == 401
    approver = workspace.client_with(["*:write", "emails:approve"])
    assert approver.request("PATCH", path, json=change, headers=headers).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"postal_address": "Pay at https://evil.example/pay"},
        {"sender_name": "Your bank"},
        {"format": "html"},
        {"language": "he"},
    ],
)
def test_401_for_changing_what_approved_mails_show_by_who_may_not_approve(
    workspace: Workspace, change: dict[str, Any]
) -> None:
    campaign, scopes = workspace.mailer_campaign(), ["*:read", "*:write"]
    path, headers = f"/v1/mailer/campaigns/{campaign}", {"If-Match": "1"}
    workspace.lead(campaign)
    writer = workspace.client_with(scopes)
    assert writer.request("PATCH", path, json=change, headers=headers).status == 401
    assert writer.request("PATCH", path, json={"name": "B"}, headers=headers).status == 200
    approver, headers = workspace.client_with([*scopes, "emails:approve"]), {"If-Match": "2"}
    assert approver.request("PATCH", path, json=change, headers=headers).status == 200


def test_401_for_changing_what_is_written_where_nobody_approves_that(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign(require_approval=False)
    path, headers = f"/v1/mailer/campaigns/{campaign}", {"If-Match": "1"}
    writer = workspace.client_with(["*:read", "*:write"])
    for change in ({"instructions": "Ask for money."}, {"steps": [{"delay_days": 1}]}):
        assert writer.request("PATCH", path, json=change, headers=headers).status == 401
    asks = {"require_approval": True, "instructions": "Ask for a talk."}
    assert writer.request("PATCH", path, json=asks, headers=headers).status == 200


def test_200_a_campaign_without_leads_is_changed_by_who_may_write(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    path, change = f"/v1/mailer/campaigns/{campaign}", {"postal_address": "2 Main Street"}
    writer = workspace.client_with(["*:read", "*:write"])
    assert writer.request("PATCH", path, json=change, headers={"If-Match": "1"}).status == 200


@pytest.mark.parametrize("field", ["postal_address", "sender_name"])
def test_400_or_plain_what_a_mail_shows_is_one_line(workspace: Workspace, field: str) -> None:
    wanted = {"name": "Clinics", field: "1 Main Street\nPay today"}
    answer = workspace.client.post("/v1/mailer/campaigns", json=wanted)
    assert (answer.status, answer.error["field"]) == (400, field)
    turned = {"name": "Clinics", field: "\u202e1 Main Street"}
    answer = workspace.client.post("/v1/mailer/campaigns", json=turned)
    assert (answer.status, answer.json[field]) == (201, "1 Main Street")


@pytest.mark.parametrize("verb", ["start", "pause"])
def test_401_for_starting_and_pausing_by_who_may_only_write(
    workspace: Workspace, verb: str
) -> None:
    campaign = workspace.mailer_campaign()
    writer = workspace.client_with(["*:read", "*:write"])
    assert writer.post(f"/v1/mailer/campaigns/{campaign}/{verb}").status == 401


def test_200_lists_the_newest_first_and_by_state(workspace: Workspace) -> None:
    drafts = [workspace.mailer_campaign() for _ in range(2)]
    mailing = workspace.mailing()
    rows = workspace.client.get("/v1/mailer/campaigns").json["data"]
    assert [row["id"] for row in rows] == [mailing, *reversed(drafts)]
    assert "lead_counts" not in rows[0]
    for state, ids in (("draft", drafts[::-1]), ("active", [mailing]), ("archived", [])):
        found = workspace.client.get(f"/v1/mailer/campaigns?state={state}").json["data"]
        assert [row["id"] for row in found] == ids
    assert workspace.client.get("/v1/mailer/campaigns?state=gone").status == 400


def test_200_changes_what_was_sent_and_nothing_else(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign(instructions="Offer a trial.", metadata={"a": "b"})
    before = _get(workspace, campaign)
    after = _change(workspace, campaign, name="Dentists", instructions=None).json
    changed = {"name": "Dentists", "instructions": None, "version": 2}
    assert after == before | changed | {"updated_at": after["updated_at"]}
    assert _change(workspace, campaign, version=2, name="Dentists").json["version"] == 2


def test_409_for_a_version_that_is_over(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    assert _change(workspace, campaign, name="Dentists").status == 200
    answer = _change(workspace, campaign, name="Vets")
    assert (answer.status, answer.error["reason"]) == (409, "version_mismatch")
    bare = workspace.client.request(
        "PATCH", f"/v1/mailer/campaigns/{campaign}", json={"name": "Vets"}
    )
    assert (bare.status, bare.error["field"]) == (400, "If-Match")


def test_200_starts_pauses_and_goes_on_and_tells_it(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    for verb, state in (("start", "active"), ("pause", "paused"), ("start", "active")):
        for _ in range(2):  # a second time it is as it is
            assert _do(workspace, campaign, verb).json["state"] == state
    assert _told(workspace, campaign) == [
        ("started", "draft", "active"),
        ("paused", "active", "paused"),
        ("resumed", "paused", "active"),
    ]
    assert _done(workspace, campaign) == ["campaign.started", "campaign.paused", "campaign.started"]


@pytest.mark.parametrize(
    ("fields", "mailbox", "reason"),
    [
        ({"postal_address": None}, {}, "postal_address_missing"),
        ({"mailbox_ids": []}, {}, "no_mailbox"),
        ({}, {"status": "verifying"}, "mailbox_not_active"),
        ({}, {"status": "failed"}, "mailbox_not_active"),
        ({}, {"checks": None}, "domain_not_verified"),
        ({}, {"checks": PASSED | {"spf": {"status": "failed"}}}, "domain_not_verified"),
        ({}, {"checks": PASSED | {"dkim": {"status": "unknown"}}}, "domain_not_verified"),
    ],
)
def test_409_until_it_may_mail(
    workspace: Workspace, fields: dict[str, Any], mailbox: dict[str, Any], reason: str
) -> None:
    wanted = {"mailbox_ids": [workspace.mailbox(**mailbox)]} | fields
    campaign = workspace.mailer_campaign(**wanted)
    answer = _do(workspace, campaign, "start")
    assert (answer.status, answer.error["reason"]) == (409, reason)
    assert _get(workspace, campaign)["state"] == "draft"
    assert _told(workspace, campaign) == []
    plan = workspace.client.get(f"/v1/mailer/campaigns/{campaign}/plan").json
    assert plan["blocked_by"] == [reason]


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        (None, "spf is unknown, dkim is unknown"),
        (
            PASSED | {"spf": {"status": "failed", "reason": "record_missing"}},
            "spf is failed (record_missing)",
        ),
        (
            PASSED | {"dkim": {"status": "unknown", "reason": "selector_unknown"}},
            "dkim is unknown (selector_unknown)",
        ),
    ],
)
def test_409_names_the_check_that_has_not_passed(
    workspace: Workspace, checks: dict[str, Any] | None, told: str
) -> None:
    proven, wanting = workspace.mailbox(), workspace.mailbox(checks=checks)
    campaign = workspace.mailer_campaign(mailbox_ids=[proven, wanting])
    assert _do(workspace, campaign, "start").error["message"] == (
        f"The domain of mailbox {wanting} has not passed its checks: {told}."
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"postal_address": None}, "postal_address_missing"), ({"mailbox_ids": []}, "no_mailbox")],
)
def test_409_for_taking_from_one_that_mails_what_it_needs(
    workspace: Workspace, fields: dict[str, Any], reason: str
) -> None:
    campaign = workspace.mailing()
    answer = _change(workspace, campaign, version=2, **fields)
    assert (answer.status, answer.error["reason"]) == (409, reason)
    assert _do(workspace, campaign, "pause").status == 200
    assert _change(workspace, campaign, version=3, **fields).status == 200


def test_409_for_pausing_what_does_not_mail(workspace: Workspace) -> None:
    answer = _do(workspace, workspace.mailer_campaign(), "pause")
    assert (answer.status, answer.error["reason"]) == (409, "campaign_not_active")


def test_200_archives_what_does_not_mail_and_takes_it_back(workspace: Workspace) -> None:
    campaign = workspace.mailing()
    answer = _change(workspace, campaign, version=2, archived=True)
    assert (answer.status, answer.error["reason"]) == (409, "campaign_active")
    _do(workspace, campaign, "pause")
    assert _change(workspace, campaign, version=3, archived=True).json["state"] == "archived"
    refused = _do(workspace, campaign, "start")
    assert (refused.status, refused.error["reason"]) == (409, "campaign_archived")
    path = f"/v1/mailer/campaigns/{campaign}/leads"
    pushed = workspace.client.post(path, json={"email": "noa@example.com"})
    assert (pushed.status, pushed.error["reason"]) == (409, "campaign_archived")
    assert _change(workspace, campaign, version=4, archived=False).json["state"] == "paused"
    assert [told[0] for told in _told(workspace, campaign)][2:] == ["archived", "unarchived"]
    assert _done(workspace, campaign)[2:] == ["campaign.archived", "campaign.paused"]


def test_200_says_when_its_window_opens(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = {"days": ["sun", "mon"], "start": "09:00", "end": "17:00"}
    campaign = workspace.mailer_campaign(throttle={"window": window, "time_zone": "Asia/Jerusalem"})
    _do(workspace, campaign, "start")
    hand = Hand(monkeypatch)
    told = {
        # A Monday: 16:59 there, and 17:00.
        datetime(2026, 11, 30, 14, 59, tzinfo=UTC): ("nothing_ready", None),
        datetime(2026, 11, 30, 15, 0, tzinfo=UTC): ("outside_window", "2026-12-06T07:00:00Z"),
        datetime(2026, 12, 6, 6, 59, tzinfo=UTC): ("outside_window", "2026-12-06T07:00:00Z"),
        datetime(2026, 12, 6, 7, 0, tzinfo=UTC): ("nothing_ready", None),
    }
    for moment, (code, until) in told.items():
        hand.set(moment)
        assert _get(workspace, campaign)["sending_status"] == {"code": code, "until": until}


def test_200_plans_by_the_narrowest_of_its_limits(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.real_limits(monkeypatch)
    hand = Hand(monkeypatch)
    hand.set(datetime(2026, 11, 30, 10, 0, tzinfo=UTC))  # a Monday within the window
    whole = {"jitter_seconds": 0, "ramp": {"start": 100, "step": 0}, "window": AT_WORK}
    boxes = [workspace.mailbox(daily_cap=cap, gap_seconds=600, **whole) for cap in (20, 100)]
    campaign = workspace.mailer_campaign(
        mailbox_ids=boxes, steps=[{"delay_days": 0}, {"delay_days": 3, "business_days": False}]
    )
    people = [{"email": f"noa{at}@example.com"} for at in range(100)]
    workspace.client.post(f"/v1/mailer/campaigns/{campaign}/leads", json={"leads": people})
    plan = workspace.client.get(f"/v1/mailer/campaigns/{campaign}/plan").json
    # 8 hours of one mail in ten minutes.
    assert [box["sends_per_day"] for box in plan["mailboxes"]] == [20, 48]
    # 200 mails at 68 a day end on the third day; who is written to first last, three days later.
    assert (plan["sends_per_day"], plan["sends_left"]) == (68, 200)
    assert plan["finishes_on"] == "2026-12-04"
    assert plan["blocked_by"] == []
    throttle = {"daily_limit": 10}
    _change(workspace, campaign, throttle=throttle)
    slower = workspace.client.get(f"/v1/mailer/campaigns/{campaign}/plan").json
    # 20 days on which it mails.
    assert (slower["sends_per_day"], slower["finishes_on"]) == (10, "2026-12-25")


AT_WORK = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "18:00"}


def _plan(workspace: Workspace, people: int, box: str, **wanted: Any) -> dict[str, Any]:
    campaign = workspace.mailer_campaign(mailbox_ids=[box], steps=[{"delay_days": 0}], **wanted)
    leads = [{"email": f"noa{at}@example.com"} for at in range(people)]
    workspace.client.post(f"/v1/mailer/campaigns/{campaign}/leads", json={"leads": leads})
    return dict(workspace.client.get(f"/v1/mailer/campaigns/{campaign}/plan").json)


def test_200_plans_by_how_a_mailbox_grows(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.real_limits(monkeypatch)
    hand = Hand(monkeypatch)
    hand.set(datetime(2026, 11, 30, 10, 0, tzinfo=UTC))  # a Monday within the window
    ramp = {"ramp": {"start": 10, "step": 1}, "daily_cap": 40, "window": AT_WORK}
    box = workspace.mailbox(gap_seconds=60, jitter_seconds=0, **ramp)
    plan = _plan(workspace, 70, box)
    assert (plan["sends_per_day"], plan["sends_next_day"]) == (40, 10)
    # 10, 11, 12, 13 and 14 of this week, and of the next one's Monday 17.
    assert (plan["sends_left"], plan["finishes_on"]) == (70, "2026-12-07")
    line = lines.line_key(workspace.partition, box).attributes()
    stack.put("CoreTable", line | {"first_day": "2026-11-10"})
    grown = _plan(workspace, 70, box)
    assert (grown["sends_next_day"], grown["mailboxes"][0]["sends_next_day"]) == (30, 30)
    assert grown["finishes_on"] == "2026-12-02"


def test_200_plans_by_when_the_windows_of_mailbox_and_campaign_are_both_open(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing.real_limits(monkeypatch)
    hand = Hand(monkeypatch)
    hand.set(datetime(2026, 11, 30, 10, 0, tzinfo=UTC))  # a Monday within the window
    grown = {"ramp": {"start": 100, "step": 0}, "daily_cap": 100, "gap_seconds": 600}
    window = {"days": ["tue", "wed"], "start": "07:00", "end": "09:00"}
    # In winter 07:00 to 09:00 there is 12:00 to 14:00 UTC.
    there = {"window": window, "time_zone": "America/New_York", "jitter_seconds": 600}
    box = workspace.mailbox(**grown, **there)
    plan = _plan(workspace, 20, box)
    # Two hours, by 15 minutes between two mails on average.
    assert (plan["sends_per_day"], plan["sends_next_day"]) == (8, 0)
    assert plan["finishes_on"] == "2026-12-08"
    never = workspace.mailbox(**grown, **there | {"window": window | {"days": ["sun"]}})
    assert _plan(workspace, 20, never)["sends_per_day"] == 32


def test_200_counts_leads_by_status(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    for at in range(10):
        workspace.lead(campaign, email=f"noa{at}@example.com")
    counts = _get(workspace, campaign)["lead_counts"]
    assert {name: number for name, number in counts.items() if number} == {"pending": 10}


def test_200_for_who_starts_what_another_one_changes_meanwhile(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = workspace.mailer_campaign()
    commit = Transaction.commit

    def first(tx: Transaction) -> None:
        monkeypatch.setattr(Transaction, "commit", commit)
        assert _change(workspace, campaign, name="Dentists").status == 200
        commit(tx)

    monkeypatch.setattr(Transaction, "commit", first)
    answer = _do(workspace, campaign, "start")
    assert (answer.status, answer.json["name"], answer.json["version"]) == (200, "Dentists", 3)
