"""Each file of events/ is handled as its name promises."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from linkwright import clock, events, ids, jobs
from linkwright.client import core
from linkwright.exchange import Contract
from linkwright.links import items as link_items
from linkwright.links import links
from linkwright.links.items import click_key, day_row, link_rows, salt_key
from linkwright.links.redirect import salts
from linkwright.mailer import items as mailer
from linkwright.notifications import items as notifications
from linkwright.table import Item, Key, Table, get, update
from linkwright.voice.calls import follow_ups, items, turn_log
from linkwright.webhooks import endpoints
from linkwright.workspace import facts, keys, members, workspaces
from linkwright.workspace.mailed import digest_job, unsubscribing
from tests import (
    answered,
    clicks,
    feedback,
    heard,
    leads,
    mailhost,
    mailing,
    pump,
    receiver,
    runs,
)
from tests.carrier import PUBLIC_URL, Exchange
from tests.client import Answer, Context, http_event, invoke, load, named
from tests.factories import HOOK, Workspace
from tests.faults import wiring
from tests.integration.in_memory import in_memory
from tests.integration.sample_events import SID, demo, sample
from tests.integration.signed import verbs
from tests.shortlinks import TARGET, stored
from tests.stack import Stack
from tests.switchboard import PlacedCall
from tools.carrier.overrides import bare
from tools.demo import AGENT_ID, MEMBER_ID
from tools.template import ROOT, Function, functions

# The number that the samples name.
NUMBER = "+972541230099"
LONG_AGO = "2000-01-01T00:00:00Z"


def replay(file: str, sid: str = SID) -> Answer:
    answer = invoke(file, sample(named(file), sid))
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def named_call() -> str:
    """The call that the samples name."""
    return str(sample(named("get_call"))["pathParameters"]["call_id"])


@pytest.fixture(autouse=True)
def _things_of_the_samples(stack: Stack) -> None:
    """What `sam local invoke` finds once a user made them and wrote their names into the events."""
    if items.find(demo().partition, named_call()) is None:
        _place_the_call()
    demo().never_call(NUMBER)
    _have_the_key()
    if get(Table.ACCESS, members.row(demo().id, MEMBER_ID)) is None:
        demo().member(id=MEMBER_ID)
    _have_the_webhook()
    _have_the_link()
    _have_the_campaign()
    _have_the_notification()
    _have_the_domain()
    _have_the_mailer()


def named_key() -> str:
    """The key that the samples name."""
    return str(sample(named("get_key"))["pathParameters"]["key_id"])


def _have_the_key() -> None:
    if get(Table.ACCESS, keys.pointer(demo().id, named_key())) is None:
        new = ids.new
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ids, "new", lambda kind: named_key() if kind == "key" else new(kind))
            demo().key()


def named_webhook() -> str:
    """The endpoint that the samples name."""
    return str(sample(named("get_webhook"))["pathParameters"]["webhook_id"])


def _have_the_webhook() -> None:
    """And the event that it is to hear of."""
    of_samples = {"wh": named_webhook(), "evt": named_event()}
    new = ids.new
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda kind: of_samples.get(kind) or new(kind))
        if endpoints.stored(demo().partition, named_webhook()) is None:
            demo().webhook(events=["call.ended"])
        if get(Table.CORE, events.key(demo().partition, named_event())) is None:
            demo().happen()


def named_link() -> str:
    """The link that the samples name."""
    return str(sample(named("get_link"))["pathParameters"]["link_id"])


def named_campaign() -> str:
    """The campaign of links that the samples name."""
    return str(sample(named("get_campaign"))["pathParameters"]["campaign_id"])


def _have_the_campaign() -> None:
    if get(Table.CORE, link_items.campaign_key(demo().partition, named_campaign())) is None:
        _as_named("lcmp", named_campaign(), demo().link_campaign)


def named_domain() -> str:
    """The domain that the samples name."""
    return str(sample(named("get_domain"))["pathParameters"]["domain_id"])


def _have_the_domain() -> None:
    if get(Table.CORE, link_items.domain_key(demo().partition, named_domain())) is None:
        _as_named("dom", named_domain(), demo().domain)


def named_mailer_campaign() -> str:
    """The mail campaign that the samples name."""
    return str(sample(named("get_mailer_campaign"))["pathParameters"]["campaign_id"])


def named_lead() -> str:
    """The lead that the samples name."""
    return str(sample(named("get_lead"))["pathParameters"]["lead_id"])


def named_suppression() -> str:
    """The entry of the suppression list that the samples name."""
    path = sample(named("remove_suppression"))["pathParameters"]
    return str(path["suppression_id"])


def _have_the_mailer() -> None:
    """A campaign, and a lead of it."""
    campaign = named_mailer_campaign()
    if get(Table.CORE, mailer.campaign_key(demo().partition, campaign)) is None:
        _as_named("cmp", campaign, demo().mailer_campaign)
    if get(Table.CORE, mailer.lead_key(demo().partition, named_lead())) is None:
        _as_named("lead", named_lead(), lambda: demo().lead(campaign))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailer, "hashed", lambda _: named_suppression().removeprefix("sup_"))
        demo().suppression()


def named_notification() -> str:
    """The notification that the samples name."""
    return str(sample(named("read_notification"))["pathParameters"]["notification_id"])


def _have_the_notification() -> None:
    if get(Table.CORE, notifications.key(demo().partition, named_notification())) is None:
        _as_named("ntf", named_notification(), demo().notification)


def _as_named(kind: str, wanted: str, make: Callable[[], object]) -> None:
    """Make something under the id that the samples name."""
    new = ids.new
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda asked: wanted if asked == kind else new(asked))
        make()


def _have_the_link() -> None:
    if links.stored(demo().partition, named_link()) is None:
        new = ids.new
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ids, "new", lambda kind: named_link() if kind == "lnk" else new(kind))
            demo().link()


def named_event() -> str:
    """The event that the samples name."""
    return str(sample(named("get_event"))["pathParameters"]["event_id"])


def _place_the_call() -> None:
    new = ids.new
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda kind: named_call() if kind == "call" else new(kind))
        assert demo().place(AGENT_ID).status == 201


@pytest.fixture
def dialled(stack: Stack, exchange: Exchange) -> Iterator[PlacedCall]:
    """The call that the samples name, just dialled, by the sample that has it dialled.

    In tables of its own, where no other call waits for longer.
    """
    demo.cache_clear()
    with in_memory(stack):
        _place_the_call()
        answer = invoke("dial_call", sample(named("dial_call")), Context(pump.WORKER_TIMEOUT_MS))
        assert answer == {"batchItemFailures": []}
        (placed,) = exchange.test.calls
        yield placed
    demo.cache_clear()


def test_fan_out_event(stack: Stack) -> None:
    answer = invoke("fan_out_event", sample(named("fan_out_event")))
    assert answer == {"batchItemFailures": []}
    assert not jobs.is_waiting(events.key(demo().partition, named_event()))


def test_deliver_webhook(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fanned out is sent."""
    with receiver.receivers(monkeypatch) as receivers:
        for worker in ("fan_out_event", "deliver_webhook"):
            answer = invoke(worker, sample(named(worker)), Context(pump.WORKER_TIMEOUT_MS))
            assert answer == {"batchItemFailures": []}
        assert named_event() in {message.id for message in receivers.at(HOOK)}


