"""The samples of the catalogue are like what is really sent, and so is the schema of each type."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from linkwright import clock, jobs, usage
from linkwright.jobs import Work
from linkwright.links import items
from linkwright.plans import period
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.transaction import Transaction
from linkwright.webhooks import catalogue, deliveries, queue
from linkwright.webhooks.event_types import EVENT_TYPES
from tests import heard, mailhost, mailing, nameserver, pump, receiver, sites
from tests.client import Client, Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace
from tests.receiver import Receivers, answers
from tests.stack import DOMAIN_TARGET, Stack
from tests.talks import Talk
from tools import links
from tools.webhook_schemas import SCHEMAS

_VALIDATOR = Draft202012Validator(json.loads(SCHEMAS.read_text()), validate_formats=True)
DEAD = "https://dead.example.com/in"


def _webhook(workspace: Workspace, url: str, *types: str) -> str:
    made = workspace.client.post("/v1/webhooks", json={"url": url, "events": list(types)})
    assert made.status == 201, made.raw
    return str(made.json["id"])


def _talk(stack: Stack, workspace: Workspace) -> None:
    agent = {"recording": True, "recording_consent": False, "language": "en-US"}
    body = {"metadata": {"order_id": "10-4471"}}
    Talk(workspace, "Who is this?", None, body=body, **agent).finish()
    pump.settle(stack, workspace.id)


def _use(stack: Stack, workspace: Workspace, hand: Hand) -> None:
    label, minutes = period(workspace.item["anchor_day"]).label, 240
    tx = Transaction(workspace.partition, "req_test")
    amounts = {"reserved": 0, "used": minutes}
    usage.settle(workspace.partition, label, usage.CALL_MINUTES, tx=tx, **amounts)
    tx.commit()
    # Told by the next sweep.
    hand.move(timedelta(minutes=3).total_seconds())
    invoke("sweep_overdue", {})
    pump.settle(stack, workspace.id)


def _fail(stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand) -> None:
    """An endpoint fails for days, and is disabled."""
    receivers.does[DEAD] = answers(503)
    dead = _webhook(workspace, DEAD, "call.queued")
    work = Work(jobs.WEBHOOK, *queue.endpoint_key(workspace.partition, dead))
    for _ in range(2):
        tx = Transaction(workspace.partition, "req_test")
        tx.emit("call.queued", catalogue.sample("call.queued"), sequence=1)
        tx.commit()
        pump.settle(stack, workspace.id)
        hand.move(timedelta(hours=30).total_seconds())
    for _ in range(2 * deliveries.ATTEMPTS):
        invoke("deliver_webhook", queue_event([work.message()]), Context(60_000))
        hand.move(timedelta(hours=6).total_seconds())
    pump.settle(stack, workspace.id)


def _link(stack: Stack, workspace: Workspace) -> None:
    """Made, changed, nearly used up, changed by an action, blocked and deleted."""
    sample = catalogue.sample("link.created")
    names = ("url", "alias", "title", "tags", "utm_source", "geo", "metadata")
    link = workspace.link(**{name: sample[name] for name in names})
    path, at = f"/api/links/{link['id']}", {"If-Match": "1"}
    changed = workspace.client.request("PATCH", path, json={"click_cap": 1000}, headers=at)
    assert changed.status == 200
    stack.put("ClicksTable", {**items.cap_key(link["id"]).attributes(), "passed": 900})
    assert workspace.client.post("/api/ai/proactive/scan").json == {"new_alerts": 1}
    action = {"type": "set_utm", "link_id": link["id"], "params": {"utm_source": "letter"}}
    assert workspace.client.post("/api/ai/actions/apply", json=action).status == 200
    assert links.set_blocked(link["id"], workspace.partition, blocked=True)
    assert workspace.client.request("DELETE", path).status == 204
    pump.settle(stack, workspace.id)


def _mailer(stack: Stack, workspace: Workspace) -> None:
    """A campaign is started, and somebody is pushed into it."""
    sample = catalogue.sample("campaign.state_changed")
    names = ("name", "steps", "instructions", "throttle", "postal_address", "metadata")
    campaign = workspace.mailer_campaign(**{name: sample[name] for name in names})
    person = catalogue.sample("lead.created")
    names = ("email", "first_name", "last_name", "company", "title", "metadata")
    lead = workspace.lead(campaign, website=sites.URL, **{name: person[name] for name in names})
    assert workspace.client.post(f"/v1/mailer/campaigns/{campaign}/start").status == 200
    # Before the lead is researched: what it is by then is told.
    pump.settle(stack, workspace.id, jobs.EVENT)
    pump.settle(stack, workspace.id)
    path, at = f"/v1/mailer/leads/{lead}/emails/1", {"If-Match": "1"}
    answer = workspace.client.request("PATCH", path, json={"action": "approve"}, headers=at)
    assert answer.status == 200
    pump.settle(stack, workspace.id)
    assert Client().request("POST", workspace.opt_out(lead)).status == 200
    pump.settle(stack, workspace.id)


def _sending(stack: Stack, workspace: Workspace) -> None:
    """One email is taken by its reader's host, and one has no reader."""
    email, person = catalogue.sample("email.sent"), catalogue.sample("lead.bounced")
    names = ("first_name", "last_name", "company", "title", "website", "metadata", "research")
    known = {name: person[name] for name in names}
    written = {name: email[name] for name in ("claims", "approved_by")}
    for name in ("taken", "refused"):
        box = mailing.put_mailbox(workspace, f"{name}@example.com")
        campaign = mailing.put_campaign(workspace, [box], state="active")
        lead = mailing.put_ready(workspace, campaign, f"{name}@example.org", of=0, **known)
        mailing.put_email(workspace, campaign, lead, 1, **written)
        mailing.put_in_line(workspace, lead, box)
        mailhost.current().does = mailing.in_turn(
            MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.1.1") if name == "refused" else None
        )
        invoke("send_mail", queue_event([mailing.work(workspace, box).message()]), Context(60_000))
    pump.settle(stack, workspace.id)


