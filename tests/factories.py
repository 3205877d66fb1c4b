"""Workspaces with keys and agents, made as the tools make them; each test gets its own."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from linkwright import audit, clock, ids, jobs, ownership
from linkwright.jobs import Work
from linkwright.mailer import items, lines
from linkwright.mailer.feedback import unsubscribing
from linkwright.mailer.leads import leads
from linkwright.notifications.operations import notify
from linkwright.table import Item, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.compliance import do_not_call
from linkwright.voice.dialling import dialler, next_in_line
from linkwright.webhooks import catalogue
from linkwright.workspace import members, workspaces
from linkwright.workspace.models import Settings
from linkwright.workspace.settings import ATTRIBUTES, OFF
from tests import mailhost, nameserver, pages
from tests.client import Answer, Client, Context, invoke, queue_event
from tests.stack import OWN_QUEUE
from tools import receivers
from tools.demo import EVERYTHING, demo_agent
from tools.numbers import register
from tools.workspace import ensure_workspace, issue_key, make_key

CALLEE = "+972541234567"
# An address, so that no name is asked for; nothing is sent there.
HOOK = "https://1.1.1.1/hook"
# Where short links lead.
TARGET = "https://example.com/sale"
# What is found of a domain that may be mailed from.
PASSED = {name: {"status": "passed"} for name in ("spf", "dkim", "dmarc")}
_OTHERS = count(2_000_000)


def another_number() -> str:
    """One that nobody else calls: a workspace calls a number once at a time."""
    return f"+97254{next(_OTHERS)}"


@dataclass
class Workspace:
    """A tenant with a client that may do everything."""

    item: Item
    mode: str = "live"
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.client_with(EVERYTHING)

    @property
    def id(self) -> str:
        return str(self.item["id"])

    @property
    def partition(self) -> str:
        return self.id if self.mode == "live" else f"{self.id}.test"

    def client_with(self, scopes: list[str], role: str = "owner") -> Client:
        return Client(make_key(self.item, self.mode, role, scopes, "of a test"))

    def key(self, scopes: Sequence[str] = ("*:read",), role: str = "owner") -> str:
        """Make a key and return its id."""
        view, _ = issue_key(self.item, self.mode, role, list(scopes), "of a test")
        return str(view["id"])

    def agent(self, **changes: Any) -> str:
        """Make an agent and return its id."""
        agent = demo_agent(ids.new("agt")).model_copy(update=changes)
        tx = Transaction(self.partition, "req_test")
        agents.put(self.partition, agent, tx)
        tx.commit()
        return agent.id

    def never_call(self, number: str | None = None) -> str:
        """Put a number, or one of its own for each, on the do-not-call list; returns the number."""
        number = number or another_number()
        tx = Transaction(self.partition, "req_test")
        do_not_call.add(number, tx, source="api")
        tx.commit()
        return number

    def member(self, role: str = "viewer", id: str | None = None) -> str:
        """Let a person of an organisation of their own be a member; returns the member's id."""
        tx = Transaction(self.id, "req_test", audit.OPERATOR)
        of = {"organisation": ids.new("org"), "subject": ids.new("user"), "role": role}
        member = members.add(workspaces.existing(self.id), **of, tx=tx, member_id=id)
        tx.commit()
        return member

    def mailed(self, email: str | None, role: str = "owner", **view: Any) -> str:
        """Let somebody be a member who has a verified address; returns the member's id."""
        member = self.member(role)
        where = members.row(self.id, member)
        found = (get(Table.ACCESS, where) or {})["view"] | {"email": email} | view
        update(Table.ACCESS, where, "SET #view = :view", values={"view": found})
        return member

    def number(self, number: str | None = None) -> str:
        """Register a number, or one of its own for each, to call from; returns the number."""
        number = number or another_number()
        register(number, self.id)
        return number

    def place(self, agent_id: str, *, key: str | None = None, **body: Any) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        wanted = {"agent_id": agent_id, "to": CALLEE, **body}
        return self.client.post("/v1/voice/calls", json=wanted, headers=headers)

    def receiver(self, arn: str) -> str:
        """Register a bus or a queue for webhooks; returns its ARN."""
        receivers.register(arn, self.id)
        return arn

    def queue(self) -> str:
        """Register the queue that the deployment allows, whose ever it was; returns its ARN."""
        with suppress(ownership.Unregistered):
            receivers.release(OWN_QUEUE, by_force=True)
        return self.receiver(OWN_QUEUE)

    def webhook(self, **wanted: Any) -> str:
        """Make an endpoint, and return its id. It wants nothing that happens by itself."""
        answer = self.client.post("/v1/webhooks", json={"url": HOOK, "events": ["ping"]} | wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def link(self, **wanted: Any) -> Item:
        """Make a short link, and return it as it is shown."""
        answer = self.client.post("/api/links", json={"url": TARGET} | wanted)
        assert answer.status == 201, answer.raw
        return dict(answer.json)

    def link_campaign(self, **wanted: Any) -> str:
        """Make a campaign of links, and return its id."""
        answer = self.client.post("/api/campaigns", json={"name": "Spring"} | wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def mailer_campaign(self, **wanted: Any) -> str:
        """Make a mail campaign that could be started, and return its id."""
        ready = {"name": "Clinics", "postal_address": "1 Main Street", **wanted}
        ready.setdefault("mailbox_ids", [self.mailbox()])
        answer = self.client.post("/v1/mailer/campaigns", json=ready)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def mailing(self) -> str:
        """Make a mail campaign that mails, and return its id."""
        campaign = self.mailer_campaign()
        started = self.client.post(f"/v1/mailer/campaigns/{campaign}/start")
        assert started.status == 200, started.raw
        return campaign

    def lead(self, campaign: str | None = None, **wanted: Any) -> str:
        """Push somebody, of an address of their own, and return the lead's id."""
        path = f"/v1/mailer/campaigns/{campaign or self.mailer_campaign()}/leads"
        email = f"noa{next(_OTHERS)}@example.com"
        answer = self.client.post(path, json={"email": email} | wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def opt_out(self, lead: str) -> str:
        """Where whoever a lead is asks for no more mail: a path."""
        stored = leads.existing(self.partition, lead)
        return urlsplit(unsubscribing.url(self.item["cursor_key"], self.partition, stored)).path

    def suppression(self, email: str | None = None) -> str:
        """Mail nothing to an address, or to one of its own for each; returns the entry's id."""
        wanted = {"email": email or f"stop{next(_OTHERS)}@example.com"}
        answer = self.client.post("/v1/mailer/suppressions", json=wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def mailbox(self, **view: Any) -> str:
        """Write a mailbox that may mail, and return its id."""
        known = catalogue.sample("mailbox.state_changed")
        named = {"id": ids.new("mbx"), "email": f"box{next(_OTHERS)}@example.com"}
        mailbox = {**known, **named, **view}
        checks = view.get("checks", PASSED)
        mailbox["checks"] = checks and known["checks"] | checks
        where = items.mailbox_key(self.partition, mailbox["id"])
        tx = Transaction(self.partition, "req_test")
        tx.put(Table.CORE, {**where.attributes(), "view": mailbox, "v": 1})
        due = jobs.due(jobs.MAILBOX_READING, mailbox["id"], clock.now() + timedelta(days=1000))
        reading = lines.reading_key(self.partition, mailbox["id"])
        tx.put(Table.CORE, {**reading.attributes(), **due})
        tx.commit()
        return str(mailbox["id"])

    def tend(self, mailbox_id: str) -> None:
        """Run a mailbox's worker, whenever its queue would hand the message out."""
        job = jobs.at(items.mailbox_key(self.partition, mailbox_id))
        invoke("tend_mailbox", queue_event([job.message()]), Context(60_000))

    def domain(self, name: str | None = None, **wanted: Any) -> str:
        """Add a domain, by a name of its own if none is given, and return its id."""
        name = name or f"go{next(_OTHERS)}.example.com"
        answer = self.client.post("/api/domains", json={"domain": name} | wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def proven(self, name: str | None = None, **wanted: Any) -> str:
        """Add a domain, and prove that it is the workspace's; returns its id."""
        domain_id = self.domain(name, **wanted)
        proof = self.client.get(f"/api/domains/{domain_id}").json["records"][0]
        nameserver.say(proof["name"], proof["type"], proof["value"])
        answer = self.client.post(f"/api/domains/{domain_id}/verify")
        assert answer.json["status"] == "verified", answer.raw
        return domain_id

    def own_mailbox(self, email: str | None = None, **changes: Any) -> str:
        """Connect a mailbox at the tests' host, by an address of its own if none is given."""
        email = email or f"box{next(_OTHERS)}@example.com"
        with mailhost.there():
            wanted = mailhost.wanted(email, **changes)
            answer = self.client.post("/v1/mailer/mailboxes", json=wanted)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def notification(self, message: str = "80 % are used.") -> str:
        """Tell the workspace's people something, and return the notification's id."""
        tx = Transaction(self.partition, "req_test")
        notification_id = notify(tx, "usage.threshold", message, {"percent": 80})
        tx.commit()
        return notification_id

    def delivery(self, webhook_id: str) -> str:
        """Have a test sent to an endpoint; returns the delivery's id."""
        answer = self.client.post(f"/v1/webhooks/{webhook_id}/test", json={"type": "ping"})
        assert answer.status == 202, answer.raw
        return str(answer.json["id"])

    def happen(self, event_type: str = "call.ended", sequence: int = 1, **changed: Any) -> str:
        """Let something happen of which an event tells; returns the event's id."""
        tx = Transaction(self.partition, "req_test")
        told = catalogue.sample(event_type) | changed
        event_id = tx.emit(event_type, told, sequence=sequence)
        tx.commit()
        return event_id

    def placed(self, agent_id: str | None = None, **body: Any) -> str:
        """The id of a call that is accepted; of an agent of its own, if none is named."""
        answer = self.place(agent_id or self.agent(), **body)
        assert answer.status == 201, answer.raw
        return str(answer.json["id"])

    def job(self, call_id: str) -> Work:
        return Work(jobs.CALL, f"W#{self.partition}#CALL", call_id)

    def dial(self, call_id: str) -> None:
        """Take up the call's job, as the worker does that is told of it."""
        dialler.dial(self.job(call_id))

    def wake(self) -> None:
        """Take up the line's job: somebody left the phone, or began to wait."""
        next_in_line.serve(Work(jobs.LINE, f"W#{self.partition}#LINE", "all"))

    def call(self, call_id: str) -> Item:
        """The call as the API shows it."""
        shown: Item = self.client.get(f"/v1/voice/calls/{call_id}").json
        return shown

    def end_of(self, call_id: str) -> tuple[str, str | None]:
        """Status and reason: a pair that callers are told of, once the call has ended."""
        shown = self.call(call_id)
        ended = shown["status"], shown["ended_reason"]
        assert shown["ended_reason"] is None or ended in pages.ends(), ended
        return ended


def make_workspace(
    plan: str = "pro", mode: str = "live", settings: Mapping[str, Any] | None = None
) -> Workspace:
    """Without the rules for calls, as in the demo workspace, but for those in `settings`."""
    workspace = Workspace(ensure_workspace(ids.new("ws"), "Test", plan, OFF), mode)
    if settings:
        rules = Settings.model_validate(OFF.model_dump() | settings).model_dump(mode="json")
        where = {"own": rules}
        update(
            Table.CORE,
            workspaces.key(workspace.id),
            f"SET #{ATTRIBUTES[mode]} = :own",
            values=where,
        )
    return workspace
