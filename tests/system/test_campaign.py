"""A campaign over HTTP, through workers and SMTP, to the mail host: what arrives, and when."""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from linkwright import clock, ids, jobs
from linkwright.mailer import items, lines
from linkwright.mailer.leads import making
from linkwright.providers.mailbox.looking import MARK
from tests.system.conftest import Api
from tools.demo_mailbox import DOMAIN, SELECTOR
from tools.local_cloud import Cloud
from tools.local_cloud.deployment import session

PARTITION = "ws_demo"
ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "start": "00:00",
    "end": "23:59",
}
LEADS, MAILBOXES, UNAPPROVED, OPTED_OUT = 200, 3, 10, 5
# In the local cloud a second of a gap is a tenth; a day of a delay is a second.
GAP, GAP_S, DELAY = 1, 0.1, 3
# From a claim to the host: a log-in, on a machine that does other things too.
UNDER_WAY_S = 8.0
WITHIN_S = 540.0


class Mail(NamedTuple):
    sender: str
    to: str
    at: datetime
    message: Message

    @property
    def step(self) -> tuple[str, int]:
        lead, _, seq = str(self.message[MARK]).partition(".")
        return lead, int(seq)


@pytest.mark.longest
@pytest.mark.timeout(1_500)
def test_each_step_arrives_once_in_its_thread_and_at_its_pace(cloud: Cloud, api: Api) -> None:
    boxes = {address: _connected(cloud, api, address) for address in _addresses()}
    campaign = _campaign(api, list(boxes.values()))
    leads = _leads(cloud, campaign)
    unapproved, poison = set(leads[:UNAPPROVED]), leads[UNAPPROVED]
    reached = set(leads) - unapproved - {poison}
    with _messages_twice(cloud, boxes.values()):
        started = api.send("POST", f"/v1/mailer/campaigns/{campaign}/start", json={})
        assert started.status_code == 200, started.text
        opted_out = _opt_out(cloud, api, reached)
        _wait(api, campaign, finished=len(reached) - len(opted_out))
    by_step: dict[tuple[str, int], Mail] = {}
    for mail in _mails(cloud, reached | unapproved | {poison}):
        assert mail.step not in by_step, f"{mail.step} arrived twice"
        by_step[mail.step] = mail
        _, seq = mail.step
        assert mail.message.get_payload() is not None
        assert f"step {seq} for {mail.to}" in str(mail.message.get_payload(decode=True))
    wanted = {(lead, seq) for lead in reached - opted_out.keys() for seq in (1, 2)}
    assert wanted <= by_step.keys()
    assert {lead for lead, _ in by_step} == reached
    _require_threads(by_step)
    _require_pace(by_step.values())
    for lead, at in opted_out.items():
        late = [m for m in by_step.values() if m.step[0] == lead and m.at.timestamp() > at]
        assert late == [], f"{lead} had asked for no more"
    shown = api.send("GET", f"/v1/mailer/leads/{poison}").json()
    assert (shown["status"], shown["emails"][0]["state"]) == ("ready", "approved")


def _addresses() -> list[str]:
    return [f"seller{at}@{DOMAIN}" for at in range(MAILBOXES)]


def _connected(cloud: Cloud, api: Api, address: str) -> str:
    """The id of a mailbox at the host, once it is proven."""
    wanted = {
        **{"email": address, "dkim_selector": SELECTOR, "window": ALWAYS},
        **{"gap_seconds": GAP, "jitter_seconds": 0, "daily_cap": 100},
        "smtp": {
            **{"host": "localhost", "port": cloud.mail.submission},
            "password": cloud.mail.accounts.add(address),
        },
        "imap": {"host": "localhost", "port": cloud.mail.imap},
    }
    made = api.send("POST", "/v1/mailer/mailboxes", json=wanted, headers=_key())
    assert made.status_code == 201, made.text
    mailbox = str(made.json()["id"])
    give_up_at = time.monotonic() + 120
    while time.monotonic() < give_up_at:
        shown = api.send("GET", f"/v1/mailer/mailboxes/{mailbox}").json()
        if shown["status"] != "verifying":
            assert shown["status"] == "active", shown
            return mailbox
        time.sleep(0.3)
    raise AssertionError("the mailbox is not proven")


def _campaign(api: Api, mailboxes: list[str]) -> str:
    steps = [{"delay_days": days, "business_days": False} for days in (0, DELAY)]
    wanted = {
        **{"name": "Everybody", "postal_address": "1 Main Street, Haifa", "steps": steps},
        "mailbox_ids": mailboxes,
        "throttle": {
            **{"daily_limit": 10_000, "per_hour": 1_000, "gap_seconds": 0, "jitter_seconds": 0},
            "window": ALWAYS,
        },
    }
    made = api.send("POST", "/v1/mailer/campaigns", json=wanted, headers=_key())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def _leads(cloud: Cloud, campaign: str) -> list[str]:
    """Researched and approved, but for the first ones, and one whose first email is broken."""
    table = session().resource("dynamodb", endpoint_url=cloud.endpoint_url)
    made, now = [], clock.timestamp()
    with table.Table(cloud.outputs["CoreTable"]).batch_writer() as batch:
        for at in range(LEADS):
            lead, email = ids.new("lead"), f"reader{at}.{uuid4().hex[:6]}@example.org"
            made.append(lead)
            view: Any = {
                **{"id": lead, "campaign_id": campaign, "email": email, "status": "ready"},
                **{"flags": [], "metadata": {"n": f"{at}"}, "version": 1, "created_at": now},
                **{"research": {"status": "succeeded", "sources": []}, "updated_at": now},
            }
            stored = making.stored(PARTITION, view, "push")
            batch.put_item(Item=dict(stored))
            address = items.address_key(PARTITION, stored["address_hash"], campaign)
            batch.put_item(Item={**address.attributes(), "lead": lead, "push": "push"})
            for seq in (1, 2):
                batch.put_item(Item=_email(lead, campaign, seq, email, at))
        where = items.stats_key(PARTITION, campaign, "").attributes()
        batch.put_item(Item={**where, "n_ready": LEADS})
    return made


