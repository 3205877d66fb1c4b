"""Attempts to dial: begun by one worker alone, ordered once, and bound to one call at the carrier.

The intent is written before the carrier hears of it. So whoever finds an attempt left behind knows
whether there may be a call: not before `order`, and after it the carrier is asked, never dialled.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from linkwright import clock, ids, plans, usage
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls import attempts, concurrency
from linkwright.voice.calls.lifecycle import (
    UNORDERED,
    Superseded,
    find,
    leased,
    partition_of,
    stop_calling,
    store,
    waiting_again,
)
from linkwright.voice.calls.states import EndedReason, Status, is_dialled
from linkwright.voice.compliance import quiet_hours, rules
from linkwright.workspace.operations import Tenant

# A carrier keeps what it calls by, and so do we, longer than any call may be looked for.
_BOUND_RETENTION_S = 7 * 24 * 3600
_PACE_RETENTION_S = 3600
# A call that was dialled and of which nothing was heard for so long is asked after.
_UNHEARD = timedelta(seconds=90)


class Refused(Exception):
    """The call must not be dialled; it is to end for this reason."""

    def __init__(self, reason: EndedReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Paced(Exception):
    """As many calls were dialled in this second as the carrier's account may dial."""


class Taken(Exception):
    """The carrier's call is another attempt's."""


def claim(item: Item, lease_until: str, agent: Agent, tenant: Tenant, account: str) -> Item:
    """Begin an attempt: this worker is about to dial. The agent's version is fixed here.

    The claim, a place on the phone, a call of the callee's day, the minutes that it may last and
    its turn at the carrier are taken together. Raises `Superseded`, `Refused`, `line.Full`,
    `line.AgentBusy` and `Paced`.
    """
    tx = Transaction(partition_of(item), item["request_id"])
    view, today = attempts.begun(item["view"], agent), rules.counted(tenant.settings, clock.now())
    changes: Item = {
        "claim": ids.new("clm"),
        "lease_until": lease_until,
        "gsi2sk": lease_until,
        "slots": concurrency.places(agent),
        "longest_s": agent.max_duration_s,
        "model": tenant.settings.model,
        "language": agent.language.partition("-")[0],
        "zone": quiet_hours.zone(view["to"]) or "",
        **UNORDERED,
        **today,
    }
    if "reserved" in item:
        changes["reserved"] = math.ceil(agent.max_duration_s / 60)
        changes["period"] = plans.period(tenant.anchor_day).label
    after = store(tx, item, view, changes, otherwise=Superseded)
    rules.require_not_listed(tx, view["to"], _refused(EndedReason.DO_NOT_CALL))
    if today and item.get("counted_on") != today["counted_on"]:
        limit = _refused(EndedReason.CALLEE_LIMIT)
        rules.count_callee(tx, view["to"], today["counted_on"], tenant.settings, limit)
    concurrency.enter(tx, item["sk"], agent, tenant.plan.concurrent_calls)
    if "reserved" in item:
        limit = _refused(EndedReason.PLAN_LIMIT)
        usage.top_up(tx, tenant.plan, usage.CALL_MINUTES, item, after, otherwise=limit)
    _keep_pace(tx, account)
    tx.commit()
    return after


def take_over(item: Item, lease_until: str) -> Item:
    """Go on with an attempt whose worker is gone. Raises `Superseded`."""
    claim_id = ids.new("clm")
    try:
        return update(
            Table.CORE,
            Key(item["pk"], item["sk"]),
            "SET #claim = :claim, #lease_until = :until, #gsi2sk = :until, #v = :next",
            # Or our own: the client sends again what got no answer.
            condition="#v = :seen OR #claim = :claim",
            values={
                "claim": claim_id,
                "until": lease_until,
                "next": item["v"] + 1,
                "seen": item["v"],
            },
        )
    except ConditionFailed:
        raise Superseded from None


def undo(item: Item, until: datetime) -> None:
    """Take back an attempt of which the carrier never heard; the call waits again, until then.

    Raises `Superseded`.
    """
    tx = Transaction(partition_of(item), item["request_id"])
    view = attempts.undone(item["view"])
    # How long it has waited is counted from when it was due at first.
    first = {name: item[name] for name in ("due_at",) if name in item}
    changes = waiting_again(item, until) | first | {"not_before": clock.timestamp(until)}
    store(tx, item, view, changes, otherwise=Superseded)
    stop_calling(tx, item)
    tx.commit()


