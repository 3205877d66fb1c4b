"""Bugs that somebody could write any day, and that show only when things meet in time."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import clock, ids, pace, usage
from linkwright.providers import twilio_words
from linkwright.providers.telephony import Carrier, Dial
from linkwright.providers.twilio import Twilio
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls import attempts, endings, follow_ups, items, lifecycle, line, places
from linkwright.voice.calls.line import Waiting
from linkwright.voice.calls.places import Entry
from linkwright.voice.calls.states import Status, is_dialled
from linkwright.voice.compliance import rules
from linkwright.voice.conversation import fixed_turns
from linkwright.voice.dialling import callbacks, claims, dialler, inquiry, next_in_line
from linkwright.voice.language import recognition
from linkwright.workspace.operations import Tenant
from tests.faults import bugs as faults
from tests.faults import hook_bugs

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


def claim_without_a_condition(patch: Patch) -> None:
    proper = claims.claim

    def claim(item: Item, *rest: Any) -> Item:
        now = items.find(items.partition_of(item), item["sk"]) or item
        return proper({**item, "v": now["v"]}, *rest)

    patch.setattr(claims, "claim", claim)


def place_on_the_phone_never_left(patch: Patch) -> None:
    patch.setattr(places, "leave", lambda *_, **__: None)


def more_on_the_phone_than_the_plan_allows(patch: Patch) -> None:
    proper = claims._entry

    def entry(*facts: Any) -> Entry:
        found = proper(*facts)
        return found._replace(room={**found.room, places.ALL: 99})

    patch.setattr(claims, "_entry", entry)


def wake_up_forgotten(patch: Patch) -> None:
    """Who waits is counted, and nobody is told."""

    def wake(tx: Transaction) -> None:
        tx.update(Table.CORE, places.key(tx.partition), "ADD #waiting :more", values={"more": 1})

    patch.setattr(line, "_wake", wake)


def in_before_those_who_wait(patch: Patch) -> None:
    patch.setattr(places, "_NOBODY_WAITS", "(NOT #waiting < :nobody)")


def last_come_first_served(patch: Patch) -> None:
    proper = line.query

    def newest_first(*facts: Any, **how: Any) -> Any:
        return proper(*facts, **{**how, "newest_first": True})

    patch.setattr(line, "query", newest_first)


def all_wait_behind_a_busy_agent(patch: Patch) -> None:
    """In one line, whose first is waited for whatever is in its way."""
    patch.setattr(line, "of", lambda agent: places.ALL)

    def begin(partition: str, waiting: Waiting, tenant: Tenant) -> None:
        item = items.find(partition, waiting.call_id)
        if item is not None and "waits_in" in item:
            dialler.begin(item, dialler.agent_of(item), tenant)

    patch.setattr(next_in_line, "_begin", begin)


def quiet_hours_forgotten_when_dialling(patch: Patch) -> None:
    _without_rule(patch, dialler, "opening", lambda to, quiet, moment: moment)


def do_not_call_list_forgotten_when_dialling(patch: Patch) -> None:
    _without_rule(patch, claims, "require_not_listed", lambda *_: None)


def settings_forgotten_when_dialling(patch: Patch) -> None:
    _without_rule(patch, dialler, "refusal", lambda *_, **__: None)


def limit_of_a_callee_forgotten(patch: Patch) -> None:
    patch.setattr(places, "_within", lambda *_: ([], {}))


def dial_of_a_callee_never_counted(patch: Patch) -> None:
    """As if the attempt had been taken back, at each end."""
    patch.setattr(places, "_forgotten", lambda is_undone: " REMOVE #dials[0]")


def two_calls_at_one_number(patch: Patch) -> None:
    proper = places._ring

    def ring(tx: Transaction, call_id: str, to: str, *rest: Any) -> None:
        proper(tx, call_id, f"{to}#{call_id}", *rest)

    patch.setattr(places, "_ring", ring)


def number_never_given_back(patch: Patch) -> None:
    proper = places.leave

    def leave(tx: Transaction, call_id: str, place: str, *, is_undone: bool) -> None:
        if not places._is_number(place):
            proper(tx, call_id, place, is_undone=is_undone)

    patch.setattr(places, "leave", leave)


def dials_of_a_plan_forgotten(patch: Patch) -> None:
    patch.setattr(rules, "count_dial", lambda *_: None)


def second_leg_for_nothing(patch: Patch) -> None:
    patch.setattr(Carrier, "second_leg_s", lambda self, sid: 1)


def settlement_apart_from_the_end(patch: Patch) -> None:
    joined = usage.settle

    def settle(partition: str, *facts: str, tx: Transaction, **amounts: Any) -> None:
        apart = Transaction(partition, tx.request_id)
        joined(partition, *facts, tx=apart, **amounts)
        apart.commit()

    patch.setattr(usage, "settle", settle)


def minutes_of_an_attempt_kept(patch: Patch) -> None:
    patch.setattr(usage, "release", lambda *_: None)


def minutes_of_another_cycle_settled(patch: Patch) -> None:
    """The cycle of the end, and not the one that the minutes were reserved in."""
    proper = usage.settle

    def settle(partition: str, period: str, *rest: Any, **amounts: Any) -> None:
        proper(partition, f"{clock.now():%Y-%m-%d}", *rest, **amounts)

    patch.setattr(usage, "settle", settle)


def retried_once_more_than_asked(patch: Patch) -> None:
    proper = endings._next_at

    def next_at(view: Item, report: Any) -> Any:
        more = {**view["retry"], "max": 9} if view.get("retry") else None
        return proper({**view, "retry": more}, report)

    patch.setattr(endings, "_next_at", next_at)


def end_told_as_the_last_each_time(patch: Patch) -> None:
    proper = Transaction.emit

    def emit(self: Transaction, *facts: Any, sequence: int, details: Item | None = None) -> None:
        details = {**details, "is_last": True} if details else None
        proper(self, *facts, sequence=sequence, details=details)

    patch.setattr(Transaction, "emit", emit)


def dialled_again_where_it_is_unknown(patch: Patch) -> None:
    def look_up(item: Item, order: Dial, carrier: Carrier) -> None:
        inquiry.bind(item, carrier, carrier.place(order))

    patch.setattr(inquiry, "look_up", look_up)


def order_that_nobody_writes_down(patch: Patch) -> None:
    patch.setattr(claims, "order", lambda item: {**item, "ordered_at": clock.timestamp()})


def pace_ignored(patch: Patch) -> None:
    patch.setattr(claims, "_keep_pace", lambda *_: None)


def refusal_of_the_account_ends_a_call(patch: Patch) -> None:
    patch.setattr(twilio_words, "is_about_account", lambda *_: False)


def pause_that_nobody_else_sees(patch: Patch) -> None:
    patch.setattr(pace, "pause", lambda *_: clock.now() + timedelta(seconds=60))


def call_of_the_carrier_not_claimed(patch: Patch) -> None:
    """Two attempts may take it for theirs."""
    patch.setattr(claims, "bound", lambda account, sid: Key(f"CARRIER#{account}", ids.new("x")))


def any_call_adopted_that_is_found(patch: Patch) -> None:
    """Whosever it is, and however many there are."""
    call_of_the_carrier_not_claimed(patch)
    patch.setattr(claims, "unclaimed", lambda account, sids: sids[:1])


def given_up_at_the_first_look(patch: Patch) -> None:
    patch.setattr(inquiry, "_LISTED", timedelta(0))


def never_asked_after(patch: Patch) -> None:
    patch.setattr(items, "UNHEARD", timedelta(days=1))


def callback_of_an_old_attempt_applied(patch: Patch) -> None:
    def attempt_of(callback: Any, *_: Any, **__: Any) -> Item | None:
        route = callback.route
        item = items.find(route.partition, route.call_id)
        return item if item and is_dialled(Status(item["view"]["status"])) else None

    patch.setattr(callbacks, "attempt_of", attempt_of)


def attempt_revived_by_a_late_report(patch: Patch) -> None:
    patch.setattr(lifecycle, "_stage", lambda item: attempts.number_of(item["view"]))


def hang_up_forgotten(patch: Patch) -> None:
    patch.setattr(follow_ups, "request_hang_up", lambda *_: None)


def refusal_heeded_only_at_the_end(patch: Patch) -> None:
    """Of whoever asks, in a talk, not to be called again."""
    patch.setattr(fixed_turns, "never_again", lambda item: None)


def any_answer_taken_for_a_yes(patch: Patch) -> None:
    patch.setattr(recognition, "is_yes", lambda *_: True)


def recordings_left_at_the_carrier(patch: Patch) -> None:
    patch.setattr(Twilio, "delete_recording", lambda *_: None)


def lease_that_never_ends(patch: Patch) -> None:
    faults.lease_that_never_ends(patch)


def rest_that_ignores_the_bell(patch: Patch) -> None:
    hook_bugs.rest_that_ignores_the_bell(patch)


def endpoint_held_for_ever(patch: Patch) -> None:
    hook_bugs.endpoint_held_for_ever(patch)


def event_done_without_a_delivery(patch: Patch) -> None:
    hook_bugs.event_done_without_a_delivery(patch)


def _without_rule(patch: Patch, user: Any, name: str, instead: Callable[..., Any]) -> None:
    """Where the one module uses it; for the others the rule is as it was."""
    patch.setattr(user, "rules", SimpleNamespace(**vars(user.rules) | {name: instead}))


ALL = (
    claim_without_a_condition,
    place_on_the_phone_never_left,
    more_on_the_phone_than_the_plan_allows,
    wake_up_forgotten,
    in_before_those_who_wait,
    last_come_first_served,
    all_wait_behind_a_busy_agent,
    quiet_hours_forgotten_when_dialling,
    do_not_call_list_forgotten_when_dialling,
    settings_forgotten_when_dialling,
    limit_of_a_callee_forgotten,
    dial_of_a_callee_never_counted,
    two_calls_at_one_number,
    number_never_given_back,
    dials_of_a_plan_forgotten,
    second_leg_for_nothing,
    settlement_apart_from_the_end,
    minutes_of_an_attempt_kept,
    minutes_of_another_cycle_settled,
    retried_once_more_than_asked,
    end_told_as_the_last_each_time,
    dialled_again_where_it_is_unknown,
    order_that_nobody_writes_down,
    pace_ignored,
    refusal_of_the_account_ends_a_call,
    pause_that_nobody_else_sees,
    call_of_the_carrier_not_claimed,
    any_call_adopted_that_is_found,
    given_up_at_the_first_look,
    never_asked_after,
    callback_of_an_old_attempt_applied,
    attempt_revived_by_a_late_report,
    hang_up_forgotten,
    refusal_heeded_only_at_the_end,
    any_answer_taken_for_a_yes,
    recordings_left_at_the_carrier,
    lease_that_never_ends,
    rest_that_ignores_the_bell,
    endpoint_held_for_ever,
    event_done_without_a_delivery,
    faults.record_apart_from_its_effect,
    faults.a_write_for_each_item,
    faults.changes_not_relayed,
    faults.causes_told_to_the_caller,
)
