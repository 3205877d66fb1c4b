"""Campaigns that mail: a mailbox that is let in at the host, leads whose emails are approved, and
limits as they are outside of the local cloud.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any, Protocol, cast

import pytest

from linkwright import clock, ids, jobs
from linkwright.jobs import Work
from linkwright.mailer import items, lines, rates
from linkwright.mailer.campaigns import delays, limits
from linkwright.mailer.mailboxes import logging_in, simulation
from linkwright.mailer.mailboxes.logging_in import Secrets
from linkwright.mailer.sending import filling, guard, planning, running, throttle
from linkwright.table import Item, Table, get, query, update
from linkwright.transaction import Transaction
from tests import mailhost
from tests.clocks import Hand
from tests.factories import Workspace
from tests.leads import put, put_lead

ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "start": "00:00",
    "end": "23:59",
}
SENDER = "dana@example.com"


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def put_mailbox(
    owner: _Owner,
    email: str = SENDER,
    *,
    is_by_oauth: bool = False,
    is_read: bool = True,
    **view: Any,
) -> str:
    """Write a mailbox that is active; returns its id."""
    mailbox, now = view.pop("id", None) or ids.new("mbx"), clock.timestamp()
    connection: Item = {"host": mailhost.HOST, "port": 465, "username": email}
    connection["auth"] = "password"
    secrets = Secrets(mailhost.PASSWORD)
    if is_by_oauth:
        oauth = {"provider": "google", "client_id": "client.apps.example"}
        connection |= {"auth": "oauth", "oauth": oauth}
        secrets = Secrets(client_secret=mailhost.CLIENT_SECRET, refresh_token=mailhost.REFRESH)
    shown = {
        **{"id": mailbox, "email": email, "transport": "smtp", "status": "active", "version": 1},
        **{"smtp": connection, "imap": {"host": mailhost.HOST, "port": 993}},
        **{"daily_cap": 50, "gap_seconds": 1, "jitter_seconds": 0, "time_zone": "UTC"},
        **{"ramp": {"start": 50, "step": 1}, "window": ALWAYS},
        "proof": {
            **{"at": now, "found_in": "inbox", "sent_copy": "ours", "sent_folder": "Sent"},
            "keeps_message_id": True,
        },
        "checks": {
            **dict.fromkeys(("spf", "dkim", "dmarc", "mx", "alignment"), {"status": "passed"}),
            **{"domain": "example.com", "checked_at": now},
        },
        **{"created_at": now, "updated_at": now},
        **view,
    }
    sealed = logging_in.seal(secrets, owner.partition, mailbox)
    where = items.mailbox_key(owner.partition, mailbox).attributes()
    put({**where, "view": shown, "v": 1, "since": now, "sealed": sealed})
    if (
        is_read
        and shown["status"] == "active"
        and simulation.has_inbox(owner.partition, cast(Any, shown))
    ):
        _have_read(owner, mailbox)
    return mailbox


def _have_read(owner: _Owner, mailbox: str) -> None:
    """Have its inbox read, as once it is proven, but not before a test asks for it."""
    due = jobs.due(jobs.MAILBOX_READING, mailbox, clock.now() + timedelta(days=1000))
    put({**lines.reading_key(owner.partition, mailbox).attributes(), **due})


def put_campaign(owner: _Owner, mailboxes: Sequence[str], **view: Any) -> str:
    """Write a draft; returns its id."""
    campaign, now = ids.new("cmp"), clock.timestamp()
    throttle = {
        **{"daily_limit": 1000, "per_hour": 1000, "gap_seconds": 0, "jitter_seconds": 0},
        **{"window": ALWAYS, "time_zone": "UTC"},
    }
    shown = {
        **{"id": campaign, "name": "Clinics", "state": "draft", "language": "en", "version": 1},
        "instructions": "Offer a trial of our calls.",
        "steps": [_step(0), _step(3)],
        "throttle": throttle | view.pop("throttle", {}),
        **{"postal_address": "1 Main Street, Haifa", "format": "text", "require_approval": True},
        **{"mailbox_ids": list(mailboxes), "metadata": {"quarter": "Q2"}},
        **{"created_at": now, "updated_at": now},
        **view,
    }
    where = items.campaign_key(owner.partition, campaign).attributes()
    index = items.campaigns_in(owner.partition, shown["state"])
    put({**where, "view": shown, "v": 1, "state": shown["state"], "gsi3pk": index})
    return campaign


def _step(days: int) -> Item:
    off = {"business_days": True, "stop_on_auto_reply": False, "stop_for_company": False}
    return {"delay_days": days, **off}


def put_ready(
    owner: _Owner, campaign: str, email: str = "noa@example.org", *, of: int = 2, **view: Any
) -> str:
    """Write a lead whose emails are approved; returns its id."""
    research = view.pop("research", {"status": "succeeded", "sources": []})
    lead = put_lead(owner, campaign, email=email, status="ready", research=research, **view)
    gone = ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
    update(Table.CORE, items.lead_key(owner.partition, lead), f"REMOVE {gone}")
    for seq in range(1, of + 1):
        put_email(owner, campaign, lead, seq)
    return lead


def put_in_line(owner: _Owner, lead: str, mailbox: str) -> None:
    """Have a lead's next step wait, and the line of its mailbox run."""
    view = stored_view(owner, lead)
    group = lines.group(view["campaign_id"], view.get("time_zone"))
    place = lines.place(clock.now(), lead, group)
    put(lines.row_key(owner.partition, mailbox, place).attributes())
    tx = Transaction(owner.partition, "req_test")
    lines.ring(tx, mailbox)
    tx.commit()
    queued = {"mailbox": mailbox, "place": place}
    update(
        Table.CORE,
        items.lead_key(owner.partition, lead),
        "SET #queued = :queued, #mailbox = :mailbox",
        values={"queued": queued, "mailbox": mailbox},
    )


