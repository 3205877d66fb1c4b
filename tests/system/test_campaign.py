"""A campaign over HTTP, through workers and SMTP, to the mail host: what arrives, and when.

Meanwhile messages are doubled, workers are killed, one lead cannot be handled, and readers answer
or want no more.
"""

import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from functools import partial
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from linkwright import clock, ids, jobs
from linkwright.mailer import items, lines
from linkwright.mailer.leads import making
from linkwright.providers.mailbox.looking import MARK
from tests.clocks import noon
from tests.system.conftest import Api
from tests.system.strikes import PARTITION, Strikes
from tools.demo_mailbox import DOMAIN, SELECTOR
from tools.local_cloud.cloud import Cloud
from tools.local_cloud.deployment import session

ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "start": "00:00",
    "end": "23:59",
}
LEADS, UNAPPROVED, OPTED_OUT, ANSWERED = 200, 10, 5, 5
SEED, KILLS = 13, 9
# In the local cloud a second of a gap is a tenth; a day of a delay is a second; and a mailbox sends
# a hundred times as many a day.
GAP, GAP_S, DELAY, CAP = 5, 0.5, 40, 100
# A workspace has one mailbox of an address.
SENDERS = [f"seller{at}.{uuid4().hex[:6]}@{DOMAIN}" for at in range(3)]
CAPPED = SENDERS[2]
# From a claim to the host, on a machine that does other things too.
UNDER_WAY_S = 8.0
WITHIN_S = 540.0
# Times of claims are whole seconds.
_A_SECOND = 1.0


class Mail(NamedTuple):
    sender: str
    to: str
    at: float
    message: Message

    @property
    def step(self) -> tuple[str, int]:
        lead, _, seq = str(self.message[MARK]).partition(".")
        return lead, int(seq)


class Claim(NamedTuple):
    """What is written down of a step before the host hears of it."""

    state: str
    mailbox: str
    at: float
    message_id: str


class _Run:
    """A campaign under way: its mails as they arrive, and what is stored of its leads."""

    def __init__(self, cloud: Cloud, api: Api, boxes: dict[str, str], leads: list[str]) -> None:
        self.cloud, self.api, self.boxes, self.leads = cloud, api, boxes, leads
        self.mails: dict[tuple[str, int], Mail] = {}
        self._seen = 0
        self._table = _table(cloud)

    def look(self) -> None:
        """Take note of what has come since, each step of it for the first time."""
        letters = list(self.cloud.mail.letters.newest())[::-1]
        for letter in letters[self._seen :]:
            message, at = message_from_bytes(letter.content), letter.received_at
            if str(message[MARK]).partition(".")[0] in self.leads:
                arrived = datetime.fromisoformat(at).timestamp()
                mail = Mail(letter.sender, letter.recipients[0], arrived, message)
                assert mail.step not in self.mails, f"{mail.step} arrived twice"
                self.mails[mail.step] = mail
        self._seen = len(letters)

    def show(self, lead: str) -> Any:
        return self.api.show(f"/v1/mailer/leads/{lead}")

    def has_answered(self, lead: str) -> bool:
        return bool(self.show(lead)["status"] == "replied")

    def mailbox_of(self, lead: str) -> str:
        where = items.lead_key(PARTITION, lead).attributes()
        return str(self._table.get_item(Key=where, ConsistentRead=True)["Item"].get("mailbox", ""))

    def claims(self) -> dict[tuple[str, int], Claim]:
        found: dict[tuple[str, int], Claim] = {}
        for lead in self.leads:
            for seq in (1, 2):
                where = items.send_key(PARTITION, lead, seq).attributes()
                row: Any = self._table.get_item(Key=where, ConsistentRead=True).get("Item")
                if row is not None:
                    at = datetime.fromisoformat(str(row["at"])).timestamp()
                    found[lead, seq] = Claim(row["state"], row["mailbox"], at, row["message_id"])
        return found


@pytest.mark.longest
@pytest.mark.timeout(1_500)
def test_each_step_arrives_once_in_its_thread_and_at_its_pace(cloud: Cloud, api: Api) -> None:
    boxes = {address: _connected(cloud, api, address) for address in SENDERS}
    for mailbox in boxes.values():
        _until_proven(api, mailbox)
    campaign = _campaign(api, list(boxes.values()))
    leads = _leads(cloud, campaign)
    run = _Run(cloud, api, boxes, leads)
    unapproved, poison = set(leads[:UNAPPROVED]), leads[UNAPPROVED]
    reached = set(leads) - unapproved - {poison}
    strikes = Strikes(cloud, boxes, SEED, KILLS)
    cloud.mail.manners.watch = strikes
    with _messages_twice(cloud, boxes.values()):
        started = api.send("POST", f"/v1/mailer/campaigns/{campaign}/start", json={})
        assert started.status_code == 200, started.text
        stopped = _some_stop(run)
        _wait(run, campaign, reached)
    run.look()
    claims = run.claims()
    assert len(strikes.struck) >= KILLS - 2
    assert strikes.at_once(2 * GAP_S) == len(SENDERS)
    _require_each_once(run, claims, reached, len(strikes.struck))
    _require_threads(run.mails, claims)
    _require_pace(run, claims)
    _require_silence(run, stopped)
    shown = run.show(poison)
    assert (shown["status"], shown["emails"][0]["state"]) == ("ready", "approved")
    for lead in unapproved:
        assert [one["state"] for one in run.show(lead)["emails"]] == ["generated", "generated"]


