"""What is heard of a mail beside what its host answered: that it was sent after all, or was not.

While a run has the send that is noted at its record, and decides what the run writes down; after
that it mends what was written: `unknown` is sent, what counted as sent has failed.
"""

from typing import cast

from linkwright import usage
from linkwright.mailer import items
from linkwright.mailer.emails import approval
from linkwright.mailer.items import EmailItem, EmailView, LeadItem, LeadStatus
from linkwright.mailer.leads import status
from linkwright.mailer.lines import Send
from linkwright.mailer.sending import records
from linkwright.mailer.sending.claims import SENDS
from linkwright.table import Key, Table, get
from linkwright.transaction import Transaction

# Who was written to, and may have nothing more to get.
_WRITTEN_TO: frozenset[LeadStatus] = status.SENT_TO | {"finished"}
# As it was read: the same send, in the same state.
_AS_READ = "#state = :was AND #message_id = :of"


def prove(tx: Transaction, send: Send, named: str | None = None) -> None:
    """Add that a mail was sent for certain, and by which id it is known instead of ours, if it is.
    Nothing where that is known.
    """
    now = _now(tx, send) if send["state"] in {"claimed", "unknown"} else None
    if now is None or now["state"] not in {"claimed", "unknown"} or "told" in now:
        return
    known = records.name_send(tx, send["message_id"], named, send["lead"], send["seq"])
    if now["state"] == "claimed":
        _change(tx, now, {"told": "sent", **known})
        return
    _change(tx, now, {"state": "sent", **known})
    if email := _email(tx, now):
        records.change_email(tx, email, "sent", {})


def deny(tx: Transaction, send: Send, lead: LeadItem, reason: str) -> None:
    """Add that nobody was mailed, though it was taken: the lead ends, as where a host refuses."""
    now = _now(tx, send)
    if now is None or now["state"] == "failed":
        return
    if now["state"] == "claimed":
        _change(tx, now, {"told": "rejected"})
        return
    _change(tx, now, {"state": "failed", "reason": reason})
    if period := now.get("period"):
        usage.settle(tx.partition, period, SENDS, reserved=0, used=-1, tx=tx)
    if email := _email(tx, now):
        view = records.change_email(tx, email, "failed", {})
        told = approval.told(cast(EmailView, view))
        tx.emit("email.failed", told, sequence=view["version"], details={"reason": reason})
    if lead["view"]["status"] in _WRITTEN_TO:
        status.stop(tx, lead, "failed", reason)


def _now(tx: Transaction, send: Send) -> Send | None:
    """None where it was taken back, and maybe claimed again."""
    found = get(Table.CORE, items.send_key(tx.partition, send["lead"], send["seq"]))
    is_same = found is not None and found["message_id"] == send["message_id"]
    return cast(Send, found) if is_same else None


def _change(tx: Transaction, now: Send, facts: dict[str, str]) -> None:
    seen = {"was": now["state"], "of": now["message_id"]}
    records.change_send(tx, Key(now["pk"], now["sk"]), facts, _AS_READ, seen)


def _email(tx: Transaction, send: Send) -> EmailItem | None:
    where = items.email_key(tx.partition, send["lead"], send["seq"])
    return cast(EmailItem | None, get(Table.CORE, where))