def order(item: Item) -> Item:
    """Write down that the carrier is asked now: from here on there may be a call.

    Raises `Superseded` if the attempt is not this worker's any more.
    """
    try:
        return update(
            Table.CORE,
            Key(item["pk"], item["sk"]),
            "SET #ordered_at = :now",
            condition="#v = :seen AND #claim = :claim",
            values={"now": clock.timestamp(), "seen": item["v"], "claim": item["claim"]},
        )
    except ConditionFailed:
        raise Superseded from None


def bind(item: Item, account: str, sid: str, *, is_guess: bool = False) -> Item:
    """Write down which of the carrier's calls the attempt is; what it is bound to, it stays.

    What the carrier said, in its answer or by a callback, beats a guess: the call is taken from the
    attempt that had only adopted it. Raises `Superseded` if the attempt is over or bound to another
    one, `Taken` if that one is another attempt's.
    """
    number, guessed = attempts.number_of(item["view"]), None
    while item.get("sid") != sid:
        if not _is_open(item, number):
            raise Superseded
        tx = Transaction(partition_of(item), item["request_id"])
        changes = {"sid": sid, **leased(clock.now() + _UNHEARD)}
        after = store(tx, item, item["view"], changes, otherwise=Superseded)
        _own(tx, bound(account, sid), item, guessed, is_guess=is_guess)
        try:
            tx.commit()
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
        except Taken:
            guessed = _guessed(account, sid) if guessed is None and not is_guess else None
            if guessed is None:
                raise
        else:
            return after
    return item


def _own(tx: Transaction, where: Key, item: Item, guessed: Item | None, *, is_guess: bool) -> None:
    """Make the carrier's call this attempt's alone, also if another one had guessed it its own."""
    owner = {
        **where.attributes(),
        "owner": [item["pk"], item["sk"]],
        "guess": is_guess,
        "ttl": clock.epoch() + _BOUND_RETENTION_S,
    }
    if guessed is None:
        tx.put(Table.CORE, owner, otherwise=Taken)
        return
    same = "#guess = :yes AND #owner = :owner"
    values = {"yes": True, "owner": guessed["owner"]}
    tx.put(Table.CORE, owner, condition=same, values=values, otherwise=Taken)
    # It is looked for again, and is mostly not there.
    tx.update(
        Table.CORE,
        Key(*guessed["owner"]),
        "SET #sid = :none, #v = #v + :one",
        condition="#sid = :sid",
        values={"none": "", "one": 1, "sid": where.sk},
        otherwise=Taken,
    )


def _guessed(account: str, sid: str) -> Item | None:
    """Whose the carrier's call is, if that is only a guess."""
    owner = get(Table.CORE, bound(account, sid))
    return owner if owner is not None and owner["guess"] else None


def bound(account: str, sid: str) -> Key:
    """What is there if the carrier's call is an attempt's of ours, whosever."""
    return Key(f"CARRIER#{account}", sid)


def unclaimed(account: str, sids: list[str]) -> list[str]:
    """Those of the carrier's calls that are no attempt's yet."""
    return [sid for sid in sids if get(Table.CORE, bound(account, sid)) is None]


def _is_open(item: Item, number: int) -> bool:
    view = item["view"]
    is_current = attempts.number_of(view) == number and is_dialled(Status(view["status"]))
    return is_current and not item.get("sid")


def _keep_pace(tx: Transaction, account: str) -> None:
    """Take one of the account's dials of this second: more, and the carrier would refuse some."""
    now = clock.epoch()
    tx.update(
        Table.CORE,
        Key(f"PACE#{account}", str(now)),
        "ADD #dials :one SET #ttl = :ttl",
        condition="attribute_not_exists(#dials) OR #dials < :most",
        values={"one": 1, "most": settings().dials_per_second, "ttl": now + _PACE_RETENTION_S},
        otherwise=Paced,
    )


def _refused(reason: EndedReason) -> Callable[[], Refused]:
    return lambda: Refused(reason)
