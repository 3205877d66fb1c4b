"""What SES tells of campaigns' mails: that one came back, or was called spam, takes effect as what
a mailbox is told; that one was sent, or was not, settles what was unknown of it.
"""

import re
from dataclasses import dataclass
from typing import cast

from linkwright.mailer import items, lines
from linkwright.mailer.inbound.bounces import Class, Failure
from linkwright.mailer.items import LeadItem, normalised
from linkwright.mailer.leads import leads
from linkwright.mailer.lines import Send
from linkwright.mailer.responses import effects, returned
from linkwright.mailer.responses.effects import Heard
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.responses.returned import Complained
from linkwright.mailer.sending import settling
from linkwright.observability import count, log_failure
from linkwright.providers.mail import feedback, ses
from linkwright.providers.mail.feedback import Feedback, NothingTold, NotOurs
from linkwright.settings import settings
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction

_TAGS = {
    **{"workspace": re.compile(r"ws_[0-9A-Za-z]{1,64}"), "seq": re.compile(r"[1-9][0-9]{0,3}")},
    **{name: re.compile(rf"{name}_[0-9A-Za-z]{{4,64}}") for name in ("lead", "mail")},
}
# That it is no spam; and that somebody else wrote in our name, as a receiver found.
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})


@dataclass(frozen=True)
class Rejected:
    """SES took it, and did not send it."""

    send: Send

    def write(self, tx: Transaction, lead: LeadItem) -> None:
        settling.deny(tx, self.send, lead, "rejected")


@dataclass(frozen=True)
class Arrived:
    """SES has sent it. What follows is that this is known."""

    send: Send

    def write(self, tx: Transaction, lead: LeadItem) -> None:
        """Nothing follows for the lead."""


def hear(body: str) -> None:
    """What did not come by our topic, or tells nothing, has no effect, and does not come again.
    Raises `Unavailable`.
    """
    try:
        told = feedback.read(body, settings().feedback_topic_arn)
    except NotOurs as foreign:
        log_failure("a message of another topic was refused", foreign)
        count("feedback_refused")
        return
    except NothingTold as nothing:
        log_failure("a message tells nothing of a mail", nothing)
        count("feedback_unread")
        return
    # What is mailed to members has none of these tags.
    if (found := _found(told)) is not None:
        _take(told, *found)


def _take(told: Feedback, partition: str, send: Send, answer: Item | None) -> None:
    """`answer` is which of ours it is about, if it is no step."""
    is_news = answer is not None or send["state"] in {"claimed", "unknown"}
    if told.kind in {"sent", "delivered"} and not is_news:
        return
    lead = leads.stored(partition, send["lead"])
    if lead is None:
        return
    match = Match(lead, send, answer is None, (answer or {}).get("answer"))
    heard = _heard(told, match)
    if heard is not None:
        # By SES's own id and by ours.
        name = f"{told.told} {send['lead']} {told.tags['mail']}"
        is_proof, named = told.kind != "rejected", ses.message_id(told.name)
        effects.write(partition, name, match, heard, is_proof=is_proof, named=named)


def _heard(told: Feedback, match: Match) -> Heard | None:
    match told.kind:
        case "rejected":
            # Of an answer somebody reads that it was sent, as SES said.
            return Rejected(match.send) if match.is_named else None
        case "bounced":
            # What is undetermined SES tries no more, and it may be anything.
            kind: Class = "hard" if told.what == "Permanent" else "soft"
            return returned.bounced(match, (Failure(one, kind, None, "") for one in told.to))
        case "complained":
            is_theirs = normalised(match.lead["view"]["email"]) in map(normalised, told.to)
            is_one = is_theirs and told.what not in _NO_COMPLAINT
            return Complained(match.send) if is_one else None
    return Arrived(match.send)


def _found(told: Feedback) -> tuple[str, Send, Item | None] | None:
    """Which step of ours it is about, or which answer in its thread: by tags that we gave it. They
    name a place, and an id that is held against what lies there.
    """
    values = {name: told.tags.get(name, "") for name in _TAGS}
    # With any other character it would name something else, as the partition of test mode.
    if not all(_TAGS[name].fullmatch(value) for name, value in values.items()):
        return None
    partition, lead, seq = values["workspace"], values["lead"], int(values["seq"])
    send = cast(Send | None, get(Table.CORE, items.send_key(partition, lead, seq)))
    if send is not None:
        name, _, domain = send["message_id"].partition("@")
        if name == values["mail"]:
            return partition, send, None
        row = get(Table.CORE, lines.message_key(partition, f"{values['mail']}@{domain}"))
        if row is not None and (row["lead"], row["seq"]) == (lead, seq):
            return partition, send, row
    count("feedback_unmatched")
    return None