def put_email(owner: _Owner, campaign: str, lead: str, seq: int, **view: Any) -> None:
    now = clock.timestamp()
    shown = {
        **{"lead_id": lead, "campaign_id": campaign, "seq": seq, "state": "approved"},
        **{"subject": f"An idea {seq}", "body": f"Hello,\n\nthis is step {seq}.", "version": 2},
        **{"claims": [], "generated_by": "deterministic", "created_at": now, "updated_at": now},
        **view,
    }
    put({**items.email_key(owner.partition, lead, seq).attributes(), "view": shown, "v": 2})


def start(owner: Workspace, campaign: str) -> None:
    answer = owner.client.post(f"/v1/mailer/campaigns/{campaign}/start", json={})
    assert answer.status == 200, answer.raw


def fill(owner: Workspace, campaign: str) -> None:
    """Start a campaign, and put its leads in line."""
    start(owner, campaign)
    work_on(owner, campaign)


def work_on(owner: Workspace, campaign: str) -> None:
    """See to a campaign, as its job does."""
    with suppress(clock.NotYet):
        filling.run(Work(jobs.CAMPAIGN, *items.campaign_key(owner.partition, campaign)))


def work(owner: Workspace, mailbox: str) -> Work:
    return Work(jobs.MAILBOX_LINE, *lines.line_key(owner.partition, mailbox))


def run(owner: Workspace, mailbox: str) -> None:
    running.run(work(owner, mailbox))


def counted(patch: pytest.MonkeyPatch, *modules: Any) -> dict[str, float]:
    """What these modules count from here on, by name."""
    found: dict[str, float] = {}

    def count(name: str, value: float = 1, unit: str = "Count") -> None:
        found[name] = found.get(name, 0) + value

    for module in modules:
        patch.setattr(module, "count", count)
    return found