def _connected(cloud: Cloud, api: Api, address: str) -> str:
    """The id of a mailbox at the host."""
    wanted = {
        **{"email": address, "dkim_selector": SELECTOR, "window": ALWAYS, "time_zone": noon()},
        **{"gap_seconds": GAP, "jitter_seconds": 0, "daily_cap": 1 if address == CAPPED else 100},
        "smtp": {
            **{"host": "localhost", "port": cloud.mail.submission},
            "password": cloud.mail.accounts.add(address),
        },
        "imap": {"host": "localhost", "port": cloud.mail.imap},
    }
    made = api.send("POST", "/v1/mailer/mailboxes", json=wanted, headers=_key())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _until_proven(api: Api, mailbox: str) -> None:
    give_up_at = time.monotonic() + 180
    while time.monotonic() < give_up_at:
        shown = api.show(f"/v1/mailer/mailboxes/{mailbox}")
        if shown["status"] != "verifying":
            assert shown["status"] == "active", shown
            return
        time.sleep(0.5)
    raise AssertionError("the mailbox is not proven")


def _campaign(api: Api, mailboxes: list[str]) -> str:
    steps = [{"delay_days": days, "business_days": False} for days in (0, DELAY)]
    wanted = {
        **{"name": "Everybody", "postal_address": "1 Main Street, Haifa", "steps": steps},
        "mailbox_ids": mailboxes,
        "throttle": {
            **{"daily_limit": 10_000, "per_hour": 1_000, "gap_seconds": 0, "jitter_seconds": 0},
            **{"window": ALWAYS, "time_zone": noon()},
        },
    }
    made = api.send("POST", "/v1/mailer/campaigns", json=wanted, headers=_key())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def _table(cloud: Cloud) -> Any:
    resource = session().resource("dynamodb", endpoint_url=cloud.endpoint_url)
    return resource.Table(cloud.outputs["CoreTable"])


def _leads(cloud: Cloud, campaign: str) -> list[str]:
    """Researched and approved, but for the first ones, and one whose first email is broken."""
    made, now = [], clock.timestamp()
    with _table(cloud).batch_writer() as batch:
        for at in range(LEADS):
            lead, email = _lead(at), f"reader{at}.{uuid4().hex[:6]}@example.org"
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


def _lead(at: int) -> str:
    """An id by which the mailboxes get leads in turn: by chance one in ten had too few for its cap
    to be told from none.
    """
    lead = ids.new("lead")
    while zlib.crc32(lead.encode()) % len(SENDERS) != at % len(SENDERS):
        lead = ids.new("lead")
    return lead


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
        while not over.wait(2.0):
            for body in bodies:
                sqs.send_message(QueueUrl=queue, MessageBody=body)

    thread = Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        cloud.mail.manners.watch = lambda word, address, port: None


def _some_stop(run: _Run) -> dict[str, float]:
    """Some of the first that are written to answer, or want no more: by when each was heard."""
    first = _newest(run, OPTED_OUT + ANSWERED)
    heard: dict[str, float] = {}
    for mail in first[:ANSWERED]:
        about = str(mail.message["Message-ID"])
        said = {"from": mail.to, "to": mail.sender, "subject": "Re: it", "text": "Call me."}
        answer = {**said, "headers": {"In-Reply-To": about, "References": about}}
        assert httpx.post(f"{run.cloud.mail.url}/messages", json=answer).is_success
    for mail in first[ANSWERED:]:
        path = urlsplit(str(mail.message["List-Unsubscribe"]).strip("<>")).path
        # What scans mails opens all that is in them.
        assert run.api.send("GET", path, token=None).status_code == 200
        said = {"List-Unsubscribe": "One-Click"}
        assert run.api.send("POST", path, token=None, data=said).status_code == 200
        heard[mail.step[0]] = time.time()
    for mail in first[:ANSWERED]:
        lead = mail.step[0]
        _until(partial(run.has_answered, lead), 0.3)
        heard[lead] = time.time()
    return heard