def _email(lead: str, campaign: str, seq: int, to: str, at: int) -> dict[str, Any]:
    now = clock.timestamp()
    view: dict[str, Any] = {
        **{"lead_id": lead, "campaign_id": campaign, "seq": seq, "version": 1, "claims": []},
        **{"subject": f"An idea {at}", "body": f"Hello,\n\nthis is step {seq} for {to}."},
        **{"state": "generated" if at < UNAPPROVED else "approved", "created_at": now},
        **{"generated_by": "deterministic", "updated_at": now},
    }
    if at == UNAPPROVED:
        del view["subject"]
    return {**items.email_key(PARTITION, lead, seq).attributes(), "view": view, "v": 1}


@contextmanager
def _messages_twice(cloud: Cloud, mailboxes: Any) -> Iterator[None]:
    """Have the workers told of each mailbox again and again."""
    sqs, over = session().client("sqs", endpoint_url=cloud.endpoint_url), Event()
    known = sqs.list_queues()["QueueUrls"]
    [queue] = [url for url in known if re.search(r"-?MailQueue[^/]*$", url) and "Dead" not in url]
    keys = [lines.line_key(PARTITION, one) for one in mailboxes]
    bodies = [json.dumps({"kind": jobs.MAILBOX_LINE, "pk": key.pk, "sk": key.sk}) for key in keys]

    def tell() -> None:
        while not over.wait(1.0):
            for body in bodies:
                sqs.send_message(QueueUrl=queue, MessageBody=body)

    thread = Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _opt_out(cloud: Cloud, api: Api, leads: set[str]) -> dict[str, float]:
    """Some of the first that are written to ask for no more; returns when each was heard."""
    heard: dict[str, float] = {}
    give_up_at = time.monotonic() + WITHIN_S
    while len(heard) < OPTED_OUT and time.monotonic() < give_up_at:
        for mail in _mails(cloud, leads):
            lead, seq = mail.step
            if seq == 1 and lead not in heard and len(heard) < OPTED_OUT:
                path = urlsplit(str(mail.message["List-Unsubscribe"]).strip("<>")).path
                # What scans mails opens all that is in them.
                assert api.send("GET", path, token=None).status_code == 200
                said = {"List-Unsubscribe": "One-Click"}
                assert api.send("POST", path, token=None, data=said).status_code == 200
                heard[lead] = time.time() + 0.5
        time.sleep(0.2)
    return heard


def _wait(api: Api, campaign: str, *, finished: int) -> None:
    give_up_at, counts = time.monotonic() + WITHIN_S, {}
    while time.monotonic() < give_up_at:
        counts = api.send("GET", f"/v1/mailer/campaigns/{campaign}").json()["lead_counts"]
        if counts["finished"] >= finished:
            return
        time.sleep(0.5)
    raise AssertionError(f"not all have both steps: {counts}")


def _mails(cloud: Cloud, leads: set[str]) -> list[Mail]:
    found = []
    for letter in cloud.mail.letters.newest():
        message = message_from_bytes(letter.content)
        if str(message[MARK]).partition(".")[0] in leads:
            at = datetime.fromisoformat(letter.received_at)
            found.append(Mail(letter.sender, letter.recipients[0], at, message))
    return found


def _require_threads(by_step: dict[tuple[str, int], Mail]) -> None:
    for (lead, seq), mail in by_step.items():
        said = mail.message
        if seq == 1:
            assert (said["In-Reply-To"], said["References"]) == (None, None)
            continue
        first = by_step[(lead, 1)]
        name = first.message["Message-ID"]
        assert (said["In-Reply-To"], said["References"]) == (name, name)
        assert said["Subject"] == f"Re: {first.message['Subject']}"
        assert mail.sender == first.sender
        assert (mail.at - first.at).total_seconds() > DELAY - UNDER_WAY_S


def _require_pace(mails: Any) -> None:
    by_sender: dict[str, list[float]] = defaultdict(list)
    for mail in mails:
        by_sender[mail.sender].append(mail.at.timestamp())
    assert len(by_sender) == MAILBOXES
    for times in by_sender.values():
        times.sort()
        for n, at in enumerate(times):
            # Between claims is the gap; a mail is under way a little longer or shorter.
            assert at - times[0] >= n * GAP_S - UNDER_WAY_S
        closest = min(b - a for a, b in zip(times, times[1:], strict=False))
        assert closest > 0
