"""Bugs that somebody could write any day. Each works as long as no fault strikes."""

import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from linkwright import clock, exchange, idempotency, jobs, media, relay, retries, table, worker
from linkwright.errors import Unavailable
from linkwright.http import Request, Response
from linkwright.idempotency import Attempt, Reply
from linkwright.observability import logger
from linkwright.providers import twilio_http
from linkwright.providers.telephony import Callback, Carrier, Dial, TwilioError
from linkwright.providers.twilio import Twilio
from linkwright.relay import Due
from linkwright.table import Item, Key, Table
from linkwright.transaction import RecordExists, Transaction
from linkwright.voice.calls import endings, follow_ups, items, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.states import Status, is_dialled
from linkwright.voice.calls.turn_log import Then, Turn
from linkwright.voice.dialling import callbacks, claims, inquiry

Patch = pytest.MonkeyPatch


def record_apart_from_its_effect(patch: Patch) -> None:
    whole = Attempt.record

    def record(self: Attempt, tx: Transaction, reply: Reply) -> None:
        effect = tx.commit

        def one_after_the_other() -> None:
            effect()
            later = Transaction(tx.partition, tx.request_id)
            whole(self, later, reply)
            later.commit()

        patch.setattr(tx, "commit", one_after_the_other)

    patch.setattr(Attempt, "record", record)


def a_write_for_each_item(patch: Patch) -> None:
    def commit(self: Transaction) -> None:
        for operation, otherwise in zip(self._operations, self._otherwise, strict=True):
            alone = Transaction(self.partition, self.request_id)
            alone._operations, alone._otherwise = [operation], [otherwise]
            alone._write_with_retries()

    patch.setattr(Transaction, "commit", commit)


def _send_work_in(tx: Transaction) -> None:
    puts = [operation["item"] for operation in tx._operations if operation["type"] == "put"]
    keys = [Key(item["pk"], item["sk"]) for item in puts]
    works = [jobs.at(key) for key in keys if key.pk.endswith(("#CALL", "#EVT"))]
    relay.send([Due(work, "") for work in works])


def sent_before_it_is_stored(patch: Patch) -> None:
    store = Transaction.commit

    def commit(self: Transaction) -> None:
        _send_work_in(self)
        store(self)

    patch.setattr(Transaction, "commit", commit)


def sent_after_it_is_stored(patch: Patch) -> None:
    store = Transaction.commit

    def commit(self: Transaction) -> None:
        store(self)
        _send_work_in(self)

    patch.setattr(Transaction, "commit", commit)
    patch.setattr(jobs, "requested", lambda kind, item_id: {})


def claim_without_a_condition(patch: Patch) -> None:
    whole = Transaction.update

    def in_a_transaction(
        self: Transaction, at: Table, key: Key, expression: str, **options: Any
    ) -> None:
        whole(self, at, key, expression, **_unconditional(expression, options))

    def alone(at: Table, key: Key, expression: str, **options: Any) -> Item:
        return table.update(at, key, expression, **_unconditional(expression, options))

    patch.setattr(Transaction, "update", in_a_transaction)
    patch.setattr(items, "update", alone)


def _unconditional(expression: str, options: dict[str, Any]) -> dict[str, Any]:
    values = options.get("values") or {}
    if "dials" in expression and "call" in values:
        # The place with the callee's number, which the first has taken, would stop the second.
        return options | {"condition": None}
    if "claim" not in values:
        return options
    used = {name: value for name, value in values.items() if f":{name}" in expression.split(" ")}
    used |= {name: value for name, value in values.items() if f":{name}," in expression}
    return options | {"condition": None, "values": used}


def a_new_token_for_each_try(patch: Patch) -> None:
    once = Transaction._write
    patch.setattr(Transaction, "_write", lambda self, token: once(self, uuid4().hex))


