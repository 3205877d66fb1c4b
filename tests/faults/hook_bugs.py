"""Bugs of webhooks that somebody could write any day."""

from typing import Any

import pytest

from linkwright import level, standard_webhooks
from linkwright.table import Item, Key
from linkwright.transaction import Transaction
from linkwright.webhooks import deliverer, deliveries, fan_out, health, queue
from linkwright.webhooks.sending import Outcome

Patch = pytest.MonkeyPatch


class _DoneFirst(Transaction):
    def finish(self, job: Key) -> None:
        apart = Transaction(self.partition, self.request_id)
        apart.finish(job)
        apart.commit()


def event_done_before_its_deliveries(patch: Patch) -> None:
    """Whoever is killed in between has told nobody."""
    patch.setattr(fan_out, "Transaction", _DoneFirst)


def event_done_without_a_delivery(patch: Patch) -> None:
    patch.setattr(fan_out, "_in_parts", lambda names: [[]])


def rest_that_ignores_the_bell(patch: Patch) -> None:
    proper = level._ended

    def ended(run: Item, expression: str, condition: str, values: Item) -> bool:
        kept = {name: value for name, value in values.items() if name != "bell"}
        return proper(run, expression, condition.partition(" AND ")[0], kept)

    patch.setattr(level, "_ended", ended)


def outcome_apart_from_its_place(patch: Patch) -> None:
    """A delivery leaves the queue in one write, and what came of it is noted in the next."""
    leave = queue.leave

    def apart(tx: Transaction, *where: Any) -> None:
        alone = Transaction(tx.partition, "")
        leave(alone, *where)
        alone.commit()

    patch.setattr(queue, "leave", apart)


def endpoint_held_for_ever(patch: Patch) -> None:
    patch.setattr(level, "LEASE_MS", 10**12)


def lost_answer_taken_for_a_yes(patch: Patch) -> None:
    proper = deliverer._noted

    def noted(tx: Transaction, endpoint: Item, made: deliverer._Attempt, outcome: Outcome) -> Item:
        if outcome.attempt["error"] is None:
            return proper(tx, endpoint, made, outcome)
        deliveries.succeed(tx, made.delivery, outcome.attempt)
        return health.after_success(endpoint)

    patch.setattr(deliverer, "_noted", noted)


def message_of_another_id(patch: Patch) -> None:
    """That of its event with something added."""
    proper = standard_webhooks.headers
    patch.setattr(standard_webhooks, "headers", lambda of, *rest: proper(f"{of}x", *rest))