def _newest(run: _Run, count: int) -> list[Mail]:
    """The first mails that came last, of the mailboxes whose leads are all written to twice."""
    found: list[Mail] = []

    def look() -> bool:
        run.look()
        found[:] = [one for one in run.mails.values() if one.sender != CAPPED and one.step[1] == 1]
        return len(found) >= count

    _until(look, 0.2)
    return found[-count:]


def _until(is_so: Callable[[], bool], pause_s: float) -> None:
    give_up_at = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < give_up_at, "it did not come to that"
        time.sleep(pause_s)


def _wait(run: _Run, campaign: str, reached: set[str]) -> None:
    """Until all are done but those for whom a mailbox may send no more today."""
    boxes: dict[str, str] = {}

    def are_in_line() -> bool:
        boxes.update({lead: run.mailbox_of(lead) for lead in reached if not boxes.get(lead)})
        return all(boxes.values())

    _until(are_in_line, 1.0)
    capped = list(boxes.values()).count(run.boxes[CAPPED])
    assert CAP / 2 < capped < CAP
    wanted = len(reached) - capped + (CAP - capped)
    counts: dict[str, int] = {}

    def are_done() -> bool:
        shown = run.api.show(f"/v1/mailer/campaigns/{campaign}")
        counts.update(shown["lead_counts"])
        return sum(counts[one] for one in ("finished", "replied", "unsubscribed")) >= wanted

    _until(are_done, 1.0)


def _require_each_once(
    run: _Run, claims: dict[tuple[str, int], Claim], reached: set[str], kills: int
) -> None:
    """One mail of each step, and of what was claimed by who was killed at most one."""
    assert {lead for lead, _ in claims} == reached
    assert run.mails.keys() <= claims.keys()
    for step, mail in run.mails.items():
        text = str(mail.message.get_payload(decode=True))
        assert f"step {step[1]} for {mail.to}" in text
    unknown = {step for step, claim in claims.items() if claim.state == "unknown"}
    assert len(unknown) <= kills
    assert {claim.state for claim in claims.values()} <= {"sent", "unknown"}
    assert claims.keys() - run.mails.keys() <= unknown
    # Those of whom anything is left, and some of the others: a key may not ask for all at once.
    whole = {lead for lead in reached if {(lead, 1), (lead, 2)} <= run.mails.keys()}
    for lead in [*sorted(reached - whole), *sorted(whole)[:20]]:
        emails = run.show(lead)["emails"]
        for email in emails:
            claim = claims.get((lead, email["seq"]))
            is_left = email["state"] in {"approved", "canceled"}
            assert is_left if claim is None else email["state"] == claim.state


def _require_threads(
    mails: dict[tuple[str, int], Mail], claims: dict[tuple[str, int], Claim]
) -> None:
    for (lead, seq), mail in mails.items():
        said, first = mail.message, claims[lead, 1]
        name = f"<{first.message_id}>"
        if seq == 1:
            assert said["Message-ID"] == name
            assert (said["In-Reply-To"], said["References"]) == (None, None)
            continue
        assert (said["In-Reply-To"], said["References"]) == (name, name)
        assert claims[lead, 2].mailbox == first.mailbox
        assert mail.at > first.at + DELAY - _A_SECOND
        if (lead, 1) in mails:
            began = mails[lead, 1]
            assert said["Subject"] == f"Re: {began.message['Subject']}"
            assert mail.sender == began.sender


def _require_pace(run: _Run, claims: dict[tuple[str, int], Claim]) -> None:
    """By the host's times: none before the gaps of its mailbox since an earlier claim are over, and
    in all no more than it may.
    """
    for address, mailbox in run.boxes.items():
        arrived = sorted(one.at for one in run.mails.values() if one.sender == address)
        claimed = sorted(one.at for one in claims.values() if one.mailbox == mailbox)
        for apart in (1, 10, 40):
            # What came as the n-th was claimed as the n-th at the soonest.
            for before, after in zip(claimed, arrived[apart:], strict=False):
                assert after >= before + apart * GAP_S
        count = len(claimed)
        assert count == CAP if address == CAPPED else count > CAP, (address, count)


def _require_silence(run: _Run, stopped: dict[str, float]) -> None:
    """Who was heard gets nothing more, but what was under way that moment."""
    assert len(stopped) == OPTED_OUT + ANSWERED
    spared = 0
    for lead, heard_at in stopped.items():
        late = [one for step, one in run.mails.items() if step[0] == lead and one.at > heard_at]
        assert [one for one in late if one.at > heard_at + UNDER_WAY_S] == []
        shown = run.show(lead)
        assert shown["status"] in {"replied", "unsubscribed"}
        spared += shown["emails"][1]["state"] == "canceled"
    # Those who have answered too, but for whom it was too late.
    assert spared > OPTED_OUT