def settlement_apart_from_the_end(patch: Patch) -> None:
    joined = endings.usage.settle

    def settle(partition: str, *facts: object, tx: Transaction, **amounts: Any) -> None:
        apart = Transaction(partition, tx.request_id)
        joined(partition, *facts, tx=apart, **amounts)
        apart.commit()

    patch.setattr(endings.usage, "settle", settle)


def dialled_without_asking(patch: Patch) -> None:
    def dial(item: Item, order: Dial, carrier: Carrier) -> None:
        inquiry.bind(item, carrier, carrier.place(order))

    patch.setattr(inquiry, "look_up", dial)


def ordered_before_it_is_written_down(patch: Patch) -> None:
    write, place = claims.order, Carrier.place

    def placed(self: Carrier, order: Dial) -> str:
        sid = place(self, order)
        if item := items.find(order.partition, order.call_id):
            write(item)
        return sid

    patch.setattr(claims, "order", lambda item: item)
    patch.setattr(Carrier, "place", placed)


def call_at_the_carrier_without_an_owner(patch: Patch) -> None:
    """Two attempts may have the same one then."""
    put = Transaction.put

    def careless(self: Transaction, at: Table, item: Item, **how: Any) -> None:
        if not item["pk"].startswith("CARRIER#"):
            put(self, at, item, **how)

    patch.setattr(Transaction, "put", careless)


def any_call_adopted(patch: Patch) -> None:
    patch.setattr(claims, "unclaimed", lambda account, sids: sids[:1])


def callbacks_of_any_attempt(patch: Patch) -> None:
    def is_on(view: Item, number: int) -> bool:
        return is_dialled(Status(view["status"]))

    patch.setattr(callbacks, "attempts", SimpleNamespace(is_at=is_on))
    # The attempt has another call by now, which would tell as well.
    patch.setattr(callbacks, "attempt_of", _of_any_call(callbacks.attempt_of))


def _of_any_call(whole: Callable[..., Item | None]) -> Callable[..., Item | None]:
    def attempt_of(callback: Any, sid: str, request: Request, *, is_alive: bool) -> Item | None:
        route = callback.route
        item = items.find(route.partition, route.call_id)
        if item is not None and item.get("sid"):
            sid = item["sid"]
        return whole(callback, sid, request, is_alive=is_alive)

    return attempt_of


def canceled_and_not_hung_up(patch: Patch) -> None:
    patch.setattr(endings, "_ENDED_BY_US", frozenset())


def hung_up_apart_from_the_end(patch: Patch) -> None:
    joined = follow_ups.request_hang_up

    def request(partition: str, sid: str, tx: Transaction) -> None:
        end = tx.commit

        def one_after_the_other() -> None:
            end()
            later = Transaction(partition, tx.request_id)
            joined(partition, sid, later)
            later.commit()

        patch.setattr(tx, "commit", one_after_the_other)

    patch.setattr(follow_ups, "request_hang_up", request)


def answered_and_not_written_down(patch: Patch) -> None:
    def say(item: CallItem, number: int, text: str, then: Then, **how: Any) -> Turn:
        return Turn(number, "", clock.now(), text, clock.now(), then, **how)

    patch.setattr(turn_log, "say", say)


def answered_whether_or_not_it_is_written_down(patch: Patch) -> None:
    write = turn_log.say

    def say(item: CallItem, number: int, text: str, then: Then, **how: Any) -> Turn:
        with suppress(Unavailable):
            return write(item, number, text, then, **how)
        return Turn(number, "", clock.now(), text, clock.now(), then, **how)

    patch.setattr(turn_log, "say", say)


def heard_whether_or_not_it_is_written_down(patch: Patch) -> None:
    write = turn_log.hear

    def hear(item: CallItem, number: int, text: str) -> Turn:
        with suppress(Unavailable):
            return write(item, number, text)
        return Turn(number, text, clock.now(), None, None, Then.LISTEN)

    patch.setattr(turn_log, "hear", hear)


