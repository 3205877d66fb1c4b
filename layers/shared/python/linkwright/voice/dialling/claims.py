"""Attempts to dial: begun by one worker alone, ordered once, and bound to one call at the carrier.

The intent is written before the carrier hears of it. So whoever finds an attempt left behind knows
whether there may be a call: not before `order`, and after it the carrier is asked, never dialled.
"""

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from linkwright import clock, ids, pace, plans, usage
from linkwright.providers.telephony import Carrier
from linkwright.settings import settings
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls import attempts, endings, items, places
from linkwright.voice.calls.items import CallItem, Facts, Superseded
from linkwright.voice.calls.places import Entry
from linkwright.voice.calls.states import EndedReason
from linkwright.voice.compliance import caller_ids, numbers, quiet_hours, rules
from linkwright.workspace.operations import Tenant

# A carrier keeps what it calls by, and so do we, longer than any call may be looked for.
_BOUND_RETENTION_S = 7 * 24 * 3600


# What is no rule for whom to call.
FAILURES = frozenset({EndedReason.PLAN_LIMIT, EndedReason.NUMBER_NOT_REGISTERED})


class Refused(Exception):
    """The call must not be dialled; it is to end for this reason."""

    def __init__(self, reason: EndedReason) -> None:
        super().__init__(reason)
        self.reason = reason


class NoMinutes(places.Full):
    """The plan has not a minute left for this call, until others on the phone give some back."""


class Taken(Exception):
    """The carrier's call is another attempt's."""


def claim(
    item: CallItem, lease_end: datetime, agent: Agent, tenant: Tenant, carrier: Carrier
) -> CallItem:
    """Begin an attempt: this worker is about to dial. The agent's version is fixed here.

    The claim, a place on the phone, a dial of the callee's and of the plan's, the minutes that it
    may last and its turn at the carrier are taken together. It may last as long as its agent says,
    or, where the plan has less left, as long as that. Raises `Superseded`, `Refused`, `NoMinutes`,
    `places.Full`, `places.Busy`, `pace.Paced` and `pace.Paused`.
    """
    minutes = math.ceil(agent.max_duration_s / 60)
    while minutes > 0:
        try:
            return _claimed(item, lease_end, agent, tenant, carrier, minutes)
        except pace.Misjudged:
            continue
        except usage.Exhausted:
            minutes = min(minutes - 1, minutes_left(item, tenant))
    raise NoMinutes


def minutes_left(item: CallItem, tenant: Tenant) -> int:
    """With what the call itself has reserved."""
    period = plans.period(tenant.anchor_day).label
    own = item["reserved"] if item["period"] == period else 0
    partition = items.partition_of(item)
    return own + usage.left(partition, tenant.plan, usage.CALL_MINUTES, period)


def _claimed(
    item: CallItem,
    lease_end: datetime,
    agent: Agent,
    tenant: Tenant,
    carrier: Carrier,
    minutes: int,
) -> CallItem:
    tx, view = items.transaction(item), attempts.begun(item["view"], agent)
    facts = _facts(item, lease_end, agent, tenant)
    if "reserved" in item:
        facts["longest_s"] = min(agent.max_duration_s, minutes * 60)
        facts["reserved"] = minutes
        facts["period"] = plans.period(tenant.anchor_day).label
    after = items.write(tx, item, view, facts, entry=_entry(item, agent, tenant))
    rules.require_not_listed(tx, view["to"], _refused(EndedReason.DO_NOT_CALL))
    if agent.phone_number not in {None, carrier.phone_number}:
        not_ours = _refused(EndedReason.NUMBER_NOT_REGISTERED)
        caller_ids.require(tx, carrier.caller_id(agent.phone_number), not_ours)
    rules.count_dial(tx, tenant.plan, _refused(EndedReason.PLAN_LIMIT))
    if "reserved" in item:
        usage.top_up(tx, tenant.plan, usage.CALL_MINUTES, dict(item), dict(after))
    _keep_pace(tx, carrier.account)
    tx.commit()
    return after