def test_405_answer_unmatched() -> None:
    answer = replay("answer_unmatched")
    assert (answer.status, answer.error["code"]) == (405, "invalid_request")
    assert answer.headers["Allow"] == "GET, POST"


def test_200_list_campaigns() -> None:
    answer = replay("list_campaigns")
    assert answer.status == 200
    assert named_campaign() in {row["id"] for row in answer.json["data"]}


def test_200_get_campaign() -> None:
    answer = replay("get_campaign")
    assert (answer.status, answer.json["id"]) == (200, named_campaign())


def test_200_update_campaign() -> None:
    answer = replay("update_campaign")
    assert (answer.status, answer.json["name"]) == (200, "Spring sale")


def test_204_delete_campaign() -> None:
    assert replay("delete_campaign").status == 204
    assert replay("get_campaign").status == 404


def test_200_list_domains() -> None:
    answer = replay("list_domains")
    assert answer.status == 200
    assert named_domain() in {row["id"] for row in answer.json["data"]}


def test_201_create_domain() -> None:
    answer = replay("create_domain")
    assert (answer.status, answer.json["domain"]) == (201, "shop.example.org")


def test_200_get_domain() -> None:
    answer = replay("get_domain")
    assert (answer.status, answer.json["id"]) == (200, named_domain())


def test_200_update_domain() -> None:
    answer = replay("update_domain")
    assert (answer.status, answer.json["not_found_url"]) == (200, "https://example.com/gone")


def test_200_verify_domain() -> None:
    answer = replay("verify_domain")
    assert (answer.status, answer.json["status"]) == (200, "pending")
    assert answer.json["last_error"]["code"] == "record_not_found"


def test_204_delete_domain() -> None:
    assert replay("delete_domain").status == 204
    assert replay("get_domain").status == 404


