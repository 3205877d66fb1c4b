"""Connecting the callee with another number: a dial of its own, by the rules of any other.

It is granted once, in one transaction with what it takes: a dial of the day, and the minutes of
both legs, which talk at the same time. What the second leg took the carrier is asked at the end.
"""

import math

from linkwright import clock, usage
from linkwright.transaction import Transaction
from linkwright.voice.agent_models import EscalationRule
from linkwright.voice.calls import attempts, items
from linkwright.voice.calls.items import CallItem, Facts
from linkwright.voice.compliance import rules
from linkwright.workspace import operations as workspace
from linkwright.workspace.operations import Tenant

# How long the other phone rings.
RING_S = 30
# What our words before and after take, and what the carrier says late.
_ON_THE_WAY_S = 15


class _Refused(Exception):
    """The workspace may not call the number, or not any more, or has no minutes for it."""


def grant(item: CallItem, rule: EscalationRule) -> bool:
    """Whether the callee may be connected with the number of a rule. Asking twice is asking once.

    Not asked are the callee's consent, and what spares people: how often a number was dialled, and
    that it is called once at a time. Whom a workspace connects with takes many calls.
    """
    tenant, to = workspace.tenant(items.partition_of(item)), rule.to
    if to is None or rules.refusal(tenant.settings, to, has_consent=True) is not None:
        return False
    number, more = attempts.number_of(item["view"]), math.ceil(_left_s(item) / 60)

    def granted(now: CallItem, tx: Transaction) -> CallItem | None:
        if not attempts.is_at(now["view"], number):
            raise _Refused
        return None if now.get("transfer_to") == to else _granted(tx, now, to, tenant, more)

    while True:
        try:
            items.changing(item, granted)
        except _Refused:
            return False
        except usage.Exhausted:
            more = min(more - 1, _minutes_left(item, tenant))
        else:
            return True


def _granted(tx: Transaction, item: CallItem, to: str, tenant: Tenant, more: int) -> CallItem:
    facts: Facts = {"transfer_to": to, "transfer_s": _left_s(item)}
    if "reserved" in item:
        facts["reserved"] = item["reserved"] + more
        facts["transfer_s"] = min(_left_s(item), _affordable_s(item, facts["reserved"] * 60))
        if facts["transfer_s"] < 1:
            raise _Refused
    after = items.write(tx, item, item["view"], facts)
    rules.require_not_listed(tx, to, _Refused)
    rules.count_dial(tx, tenant.plan, _Refused)
    if "reserved" in item:
        period = item["period"]
        usage.reserve_more(tx, tenant.plan, usage.CALL_MINUTES, period, more)
    return after


def _affordable_s(item: CallItem, reserved_s: int) -> int:
    """For how long the second leg may talk, that both together take no more than is reserved.

    The first ends by its own limit, or with the second, and talks alone before that.
    """
    alone_s = _talked_s(item) + RING_S + _ON_THE_WAY_S
    return max(reserved_s - item["longest_s"], (reserved_s - alone_s) // 2)


def longest_s(item: CallItem) -> int:
    """How long the callee may be connected: as it was granted, which the item may not know yet."""
    now = items.find(items.partition_of(item), item["sk"]) or item
    return now.get("transfer_s") or _left_s(now)


def _minutes_left(item: CallItem, tenant: Tenant) -> int:
    partition, period = items.partition_of(item), item["period"]
    return usage.left(partition, tenant.plan, usage.CALL_MINUTES, period)


def _left_s(item: CallItem) -> int:
    """Until the carrier ends the call."""
    return max(item["longest_s"] - _talked_s(item), 1)


def _talked_s(item: CallItem) -> int:
    talked = clock.now() - clock.parse(item["view"]["answered_at"])
    return math.ceil(talked.total_seconds())