def _facts(item: CallItem, lease_end: datetime, agent: Agent, tenant: Tenant) -> Facts:
    """What an attempt has from its claim on."""
    return {
        **items.next_look(item["sk"], lease_end),
        **items.UNORDERED,
        "claim": ids.new("clm"),
        "slots": places.of(agent, item["view"]["to"]),
        "longest_s": agent.max_duration_s,
        "model": tenant.settings.model,
        "language": agent.language.partition("-")[0],
        "country": numbers.country(item["view"]["to"]),
        "zone": quiet_hours.zone(item["view"]["to"], clock.now()) or "",
    }


def _entry(item: CallItem, agent: Agent, tenant: Tenant) -> Entry:
    room = {places.ALL: tenant.plan.concurrent_calls, **places.limits(agent, item["view"]["to"])}
    most = tenant.settings.calls_per_callee_per_day
    return Entry(room, most, _refused(EndedReason.CALLEE_LIMIT))


def take_over(item: CallItem, lease_end: datetime) -> CallItem:
    """Go on with an attempt whose worker is gone. Raises `Superseded`."""
    facts: Facts = {"claim": ids.new("clm"), **items.next_look(item["sk"], lease_end)}
    # Or our own, as we left it: the client sends again what got no answer.
    mine = "#v = :seen OR (#claim = :claim AND #v = :v)"
    return items.write_alone(item, facts, v=item["v"] + 1, condition=mine)


def undo(item: CallItem, until: datetime) -> CallItem:
    """Take back an attempt of which the carrier never heard; the call waits again, until then.

    How long it has waited is counted on from when it was due at first. Raises `Superseded`.
    """
    tx, view = items.transaction(item), attempts.undone(item["view"])
    after = endings.wait_again(tx, item, view, items.next_try(item["sk"], until))
    tx.commit()
    return after


def order(item: CallItem) -> CallItem:
    """Write down that the carrier is asked now: from here on there may be a call.

    Raises `Superseded` if the attempt is not this worker's any more.
    """
    facts: Facts = {"claim": item["claim"], "ordered_at": clock.timestamp()}
    mine = "#v = :seen AND #claim = :claim"
    return items.write_alone(item, facts, v=item["v"], condition=mine)


def bind(item: CallItem, account: str, sid: str, *, is_guess: bool = False) -> CallItem:
    """Write down which of the carrier's calls the attempt is; what it is bound to, it stays.

    What the carrier said, in its answer or by a callback, beats a guess: the call is taken from the
    attempt that had only adopted it. Raises `Superseded` if the attempt is over or bound to another
    one, `Taken` if that one is another attempt's.
    """
    number = attempts.number_of(item["view"])

    def bound_to(now: CallItem, tx: Transaction, guessed: Item | None = None) -> CallItem | None:
        if now.get("sid") == sid:
            return None
        if now.get("sid") or not attempts.is_at(now["view"], number):
            raise Superseded
        look = items.next_look(now["sk"], clock.now() + items.UNHEARD)
        after = items.write(tx, now, now["view"], {"sid": sid, **look})
        _own(tx, bound(account, sid), now, guessed, is_guess=is_guess)
        return after

    try:
        return items.changing(item, bound_to)
    except Taken:
        guessed = None if is_guess else _guessed(account, sid)
        if guessed is None:
            raise
        return items.changing(item, partial(bound_to, guessed=guessed))


def _own(
    tx: Transaction, where: Key, item: CallItem, guessed: Item | None, *, is_guess: bool
) -> None:
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
    _disown(tx, Key(*guessed["owner"]), where.sk)


def _disown(tx: Transaction, where: Key, sid: str) -> None:
    """The attempt that guessed looks again for its own call, which is mostly not there.

    If it is over, or its call was dialled again since, it has nothing left to give back.
    """
    other = items.at(where)
    if other is not None and other.get("sid") == sid:
        items.write(tx, other, other["view"], {"sid": ""})


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


def _keep_pace(tx: Transaction, account: str) -> None:
    """Take one of the account's dials: more of them, and the carrier would refuse some."""
    most = settings().dials_per_second
    pace.take(tx, account, most, burst=most)


def _refused(reason: EndedReason) -> Callable[[], Refused]:
    return lambda: Refused(reason)