def test_200_list_notifications() -> None:
    answer = replay("list_notifications")
    assert answer.status == 200
    assert named_notification() in {row["id"] for row in answer.json["data"]}


def test_200_read_notification() -> None:
    answer = replay("read_notification")
    assert (answer.status, answer.json["id"]) == (200, named_notification())
    assert answer.json["read_at"] is not None


def test_200_get_own_key() -> None:
    answer = replay("get_own_key")
    assert (answer.status, answer.json["configured"]) == (200, False)


def test_402_set_own_key() -> None:
    """The demo's plan has none."""
    answer = replay("set_own_key")
    assert (answer.status, answer.json["error"]) == (402, "byok_requires_enterprise")


def test_204_delete_own_key() -> None:
    assert replay("delete_own_key").status == 204


def test_200_list_mailer_campaigns() -> None:
    answer = replay("list_mailer_campaigns")
    assert answer.status == 200
    assert named_mailer_campaign() in {row["id"] for row in answer.json["data"]}


def test_201_create_mailer_campaign() -> None:
    answer = replay("create_mailer_campaign")
    assert (answer.status, answer.json["state"], len(answer.json["steps"])) == (201, "draft", 2)
    assert replay("create_mailer_campaign").headers["Idempotent-Replayed"] == "true"


def test_200_get_mailer_campaign() -> None:
    answer = replay("get_mailer_campaign")
    assert (answer.status, answer.json["id"]) == (200, named_mailer_campaign())


def test_200_update_mailer_campaign() -> None:
    """At the first version, as the sample says."""
    answer = replay("update_mailer_campaign")
    assert answer.status in {200, 409}
    shown = replay("get_mailer_campaign").json
    assert (shown["name"] == "Clinics in summer") is (answer.status == 200)


def test_200_start_and_pause_mailer_campaign() -> None:
    assert replay("start_mailer_campaign").json["state"] == "active"
    assert replay("pause_mailer_campaign").json["state"] == "paused"


def test_200_plan_mailer_campaign() -> None:
    answer = replay("plan_mailer_campaign")
    assert (answer.status, answer.json["blocked_by"]) == (200, [])


def test_201_push_leads() -> None:
    answer = replay("push_leads")
    assert (answer.status, answer.json["email"]) == (201, "richard@avishealth.com")
    assert replay("push_leads").headers["Idempotent-Replayed"] == "true"


def test_200_list_leads() -> None:
    answer = replay("list_leads")
    assert answer.status == 200
    assert named_lead() in {row["id"] for row in answer.json["data"]}


def test_200_get_lead() -> None:
    answer = replay("get_lead")
    assert (answer.status, answer.json["id"]) == (200, named_lead())


def test_200_update_lead() -> None:
    answer = replay("update_lead")
    assert (answer.status, answer.json["title"]) == (200, "Chairman")


def test_202_research_lead() -> None:
    answer = replay("research_lead")
    assert (answer.status, answer.json["research"]["status"]) == (202, "queued")


def test_200_update_email() -> None:
    lead = named_lead()
    leads.forget_emails(demo(), lead)
    leads.put_email(demo(), named_mailer_campaign(), lead)
    leads.is_researched(demo(), lead)
    answer = replay("update_email")
    assert (answer.status, answer.json["state"]) == (200, "approved")


def test_200_approve_emails() -> None:
    lead = named_lead()
    leads.forget_emails(demo(), lead)
    leads.put_email(demo(), named_mailer_campaign(), lead)
    leads.is_researched(demo(), lead)
    answer = replay("approve_emails")
    assert (answer.status, answer.json["approved"]) == (200, 1)


def test_204_remove_suppression() -> None:
    assert replay("remove_suppression").status == 204
    listed = demo().client.get("/v1/mailer/suppressions?limit=100").json["data"]
    assert named_suppression() not in {row["id"] for row in listed}


def test_202_answer_lead() -> None:
    lead = named_lead()
    leads.forget_emails(demo(), lead)
    leads.put_email(demo(), named_mailer_campaign(), lead)
    heard.put_sent(demo(), lead, mailing.put_mailbox(demo(), "answers@example.com"))
    wanted = json.loads(sample(named("answer_lead"))["body"])
    answered.let_answer(demo(), lead, wanted["last_message_id"])
    answer = replay("answer_lead")
    assert (answer.status, answer.json["state"]) == (202, "queued")
    leads.forget_emails(demo(), lead)


def test_204_delete_lead() -> None:
    assert replay("delete_lead").status == 204
    assert replay("get_lead").status == 404


def test_200_list_links() -> None:
    answer = replay("list_links")
    assert answer.status == 200
    assert named_link() in {row["id"] for row in answer.json["data"]}


