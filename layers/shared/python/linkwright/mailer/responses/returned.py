"""Mails that came back, and those that somebody called spam."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from linkwright import clock
from linkwright.mailer.inbound.bounces import Class, Failure
from linkwright.mailer.items import LeadItem, LeadStatus, normalised
from linkwright.mailer.leads import status
from linkwright.mailer.lines import Send
from linkwright.mailer.responses import effects, items
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.suppressions import suppressions
from linkwright.table import Table, get
from linkwright.transaction import Outrun, Transaction

# So many soft bounces within that time have an address rest for as long.
_MOST_SOFT, _LATELY = 3, timedelta(days=14)
HARD, SOFT = "hard_bounce", "soft_bounces"
# Who has said more than that a mail came back.
_SETTLED: frozenset[LeadStatus] = frozenset(
    {"replied", "bounced", "complained", "unsubscribed", "suppressed"}
)
_GRAVEST: tuple[Class, ...] = ("hard", "policy", "soft")


@dataclass(frozen=True)
class Bounced:
    send: Send
    kind: Class

    def write(self, tx: Transaction, lead: LeadItem) -> None:
        """Add what follows: an address that is none is barred for good."""
        if self.kind == "policy":
            effects.note(tx, self.send, "policy")
        elif self.kind == "hard":
            self._end(tx, lead, HARD)
        elif effects.first(tx, self.send, "soft") and _has_been_soft(tx, lead["address_hash"]):
            self._end(tx, lead, SOFT)

    def _end(self, tx: Transaction, lead: LeadItem, reason: str) -> None:
        until = clock.whole_second(clock.now() + _LATELY) if reason == SOFT else None
        suppressions.suppress(
            *(tx, lead["address_hash"], lead["view"]["email"]),
            source="bounced",
            reason=reason,
            until=until,
        )
        effects.note(tx, self.send, "bounced")
        if lead["view"]["status"] not in _SETTLED:
            after = status.stop(tx, lead, "bounced", reason)
            status.tell(tx, "lead.bounced", after, {"reason": reason})


@dataclass(frozen=True)
class Complained:
    send: Send

    def write(self, tx: Transaction, lead: LeadItem) -> None:
        """Add what follows: nothing is mailed to the address any more."""
        suppressions.suppress(tx, lead["address_hash"], lead["view"]["email"], source="complained")
        effects.note(tx, self.send, "complained")
        if lead["view"]["status"] != "complained":
            after = status.stop(tx, lead, "complained", "complained")
            status.tell(tx, "lead.complained", after)


def bounced(match: Match, failures: Iterable[Failure]) -> Bounced | None:
    """By the gravest failure of whom it was sent to. None where it is late, or has arrived.

    Of another address, as one that it was passed on to, it is soft: that tells little of theirs.
    """
    to = normalised(match.lead["view"]["email"])
    kinds = {
        one.kind if one.address is None or normalised(one.address) == to else "soft"
        for one in failures
    }
    kind = next((one for one in _GRAVEST if one in kinds), None)
    return Bounced(match.send, kind) if kind else None


def _has_been_soft(tx: Transaction, address_hash: str) -> bool:
    """Count one. Returns whether these are too many; then it is counted anew."""
    where, now = items.soft_key(tx.partition, address_hash), clock.now()
    known = get(Table.CORE, where)
    times = [one for one in (known or {}).get("times", []) if clock.parse(one) > now - _LATELY]
    times.append(clock.timestamp(now))
    is_enough = len(times) >= _MOST_SOFT
    ttl = clock.epoch() + int(_LATELY.total_seconds())
    tx.put(
        Table.CORE,
        {**where.attributes(), "times": [] if is_enough else times, "ttl": ttl},
        condition="#times = :seen" if known else "attribute_not_exists(#pk)",
        values={"seen": known["times"]} if known else {},
        otherwise=Outrun,
    )
    return is_enough