def put_through_again(patch: Patch) -> None:
    """A page that failed is taken for one that was carried out."""
    patch.setattr(Callback, "failed", None)


def recorded_by_no_page(patch: Patch) -> None:
    put_through_again(patch)


def given_up_at_the_first_failure(patch: Patch) -> None:
    patch.setattr(inquiry, "wait_for_carrier", inquiry.give_up)


def hung_up_and_never_looked_at(patch: Patch) -> None:
    end = Twilio.end

    def careless(self: Twilio, sid: str) -> None:
        with suppress(TwilioError):
            end(self, sid)

    patch.setattr(Twilio, "end", careless)


def any_answer_taken_for_sound(patch: Patch) -> None:
    patch.setattr(twilio_http, "is_mp3", lambda sound: True)


def end_that_only_the_carrier_tells(patch: Patch) -> None:
    def ask(item: CallItem, _: Carrier) -> None:
        inquiry._look_at(item, clock.now() + items.UNHEARD)

    patch.setattr(inquiry, "ask", ask)


def lease_that_never_ends(patch: Patch) -> None:
    proper = items.is_left_alone

    def is_left_alone(item: CallItem) -> bool:
        return is_dialled(Status(item["view"]["status"])) or proper(item)

    patch.setattr(items, "is_left_alone", is_left_alone)


def record_that_nobody_reads(patch: Patch) -> None:
    patch.setattr(idempotency.Attempt, "settle", lambda self: None)


def record_that_is_read_only_if_it_is_in_the_way(patch: Patch) -> None:
    """Whoever never hears of what was done is told that it failed."""
    read = Attempt.settle

    def settle(self: Attempt) -> tuple[Reply, bool] | None:
        return read(self) if isinstance(sys.exc_info()[1], RecordExists) else None

    patch.setattr(Attempt, "settle", settle)


def an_empty_answer_taken_for_the_truth(patch: Patch) -> None:
    patch.setattr(table, "_require_genuine", lambda consumed: None)


def changes_not_relayed(patch: Patch) -> None:
    patch.setattr(relay, "_asks", lambda before, item: before is None)


def put_off_by_each_delivery(patch: Patch) -> None:
    patch.setattr(jobs, "is_left_alone", lambda job: False)
    change = jobs.change

    def careless(job: Item, facts: Item, removed: str = "") -> bool:
        now = table.get(Table.CORE, Key(job["pk"], job["sk"])) or {}
        return change({**job, **now}, facts, removed)

    patch.setattr(jobs, "change", careless)


def job_without_an_end(patch: Patch) -> None:
    again = retries._failed_again
    patch.setattr(
        retries, "_failed_again", lambda job, kind: again(job, kind._replace(longest=timedelta.max))
    )


def given_up_and_not_told(patch: Patch) -> None:
    """By the marker alone, where what it means is more."""
    patch.setattr(worker._Runs, "_has_ended", lambda self, work: worker.mark_given_up(work) is None)


def failures_taken_for_successes(patch: Patch) -> None:
    send = relay._send_few

    def careless(*what: Any) -> list[Key]:
        with suppress(Exception):
            send(*what)
        return []

    patch.setattr(relay, "_send_few", careless)


def uploads_taken_for_successes(patch: Patch) -> None:
    put = media.put

    def careless(*what: Any) -> None:
        with suppress(Exception):
            put(*what)

    patch.setattr(media, "put", careless)


def causes_told_to_the_caller(patch: Patch) -> None:
    proper = exchange.error_response

    def error_response(error: Any, request: Request) -> Response:
        response = proper(error, request)
        response.body = response.body.replace("The service is busy", str(error.__cause__))
        return response

    patch.setattr(exchange, "error_response", error_response)


def causes_told_to_the_log(patch: Patch) -> None:
    def log_failure(message: str, failure: BaseException, **context: str) -> None:
        logger().error(f"{message}: {failure.__cause__!r}", extra=context)

    patch.setattr(worker, "log_failure", log_failure)