def test_201_create_link() -> None:
    answer = replay("create_link")
    assert answer.status in {201, 409}
    if answer.status == 201:
        assert answer.json["alias"] == "spring"
        assert replay("create_link").headers["Idempotent-Replayed"] == "true"


def test_200_create_links() -> None:
    answer = replay("create_links")
    assert answer.status == 200
    assert [row["status"] for row in answer.json["results"]] == [201, 201]


def test_200_upsert_link() -> None:
    made, again = replay("upsert_link"), replay("upsert_link")
    assert (made.status, again.json) == (200, made.json)
    assert made.json["external_id"] == "order-10-4471"


def test_200_get_link() -> None:
    answer = replay("get_link")
    assert (answer.status, answer.json["id"]) == (200, named_link())


def test_200_update_link() -> None:
    answer = replay("update_link")
    assert (answer.status, answer.json["title"]) == (200, "The spring sale")


def test_200_apply_action() -> None:
    answer = replay("apply_action")
    assert (answer.status, answer.json["ok"]) == (200, True)
    assert answer.json["undo"]["params"]["snapshot"] == {"utm_source": None}


def test_200_scan_links() -> None:
    answer = replay("scan_links")
    assert (answer.status, list(answer.json)) == (200, ["new_alerts"])


def test_200_get_analytics() -> None:
    answer = replay("get_analytics")
    assert (answer.status, answer.json["link_id"], answer.json["interval"]) == (
        *(200, named_link()),
        "day",
    )


