"""What came of a claimed step, written down in one transaction with what follows from it."""

from typing import cast

from linkwright import clock, usage
from linkwright.errors import Unavailable
from linkwright.mailer import items, lines, rates
from linkwright.mailer.campaigns import delays
from linkwright.mailer.emails import approval
from linkwright.mailer.items import (
    CampaignItem,
    EmailItem,
    EmailState,
    EmailView,
    LeadItem,
    LeadView,
)
from linkwright.mailer.leads import leads, status, waiting
from linkwright.mailer.lines import Flight, Send
from linkwright.mailer.sending import queue, records, verdicts
from linkwright.mailer.sending.claims import SENDS
from linkwright.mailer.sending.verdicts import (
    Deferred,
    NotTried,
    Outcome,
    Refused,
    Sent,
    Unknown,
    Withheld,
)
from linkwright.mailer.suppressions import suppressions
from linkwright.observability import count
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

# Whoever is outrun so often has met as many changes of one lead.
_TRIES = 8
# What was heard of it meanwhile says more than that it was taken, or that nobody answered.
_NOT_DENIED = "attribute_exists(#pk) AND (attribute_not_exists(#told) OR #told = :sent)"
_NOT_TOLD = "attribute_exists(#pk) AND attribute_not_exists(#told)"


def write(partition: str, line: Item, flight: Flight, outcome: Outcome) -> Outcome:
    """Returns what it is by what others of the line were told. Raises `level.Lost` where another
    run has the line, and `Unavailable`.
    """
    for _ in range(_TRIES):
        tx, judged = Transaction(partition, ""), verdicts.judged(line, flight, outcome)
        facts, gone = verdicts.noted(line, flight, judged)
        queue.write(tx, line, facts, ("flight", *gone))
        _noted(tx, line, flight, judged)
        _counted(tx, line, judged)
        try:
            tx.commit()
        except Outrun:
            outcome = _as_told(partition, flight, outcome)
            continue
        count(f"mails_{type(judged).__name__.lower()}")
        return judged
    raise Unavailable


def close(partition: str, line: Item, flight: Flight) -> None:
    """What follows from it cannot be written: it counts as sent, and its lead has failed."""
    tx = Transaction(partition, "")
    _leave(tx, line, flight)
    lead = leads.stored(partition, flight["lead"])
    where = items.email_key(partition, flight["lead"], flight["seq"])
    email = cast(EmailItem | None, get(Table.CORE, where))
    if lead is not None and email is not None:
        view = records.change_email(tx, email, "unknown", {"sent_at": flight["since"]})
        _refused(tx, lead, Refused("not_settled"))
        tx.emit("email.sent", approval.told(cast(EmailView, view)), sequence=view["version"])
    tx.commit()


def forget(partition: str, line: Item, flight: Flight) -> None:
    """Nothing of its lead can be written either: that it counts as sent is seen at its email."""
    tx = Transaction(partition, "")
    _leave(tx, line, flight)
    where = items.email_key(partition, flight["lead"], flight["seq"])
    if email := get(Table.CORE, where):
        records.change_email(tx, cast(EmailItem, email), "unknown", {"sent_at": flight["since"]})
    tx.commit()


def leave(partition: str, line: Item, flight: Flight) -> None:
    """Nor of that: it stands at its record."""
    tx = Transaction(partition, "")
    _leave(tx, line, flight)
    tx.commit()


def go_on(tx: Transaction, lead: LeadItem, send: Send) -> None:
    """What follows from one that was left, once it can be written."""
    where = items.email_key(tx.partition, lead["sk"], send["seq"])
    email = cast(EmailItem | None, get(Table.CORE, where))
    if email is not None and email["view"]["state"] == "sending":
        records.change_email(tx, email, "unknown", {"sent_at": send["at"]})
    where = items.campaign_key(tx.partition, send["campaign"])
    campaign = cast(CampaignItem | None, get(Table.CORE, where))
    _onward(tx, None, send["seq"], send["at"], lead, campaign)


def _leave(tx: Transaction, line: Item, flight: Flight) -> None:
    queue.write(tx, line, {}, ("flight",))
    usage.settle(tx.partition, flight["period"], SENDS, reserved=1, used=1, tx=tx)
    where = items.send_key(tx.partition, flight["lead"], flight["seq"])
    if get(Table.CORE, where) is not None:
        records.change_send(tx, where, {"state": "unknown"})


def _as_told(partition: str, flight: Flight, outcome: Outcome) -> Outcome:
    """By what SES or its reader said of it before its host's answer was written down."""
    send = get(Table.CORE, items.send_key(partition, flight["lead"], flight["seq"])) or {}
    if isinstance(outcome, Sent | Unknown) and send.get("told") == "rejected":
        return Refused("rejected")
    if isinstance(outcome, Unknown) and send.get("told") == "sent":
        return Sent(send.get("sent_message_id"))
    return outcome


def _record(tx: Transaction, flight: Flight, outcome: Outcome) -> None:
    lead, seq = flight["lead"], flight["seq"]
    where = items.send_key(tx.partition, lead, seq)
    if isinstance(outcome, Sent):
        named = records.name_send(tx, flight["message_id"], outcome.named, lead, seq)
        records.change_send(tx, where, {"state": "sent", **named}, _NOT_DENIED, {"sent": "sent"})
    elif isinstance(outcome, Unknown):
        records.change_send(tx, where, {"state": "unknown"}, _NOT_TOLD)
    elif isinstance(outcome, Refused):
        records.change_send(tx, where, {"state": "failed", "reason": outcome.reason})


