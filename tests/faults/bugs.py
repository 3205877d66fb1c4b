"""Bugs that somebody could write any day. Each works as long as no fault strikes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from linkwright import endpoint, idempotency, media, outbox, relay, table, worker
from linkwright.http import Request, Response
from linkwright.idempotency import Attempt, Reply
from linkwright.observability import logger
from linkwright.outbox import Work
from linkwright.providers.telephony import Simulator
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice import lifecycle, operations

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


def _work_in(tx: Transaction) -> list[Work]:
    puts = [operation["item"] for operation in tx._operations if operation["type"] == "put"]
    kinds = {"CALL": outbox.CALL, "EVT": outbox.EVENT}
    found = [(kinds.get(item["pk"].rpartition("#")[2]), item) for item in puts]
    return [Work(kind, item["pk"], item["sk"]) for kind, item in found if kind]


def sent_before_it_is_stored(patch: Patch) -> None:
    store = Transaction.commit

    def commit(self: Transaction) -> None:
        relay.send(_work_in(self))
        store(self)

    patch.setattr(Transaction, "commit", commit)


def sent_after_it_is_stored(patch: Patch) -> None:
    store = Transaction.commit

    def commit(self: Transaction) -> None:
        store(self)
        relay.send(_work_in(self))

    patch.setattr(Transaction, "commit", commit)
    patch.setattr(outbox, "waiting", lambda kind, item_id: {})


def claim_without_a_condition(patch: Patch) -> None:
    whole = Transaction.update

    def in_a_transaction(self: Transaction, *of: Any, **options: Any) -> None:
        whole(self, *of, **_unconditional(options))

    def alone(at: Table, key: Key, expression: str, **options: Any) -> Item:
        return table.update(at, key, expression, **_unconditional(options))

    patch.setattr(Transaction, "update", in_a_transaction)
    patch.setattr(lifecycle, "update", alone)


def _unconditional(options: dict[str, Any]) -> dict[str, Any]:
    values = options.get("values") or {}
    if "claim" not in values:
        return options
    values = {name: value for name, value in values.items() if name != "seen"}
    return options | {"condition": None, "values": values}


def a_new_token_for_each_try(patch: Patch) -> None:
    once = Transaction._write
    patch.setattr(Transaction, "_write", lambda self, token: once(self, uuid4().hex))


def settlement_apart_from_the_end(patch: Patch) -> None:
    joined = lifecycle.usage.settle

    def settle(partition: str, *facts: object, tx: Transaction, **amounts: Any) -> None:
        apart = Transaction(partition, tx.request_id)
        joined(partition, *facts, tx=apart, **amounts)
        apart.commit()

    patch.setattr(lifecycle.usage, "settle", settle)


def dialled_without_asking(patch: Patch) -> None:
    patch.setattr(Simulator, "knows", lambda self, dial: False)


def lease_that_never_ends(patch: Patch) -> None:
    patch.setattr(operations, "_is_leased", lambda item: "lease_until" in item)


def record_that_nobody_reads(patch: Patch) -> None:
    patch.setattr(idempotency.Attempt, "settle", lambda self: None)


def an_empty_answer_taken_for_the_truth(patch: Patch) -> None:
    patch.setattr(table, "_require_genuine", lambda consumed: None)


def failures_taken_for_successes(patch: Patch) -> None:
    patch.setattr(relay, "_send_few", _ignoring(relay._send_few))


def _ignoring(send: Callable[[str, list[Work]], set[str]]) -> Callable[..., set[str]]:
    def careless(url: str, batch: list[Work]) -> set[str]:
        try:
            send(url, batch)
        except Exception:  # noqa: BLE001 -- that is the bug
            return set()
        return set()

    return careless


def uploads_taken_for_successes(patch: Patch) -> None:
    put = media.put

    def careless(*what: Any) -> None:
        with suppress(Exception):
            put(*what)

    patch.setattr(media, "put", careless)


def causes_told_to_the_caller(patch: Patch) -> None:
    proper = endpoint.error_response

    def error_response(error: Any, request: Request) -> Response:
        response = proper(error, request)
        response.body = response.body.replace("The service is busy", str(error.__cause__))
        return response

    patch.setattr(endpoint, "error_response", error_response)


def causes_told_to_the_log(patch: Patch) -> None:
    def log_failure(message: str, failure: BaseException, **context: str) -> None:
        logger().error(f"{message}: {failure.__cause__!r}", extra=context)

    patch.setattr(worker, "log_failure", log_failure)