def test_201_add_conversion(stack: Stack) -> None:
    """Of the click that the sample names, of the link that the samples name."""
    named_click = json.loads(sample(named("add_conversion"))["body"])["click_id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda kind: "_".join(named_click.split("_")[:2]))
        stack.put("ClicksTable", clicks.click(demo(), named_link()))
    link = demo().client.get(f"/api/links/{named_link()}").json
    tracked = {"track_conversion": True}
    path, at = f"/api/links/{named_link()}", {"If-Match": str(link["version"])}
    assert demo().client.request("PATCH", path, json=tracked, headers=at).status == 200
    answer = replay("add_conversion")
    assert (answer.status, answer.json["click_id"]) == (201, named_click)
    assert answer.json["link_id"] == named_link()


def test_204_delete_link() -> None:
    assert replay("delete_link").status == 204
    assert links.stored(demo().partition, named_link()) is None


def test_200_list_agents() -> None:
    answer = replay("list_agents")
    assert answer.status == 200
    assert AGENT_ID in {agent["id"] for agent in answer.json["data"]}


def test_201_create_agent() -> None:
    answer = replay("create_agent")
    assert (answer.status, answer.json["name"], answer.json["version"]) == (201, "דנה", 1)


def test_200_update_agent() -> None:
    event = sample(named("update_agent"))
    event["pathParameters"]["agent_id"] = demo().agent()  # one that no other test has changed
    answer = invoke("update_agent", event)
    changed = json.loads(answer["body"])
    assert (answer["statusCode"], changed["version"]) == (200, 2)
    assert changed["prompt"] == "Confirm the appointment and say goodbye."


def test_200_list_do_not_call() -> None:
    number = demo().never_call()
    answer = replay("list_do_not_call")
    assert answer.status == 200
    assert number in {entry["number"] for entry in answer.json["data"]}


def test_201_add_do_not_call() -> None:
    answer, again = replay("add_do_not_call"), replay("add_do_not_call")
    assert (answer.status, answer.json["number"]) == (201, NUMBER)
    assert (answer.json["source"], answer.json["reason"]) == ("api", "ביקש שלא יתקשרו")
    assert again.raw == answer.raw


def test_204_remove_do_not_call() -> None:
    answer = replay("remove_do_not_call")
    assert (answer.status, answer.raw) == (204, "")


def test_200_update_settings() -> None:
    event = sample(named("update_settings"))
    event["headers"]["if-match"] = str(replay("get_settings").json["version"])
    answer = invoke("update_settings", event)
    assert (answer["statusCode"], json.loads(answer["body"])["calls_per_day"]) == (200, 500)


def test_200_serve_reference() -> None:
    answer = invoke("serve_reference", sample(named("serve_reference")))
    assert answer["statusCode"] == 200
    assert "Linkwright API" in answer["body"]


def test_201_place_call() -> None:
    answer, again = replay("place_call"), replay("place_call")
    assert (answer.status, answer.json["status"]) == (201, "queued")
    assert (answer.json["agent_id"], answer.json["to"]) == (AGENT_ID, "+972541234567")
    assert answer.json["metadata"] == {"lead_id": "lead_9182"}
    assert answer.headers["Location"] == f"/v1/voice/calls/{answer.json['id']}"
    assert (again.status, again.raw) == (answer.status, answer.raw)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_200_get_call() -> None:
    answer = replay("get_call")
    assert (answer.status, answer.json["id"]) == (200, named_call())
    assert answer.json["agent_id"] == AGENT_ID


def test_200_cancel_call() -> None:
    made = demo().place(AGENT_ID).json["id"]
    event = sample(named("cancel_call"))
    event["pathParameters"]["call_id"] = made
    event["rawPath"] = f"/v1/voice/calls/{made}/cancel"
    answer = invoke("cancel_call", event)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["ended_reason"] == "canceled"


def test_200_list_calls() -> None:
    answer = replay("list_calls")
    assert answer.status == 200
    assert named_call() in {call["id"] for call in answer.json["data"]}
    assert {call["agent_id"] for call in answer.json["data"]} == {AGENT_ID}


def test_dial_call(dialled: PlacedCall, exchange: Exchange) -> None:
    assert dialled.order.to == "+972541234567"
    call = _show()
    assert (call["status"], call["attempt"]) == ("dialing", 1)
    exchange.finish(dialled)
    call = _show()
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert [turn["role"] for turn in call["transcript"]] == ["agent", *["callee", "agent"] * 6]


def test_204_erase_call(dialled: PlacedCall, exchange: Exchange) -> None:
    assert replay("erase_call").status == 409
    exchange.finish(dialled)
    assert replay("erase_call").status == 204
    assert _show()["transcript"] == []


def test_200_answer_call(dialled: PlacedCall) -> None:
    answer = replay("answer_call", dialled.sid)
    assert (answer.status, _next(answer)) == (200, "turn/1")
    assert _show()["status"] == "in_progress"
    again = replay("answer_call", dialled.sid)
    assert (again.status, again.raw) == (200, answer.raw)


def test_200_take_turn(dialled: PlacedCall) -> None:
    replay("answer_call", dialled.sid)
    answer = replay("take_turn", dialled.sid)
    assert (answer.status, _next(answer)) == (200, "turn/2")
    turn = turn_log.read(_item())[1]
    (gather,) = verbs(answer)
    assert (turn.heard, turn.said) == ("כן, זה זמן טוב.", "".join(gather.itertext()))


def test_200_end_transfer(dialled: PlacedCall) -> None:
    answer = replay("end_transfer", dialled.sid)
    assert answer.status == 200
    assert [verb.tag for verb in verbs(answer)] == ["Hangup"]


def test_204_note_status(dialled: PlacedCall) -> None:
    assert replay("note_status", dialled.sid).status == 204
    assert _show()["status"] == "ringing"


def test_204_note_machine(dialled: PlacedCall) -> None:
    replay("answer_call", dialled.sid)
    assert _show()["answered_by"] == "unknown"
    assert replay("note_machine", dialled.sid).status == 204
    assert _show()["answered_by"] == "human"


def test_204_note_recording(dialled: PlacedCall) -> None:
    assert replay("note_recording", dialled.sid).status == 204
    job = follow_ups.recording_key(demo().partition, named_call(), f"RE{'0' * 32}")
    assert jobs.is_waiting(job)


def test_follow_up_call(dialled: PlacedCall, exchange: Exchange) -> None:
    message = json.loads(sample(named("follow_up_call"))["Records"][0]["body"])
    assert Key(message["pk"], message["sk"]) == follow_ups.analysis_key(
        demo().partition, named_call()
    )
    exchange.finish(dialled)
    answer = invoke("follow_up_call", sample(named("follow_up_call")), Context(60_000))
    assert answer == {"batchItemFailures": []}
    assert _show()["analysis"]["outcome"] == "conversation"


def _show() -> dict[str, Any]:
    answer = demo().client.get(f"/v1/voice/calls/{named_call()}")
    assert answer.status == 200
    shown: dict[str, Any] = answer.json
    return shown


def _item() -> Item:
    item = items.find(demo().partition, named_call())
    assert item is not None
    return item


def _next(answer: Answer) -> str:
    """What the carrier asks next of the call of the samples."""
    (gather,) = verbs(answer)
    base = f"{PUBLIC_URL}/callbacks/twilio/{demo().partition}/{named_call()}/1/"
    action = bare(gather.attrib["action"])
    assert action.startswith(base)
    return action.removeprefix(base)


def test_200_note_plan(stack: Stack) -> None:
    with in_memory(stack):
        demo.cache_clear()
        assert replay("note_plan").status == 200
        assert invoke("update_workspace", sample(named("update_workspace"))) == {
            "batchItemFailures": []
        }
        assert demo().client.get("/v1/whoami").json["plan"] == "business"
    demo.cache_clear()


def test_update_workspace(stack: Stack) -> None:
    with in_memory(stack):
        demo.cache_clear()
        event = sample(named("update_workspace"))
        message = json.loads(event["Records"][0]["body"])
        assert Key(message["pk"], message["sk"]) == facts.key("ws_demo")
        assert replay("note_plan").status == 200
        assert invoke("update_workspace", event) == {"batchItemFailures": []}
        assert not jobs.is_waiting(facts.key("ws_demo"))
    demo.cache_clear()


def test_200_send_weekly_digest() -> None:
    member = demo().mailed("owner@example.com")
    answer = replay("send_weekly_digest")
    assert (answer.status, member in answer.json["sent"]) == (200, True)


def test_send_digest() -> None:
    event = sample(named("send_digest"))
    message = json.loads(event["Records"][0]["body"])
    where = digest_job.key(demo().partition)
    assert Key(message["pk"], message["sk"]) == where
    path, wanted = "/v1/workspace/settings", {"weekly_digest": "on"}
    at = {"If-Match": str(demo().client.get(path).json["version"])}
    assert demo().client.request("PATCH", path, json=wanted, headers=at).status == 200
    update(Table.CORE, where, "SET #mails_at = :past", values={"past": LONG_AGO})
    assert invoke("send_digest", event) == {"batchItemFailures": []}
    assert (get(Table.CORE, where) or {})["mails_at"] > clock.timestamp()


_MAILBOX_ID = "mbx_01M3V7ZZ40EXAMP1EEXAMP1E13"


def _named_of(prefix: str) -> str:
    return _MAILBOX_ID if prefix == "mbx" else _new_id(prefix)


_new_id = ids.new


def _mailbox() -> str:
    """That which the samples name."""
    if demo().client.get(f"/v1/mailer/mailboxes/{_MAILBOX_ID}").status == 404:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ids, "new", _named_of)
            demo().own_mailbox()
    return _MAILBOX_ID