def _counted(tx: Transaction, line: Item, outcome: Outcome) -> None:
    """Against its mailbox, whose run looks at that before the next one."""
    if isinstance(outcome, Deferred | Refused | Withheld) and outcome.counted:
        mailbox = get(Table.CORE, items.mailbox_key(tx.partition, line["sk"]))
        if mailbox is not None:
            rates.add(tx, mailbox, line, outcome.counted)


def _noted(tx: Transaction, line: Item, flight: Flight, outcome: Outcome) -> None:
    lead = leads.stored(tx.partition, flight["lead"])
    where = items.email_key(tx.partition, flight["lead"], flight["seq"])
    email = cast(EmailItem | None, get(Table.CORE, where))
    is_sent = isinstance(outcome, Sent | Unknown)
    if is_sent:
        usage.settle(tx.partition, flight["period"], SENDS, reserved=1, used=1, tx=tx)
    else:
        usage.release(tx, flight["period"], SENDS, 1)
    # Of a lead that was deleted meanwhile there is nothing to be said.
    if lead is None or email is None:
        return
    campaign_key = items.campaign_key(tx.partition, flight["campaign"])
    campaign = cast(CampaignItem | None, get(Table.CORE, campaign_key))
    if isinstance(outcome, Deferred | Withheld | NotTried):
        _again(tx, line, flight, lead, email, campaign, outcome)
        return
    _record(tx, flight, outcome)
    state: EmailState = "failed"
    if is_sent:
        state = "sent" if isinstance(outcome, Sent) else "unknown"
    facts = {"sent_at": flight["since"]} if is_sent else {}
    view = records.change_email(tx, email, state, facts)
    if isinstance(outcome, Refused):
        _refused(tx, lead, outcome)
    else:
        _onward(tx, line["sk"], flight["seq"], flight["since"], lead, campaign)
    told = approval.told(cast(EmailView, view))
    details = {"reason": outcome.reason} if isinstance(outcome, Refused) else None
    event_type = "email.sent" if is_sent else "email.failed"
    tx.emit(event_type, told, sequence=view["version"], details=details)


def _again(
    tx: Transaction,
    line: Item,
    flight: Flight,
    lead: LeadItem,
    email: EmailItem,
    campaign: CampaignItem | None,
    outcome: Deferred | Withheld | NotTried,
) -> None:
    """Nothing was sent, so nothing is known of it: the step waits once more."""
    tx.delete(Table.CORE, items.send_key(tx.partition, lead["sk"], flight["seq"]), condition="")
    tx.delete(Table.CORE, lines.message_key(tx.partition, flight["message_id"]), condition="")
    view = lead["view"]
    if view["status"] not in status.SENT_TO or campaign is None:
        records.change_email(tx, email, "canceled", {})
        status.write(tx, lead, view, removed=("flight",))
        return
    records.change_email(tx, email, "approved", {})
    row: Item = {"tries": flight["tries"]}
    moment = clock.now()
    if "put_off" in flight:
        row["put_off"] = flight["put_off"]
    if isinstance(outcome, Deferred):
        moment += verdicts.BACKOFF[flight["tries"]]
        row["tries"] += 1
    elif isinstance(outcome, Withheld):
        # Others are before it then: whether they are taken tells whom the host means.
        moment = verdicts.rests_until(line)
        row["put_off"] = clock.timestamp()
    facts = waiting.place(tx, lead, campaign, moment, row=row, run_of=line["sk"])
    status.write(tx, lead, view, facts=facts, removed=("flight",))


def _refused(tx: Transaction, lead: LeadItem, outcome: Refused) -> None:
    """The lead ends; whoever ended it meanwhile had a better reason."""
    if lead["view"]["status"] not in status.SENT_TO:
        status.write(tx, lead, lead["view"], removed=("flight",))
        return
    after = status.stop(
        tx, lead, "bounced" if outcome.is_bounce else "failed", outcome.reason, removed=("flight",)
    )
    if outcome.is_bounce:
        suppressions.suppress(
            tx, lead["address_hash"], lead["view"]["email"], source="bounced", reason=outcome.reason
        )
        status.tell(tx, "lead.bounced", after, {"reason": outcome.reason})


def _onward(
    tx: Transaction,
    mailbox: str | None,
    seq: int,
    since: str,
    lead: LeadItem,
    campaign: CampaignItem | None,
) -> None:
    """The next step is due by when this one was really sent; after the last one all is done."""
    view = lead["view"]
    if view["status"] not in status.SENT_TO:
        status.write(tx, lead, view, removed=("flight",))
        return
    steps = campaign["view"]["steps"] if campaign else []
    where = items.email_key(tx.partition, lead["sk"], seq + 1)
    if campaign is None or seq >= len(steps) or get(Table.CORE, where) is None:
        status.write(tx, lead, cast(LeadView, {**view, "status": "finished"}), removed=("flight",))
        return
    zone = view.get("time_zone") or campaign["view"]["throttle"]["time_zone"]
    moment = delays.after(steps[seq], clock.parse(since), zone)
    facts = waiting.place(tx, lead, campaign, moment, run_of=mailbox)
    status.write(
        tx, lead, cast(LeadView, {**view, "status": "active"}), facts=facts, removed=("flight",)
    )