def go_on(owner: Workspace, hand: Hand, *boxes: str, **time: float) -> None:
    """Run each line whenever it asks for that, for so long."""
    end = clock.now() + timedelta(**time)
    while clock.now() < end:
        for box in boxes:
            at = line(owner, box).get("next_at")
            if at is None or clock.parse(at) <= clock.now():
                run(owner, box)
        asked = [line(owner, box).get("next_at") for box in boxes]
        next_at = min((clock.parse(at) for at in asked if at), default=end)
        hand.set(min(max(next_at, clock.now() + timedelta(seconds=1)), end))


def line(owner: Workspace, mailbox: str) -> Item:
    return get(Table.CORE, lines.line_key(owner.partition, mailbox)) or {}


def rows(owner: Workspace, mailbox: str) -> list[str]:
    """From when on steps wait, and of whom, the first first."""
    where = lines.row_key(owner.partition, mailbox, "").pk
    found, _ = query(Table.CORE, where, limit=100, newest_first=False, strong=True)
    return sorted(row["sk"].partition("#")[2] for row in found)


def place(owner: Workspace, lead: str) -> str:
    """Where a lead waits, as `rows` has it."""
    queued = (get(Table.CORE, items.lead_key(owner.partition, lead)) or {})["queued"]
    return str(queued["place"]).partition("#")[2]


def emails(owner: Workspace, lead: str) -> list[tuple[int, str]]:
    where = items.lead_partition(owner.partition, lead)
    found, _ = query(Table.CORE, where, between=("EML#", "EML#~"), limit=20, newest_first=False)
    return [(row["view"]["seq"], row["view"]["state"]) for row in found]


def stored_view(owner: _Owner, lead: str) -> Item:
    view: Item = (get(Table.CORE, items.lead_key(owner.partition, lead)) or {})["view"]
    return view


def send(owner: Workspace, lead: str, seq: int) -> Item:
    return get(Table.CORE, items.send_key(owner.partition, lead, seq)) or {}


def is_otherwise(owner: Workspace, where: Any, **view: Any) -> None:
    """Let something be otherwise, as a change by the API would have it."""
    row = get(Table.CORE, where) or {}
    version = row["v"] + 1
    values = {"view": row["view"] | view | {"version": version}, "v": version}
    values |= {"state": view["state"]} if "state" in view and "state" in row else {}
    expression = ", ".join(f"#{name} = :{name}" for name in values)
    update(Table.CORE, where, f"SET {expression}", values=values)


def to(host: mailhost.Host) -> list[str]:
    return [recipient for _, recipient, _ in host.sent]


def headers(host: mailhost.Host, at: int) -> Any:
    return message_from_bytes(host.sent[at][2], policy=default)


def real_limits(patch: pytest.MonkeyPatch) -> None:
    for module in (throttle, delays, planning):
        patch.setattr(module, "limits", lambda: limits.REAL)


def at_work(patch: pytest.MonkeyPatch) -> Hand:
    """On a Wednesday at ten, by the limits that hold everywhere but in the local cloud."""
    real_limits(patch)
    made = Hand(patch)
    made.set(clock.parse("2027-02-03T10:00:00Z"))
    return made


def in_turn(*failures: Exception | None) -> Any:
    """What happens to one mail after the other; then nothing."""
    left = list(failures)

    def does(word: str) -> None:
        if word == "send" and left and (failure := left.pop(0)) is not None:
            raise failure

    return does


def goes_wrong(owner: _Owner, mailbox: str, kind: rates.Kind, count: int) -> None:
    """Let so many of a mailbox's mails have come back, and its line look at that."""
    where = lines.day_key(owner.partition, mailbox, 0, clock.now().date())
    update(Table.CORE, where, "SET #sent = :n", values={"n": count})
    for _ in range(count // 10):
        row = get(Table.CORE, items.mailbox_key(owner.partition, mailbox)) or {}
        tx = Transaction(owner.partition, "req_test")
        guard.note(tx, row, get(Table.CORE, lines.line_key(owner.partition, mailbox)), kind)
        tx.commit()