def test_201_create_mailbox() -> None:
    made = replay("create_mailbox")
    assert (made.status, made.json["status"]) == (201, "verifying")
    # By a key of test mode no host is asked.
    assert mailhost.current().told == []
    delete = f"/v1/mailer/mailboxes/{made.json['id']}"
    assert demo().client.request("DELETE", delete).status == 204


def test_200_get_mailbox() -> None:
    mailbox = _mailbox()
    answer = replay("get_mailbox")
    assert (answer.status, answer.json["id"]) == (200, mailbox)


def test_200_update_mailbox() -> None:
    at = demo().client.get(f"/v1/mailer/mailboxes/{_mailbox()}").json["version"]
    event = sample(named("update_mailbox"))
    event["headers"]["if-match"] = str(at)
    answer = invoke("update_mailbox", event)
    assert (answer["statusCode"], json.loads(answer["body"])["daily_cap"]) == (200, 40)


def test_200_check_mailbox() -> None:
    _mailbox()
    answer = replay("check_mailbox")
    assert (answer.status, answer.json["domain"]) == (200, "example.com")


def test_tend_mailbox() -> None:
    event = sample(named("tend_mailbox"))
    message = json.loads(event["Records"][0]["body"])
    assert message["sk"] == _mailbox()
    assert invoke("tend_mailbox", event) == {"batchItemFailures": []}
    assert replay("get_mailbox").json["status"] == "active"
    assert mailhost.current().sent == []


def test_204_delete_mailbox() -> None:
    mailbox = _mailbox()
    assert replay("delete_mailbox").status == 204
    assert demo().client.get(f"/v1/mailer/mailboxes/{mailbox}").status == 404


def test_research_leads() -> None:
    event = sample(named("research_leads"))
    message = json.loads(event["Records"][0]["body"])
    lead = leads.put_lead(demo(), id=message["sk"])
    assert Key(message["pk"], message["sk"]) == mailer.lead_key(demo().partition, lead)
    assert invoke("research_leads", event) == {"batchItemFailures": []}
    assert not jobs.is_due(leads.stored(demo(), lead))