def _hearing(stack: Stack, workspace: Workspace) -> None:
    """One answers, one is away, and one complains."""
    person = catalogue.sample("lead.replied")
    names = ("first_name", "last_name", "company", "title", "website", "metadata", "research")
    known = {name: person[name] for name in names}
    box = mailing.put_mailbox(workspace, "heard@example.com")
    campaign = mailing.put_campaign(workspace, [box], state="active")
    back = clock.now() + timedelta(days=12)
    away = f"I am out of the office and back on {back:%-d %B %Y}."
    for name in ("replied", "away", "complained"):
        email = f"{name}@example.org"
        about = heard.put_sent(
            workspace, mailing.put_ready(workspace, campaign, email, **known), box
        )
        told = {
            "replied": heard.answer(email, about),
            "away": heard.answer(email, about, away, Auto_Submitted="auto-replied"),
            "complained": heard.complaint(about),
        }
        heard.comes(told[name], to="heard@example.com")
    heard.put_reading(workspace, box)
    heard.read(workspace, box)
    pump.settle(stack, workspace.id)


def _mailbox(stack: Stack, workspace: Workspace, hand: Hand) -> None:
    """Proven, by a host that signs, of a domain that publishes all."""
    sample = catalogue.sample("mailbox.state_changed")
    domain = "samples.example.com"
    nameserver.say(domain, "MX", f"10 mx.{domain}.")
    nameserver.say(domain, "TXT", "v=spf1 mx -all")
    nameserver.say(f"_dmarc.{domain}", "TXT", "v=DMARC1; p=quarantine")
    key = base64.b64encode(bytes(32)).decode()
    nameserver.say(f"s1._domainkey.{domain}", "TXT", f"v=DKIM1; k=ed25519; p={key}")
    mailhost.current().results += f"DKIM-Signature: v=1; d={domain}; s=s1\r\n".encode()
    mailbox = workspace.own_mailbox(f"dana@{domain}", name=sample["name"])
    for _ in range(4):
        pump.settle(stack, workspace.id)
        hand.move(20)
        workspace.tend(mailbox)
    pump.settle(stack, workspace.id)


def _domain(stack: Stack, workspace: Workspace, hand: Hand) -> None:
    """Proven, and then for more than three days not any more."""
    name = "go.samples.example.com"
    sample = catalogue.sample("domain.verified")
    given = ("not_found_url", "apple_app_site_association", "assetlinks")
    wanted = {field: sample[field] for field in given if sample.get(field)}
    nameserver.say(name, "CNAME", DOMAIN_TARGET)
    domain = workspace.domain(name, **wanted)
    proof = workspace.client.get(f"/api/domains/{domain}").json["records"][0]
    nameserver.say(proof["name"], proof["type"], proof["value"])
    workspace.client.post(f"/api/domains/{domain}/verify")
    nameserver.forget(proof["name"])
    for _ in range(2):
        hand.move(timedelta(days=4).total_seconds())
        workspace.client.post(f"/api/domains/{domain}/verify")
    pump.settle(stack, workspace.id)


def _shape(told: Any) -> Any:
    """Which members have a value."""
    if isinstance(told, dict):
        return {name: _shape(one) for name, one in told.items() if one not in (None, [], {})}
    return [_shape(one) for one in told[:1]] if isinstance(told, list) else None


@pytest.mark.slow
def test_each_sample_is_like_what_is_really_sent(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    _webhook(workspace, receiver.URL, "*")
    _talk(stack, workspace)
    _use(stack, workspace, hand)
    _link(stack, workspace)
    _mailer(stack, workspace)
    _sending(stack, workspace)
    _hearing(stack, workspace)
    _domain(stack, workspace, hand)
    _mailbox(stack, workspace, hand)
    _fail(stack, workspace, receivers, hand)
    told: dict[str, Any] = {}
    for message in receivers.at():
        # A campaign that began is over in the end.
        if message.json["type"] not in told or not message.json["type"].startswith("campaign."):
            told[message.json["type"]] = message.json
    assert set(told) == set(EVENT_TYPES) - {"ping"}
    for name, one in told.items():
        sample = _shape(catalogue.shown(name, catalogue.sample(name)))
        if "analysis" in sample:
            # Which only a model tells.
            del sample["analysis"]["sentiment"]
        _VALIDATOR.validate(one)
        assert _shape(one["data"].pop("object")) == sample, name
        assert one["data"] == catalogue.sample_details(name), name