def test_hear_feedback() -> None:
    """Of live mode: in test mode nothing is mailed by SES."""
    event = sample(named("hear_feedback"))
    told = json.loads(json.loads(event["Records"][0]["body"])["Message"])
    tags = {name: values[0] for name, values in told["mail"]["tags"].items()}
    live = Workspace(demo().item)
    assert tags["workspace"] == live.partition
    mailbox = feedback.put_ses_mailbox(live)
    campaign = mailing.put_campaign(live, [mailbox], state="active", opted_in=True)
    lead = mailing.put_ready(live, campaign, of=1, id=tags["lead"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "new", lambda _: tags["mail"])
        heard.put_sent(live, lead, mailbox)
    assert invoke("hear_feedback", event) == {"batchItemFailures": []}
    assert leads.stored(live, lead)["view"]["status"] == "bounced"


def test_send_mail() -> None:
    event = sample(named("send_mail"))
    message = json.loads(event["Records"][0]["body"])
    mailbox = mailing.put_mailbox(demo(), id=message["sk"])
    campaign = mailing.put_campaign(demo(), [mailbox], state="active")
    lead = mailing.put_ready(demo(), campaign, of=1)
    mailing.put_in_line(demo(), lead, mailbox)
    assert invoke("send_mail", event, Context(60_000)) == {"batchItemFailures": []}
    assert mailing.emails(demo(), lead) == [(1, "sent")]


def test_200_get_agent_run() -> None:
    runs.put_failed(demo(), sample(named("get_agent_run"))["pathParameters"]["run_id"])
    answer = replay("get_agent_run")
    assert (answer.status, answer.json["status"]) == (200, "failed")


def test_continue_run() -> None:
    event = sample(named("continue_run"))
    message = json.loads(event["Records"][0]["body"])
    run = runs.put_without_a_hold(demo(), message["sk"])
    assert runs.message(demo(), run) == jobs.at(Key(message["pk"], message["sk"])).message()
    assert invoke("continue_run", event) == {"batchItemFailures": []}
    assert runs.shown(demo(), run)["status"] == "failed"


@pytest.mark.parametrize("file", ["show_opt_out", "unsubscribe_lead"])
def test_200_of_what_a_campaigns_mail_leads_to(file: str) -> None:
    event, path = sample(named(file)), demo().opt_out(demo().lead())
    assert event["pathParameters"]["token"] in event["rawPath"]
    event |= {"rawPath": path, "pathParameters": {"token": path.rpartition("/")[2]}}
    answer = invoke(file, event)
    assert (answer["statusCode"], "REPLACE_ME" in answer["body"]) == (200, False)


def test_404_show_opt_out() -> None:
    assert replay("show_opt_out").status == 404


def test_404_unsubscribe_lead() -> None:
    assert replay("unsubscribe_lead").status == 404


@pytest.mark.parametrize("file", ["show_unsubscribing", "unsubscribe_member"])
def test_200_of_what_a_mail_leads_to(file: str) -> None:
    workspace, member = workspaces.existing(demo().id), demo().mailed("owner@example.com")
    path = unsubscribing.path(workspace, member, "weekly_digest")
    event = sample(named(file))
    assert event["pathParameters"]["token"] in event["rawPath"]
    event |= {"rawPath": path, "pathParameters": {"token": path.rpartition("/")[2]}}
    answer = invoke(file, event)
    assert (answer["statusCode"], "REPLACE_ME" in answer["body"]) == (200, False)


def test_404_show_unsubscribing() -> None:
    """As it is it names nobody."""
    assert replay("show_unsubscribing").status == 404


def test_404_unsubscribe_member() -> None:
    assert replay("unsubscribe_member").status == 404


def test_relay_outbox(stack: Stack) -> None:
    sample_event = sample(named("relay_outbox"))
    call, event = (record["dynamodb"]["NewImage"] for record in sample_event["Records"])
    stack.put("CoreTable", core.item_from_dynamo(event))
    assert invoke("relay_outbox", sample_event) == {"batchItemFailures": []}
    for queue, image in (("DialQueue", call), ("EventQueue", event)):
        sent = {json.loads(message)["sk"] for message in stack.received(queue, "ws_demo")}
        assert image["sk"]["S"] in sent
    stored = get(Table.CORE, Key(event["pk"]["S"], event["sk"]["S"])) or {}
    assert stored["type"] == "call.queued"
    assert stored["gsi2sk"] > event["gsi2sk"]["S"]


def test_count_clicks(stack: Stack) -> None:
    sample_event = sample(named("count_clicks"))
    images = [record["dynamodb"]["NewImage"] for record in sample_event["Records"]]
    click, conversion = (core.item_from_dynamo(image) for image in images)
    assert click["pk"] == getattr(click_key(click["sk"]), "pk", None) == conversion["pk"]
    stack.put("ClicksTable", click, conversion)
    assert invoke("count_clicks", sample_event) == {"batchItemFailures": []}
    counted = (
        get(Table.METRICS, day_row(link_rows("ws_demo.test", click["link"]), "20260328")) or {}
    )
    assert (counted["device#mobile"], counted["browser#Safari"]) == (1, 1)
    assert (counted["conversion#order"], counted["value#USD"]) == (1, 1990)


def test_forget_visits(stack: Stack) -> None:
    assert invoke("forget_visits", sample(named("forget_visits"))) is None
    assert get(Table.CLICKS, salt_key(salts.day(clock.now()))) is not None


def test_sweep_overdue(stack: Stack, workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    key = Key(f"W#{workspace.partition}#CALL", call_id)
    event: dict[str, Any] = sample(named("sweep_overdue"))
    due = {"shard": jobs.due_partition(event["shard"]), "past": LONG_AGO}
    update(Table.CORE, key, "SET #gsi2pk = :shard, #gsi2sk = :past", values=due)
    assert invoke("sweep_overdue", event) is None
    sent = [json.loads(message) for message in stack.received("DialQueue", workspace.id)]
    assert sent == [{"kind": "call", "pk": key.pk, "sk": call_id}]
    assert (get(Table.CORE, key) or {})["gsi2sk"] > LONG_AGO


@pytest.mark.parametrize(
    "function",
    [one for one in functions() if one.file in wiring.callbacks()],
    ids=lambda one: one.file,
)
def test_a_form_is_in_base64_as_the_gateway_sends_it(function: Function) -> None:
    event = sample(function)
    form = b64decode(event["body"], validate=True).decode()
    assert dict(parse_qsl(form, strict_parsing=True))["CallSid"] == SID
    made, _ = http_event("POST", event["rawPath"], event["headers"], event["body"], is_base64=True)
    for name in ("body", "isBase64Encoded", "rawPath", "routeKey", "pathParameters"):
        assert made[name] == event[name]


def test_200_list_keys() -> None:
    answer = replay("list_keys")
    assert answer.status == 200
    assert named_key() in {key["id"] for key in answer.json["data"]}


def test_200_update_member() -> None:
    answer = replay("update_member")
    assert (answer.status, answer.json["id"]) == (200, MEMBER_ID)
    assert answer.json["alerts"] == "off"


def test_201_create_key() -> None:
    answer = replay("create_key")
    assert (answer.status, answer.json["name"], answer.json["mode"]) == (201, "CI", "test")


def test_200_get_key() -> None:
    answer = replay("get_key")
    assert (answer.status, answer.json["id"]) == (200, named_key())


def test_201_roll_key() -> None:
    answer = replay("roll_key")
    assert (answer.status, answer.json["rolled_from"]) == (201, named_key())


def test_204_revoke_key() -> None:
    assert replay("revoke_key").status == 204
    assert replay("get_key").status == 404


def test_200_list_audit() -> None:
    demo().suppression()
    answer = replay("list_audit")
    assert answer.status == 200
    assert "suppression.added" in {entry["action"] for entry in answer.json["data"]}


def test_200_get_well_known() -> None:
    app = {"applinks": {"details": [{"appIDs": ["A1B2C3D4E5.com.example.shop"]}]}}
    asked_at = sample(named("get_well_known"))["requestContext"]["domainName"]
    demo().proven(asked_at, apple_app_site_association=app)
    answer = replay("get_well_known")
    assert (answer.status, answer.json) == (200, app)


def test_302_follow_link() -> None:
    stored(demo(), "summer-sale")
    answer = replay("follow_link")
    assert (answer.status, answer.headers["Location"]) == (302, TARGET)


def test_303_unlock_link() -> None:
    stored(demo(), "members-only", password="open sesame")
    answer = replay("unlock_link")
    assert (answer.status, answer.headers["Location"]) == (303, TARGET)


def _has_a_test_above(function: Function) -> bool:
    return any(name.startswith("test_") and name.endswith(function.file) for name in globals())


OTHERS = [function for function in functions() if not _has_a_test_above(function)]


@pytest.mark.parametrize("function", OTHERS, ids=lambda function: function.file)
def test_20x_for_every_other_sample(function: Function) -> None:
    """What is in its answer, tests of its own say."""
    contract: Contract = load(function).handler.contract
    assert replay(function.file).status == contract.status


def test_no_two_samples_have_one_idempotency_key() -> None:
    """Whoever sends both would be told that the key was used for another request."""
    events = [json.loads(path.read_text()) for path in (ROOT / "events").glob("*/*.json")]
    keys = [event["headers"]["idempotency-key"] for event in events if _has_key(event)]
    assert len(keys) == len(set(keys)) > 10


def _has_key(event: dict[str, Any]) -> bool:
    return "idempotency-key" in event.get("headers", {})
