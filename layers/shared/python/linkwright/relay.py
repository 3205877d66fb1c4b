"""Sending what the table's stream says is asked for."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Any, NamedTuple

from linkwright import aws, clock, jobs
from linkwright.errors import Unavailable
from linkwright.jobs import Change, Work
from linkwright.observability import count, log_failure
from linkwright.startup import in_advance
from linkwright.table import ConditionFailed, Item, Key, Table, get, update
from linkwright.transaction import Transaction

in_advance(aws.sqs)

_SQS_BATCH = 10
# Ids and words; nobody's number or address.
_KEY = re.compile(r"[\w#.-]{1,200}")
_SEEN = "#gsi2sk = :seen"


class Due(NamedTuple):
    """A job to send, as the due index has it; the queue is to hold its message back for so long.

    `lost_after`: the sweeper's word for when its message must be lost, in place of the kind's.
    """

    work: Work
    seen: str
    delay: timedelta = timedelta(0)
    lost_after: timedelta | None = None


class _Moved(Exception):
    """The job is further on than what was sent."""


def relay(changes: Sequence[Change]) -> None:
    """Send what the changes ask for. What a queue does not take is the sweeper's to send.

    The stream does not stand still for it: what is behind it is mostly for other queues.
    """
    asked: dict[Key, Due] = {}
    for before, item in changes:
        try:
            if _asks(before, item):
                asked[Key(item["pk"], item["sk"])] = _due(item)
        except Exception as failure:  # noqa: BLE001 -- one that cannot be read holds no other up
            log_failure("not a job", failure, **named(item))
            count("relay_broken")
    send(list(asked.values()))


def _asks(before: Item | None, item: Item) -> bool:
    """Whether a change of a marked item asks for a message.

    Not what the sweeper moves, who sends by itself, nor what waits for it (`jobs.waits_until`);
    and of what else waits for its time a message is under way already.
    """
    if item["gsi2sk"] == item.get("next_at") and jobs.is_left_alone(item):
        return False
    if before is None or "outbox" not in before:
        return True
    is_swept = {**before, "gsi2sk": item["gsi2sk"]} == item
    is_held_back = before.get("next_at") == item.get("next_at") and jobs.is_left_alone(item)
    return not (is_swept or is_held_back)


def _due(item: Item) -> Due:
    work, next_at = jobs.at(Key(item["pk"], item["sk"])), item.get("next_at")
    if next_at is None or not jobs.is_left_alone(item):
        return Due(work, item["gsi2sk"])
    # A second more: who gets it looks at a clock of its own.
    delay = clock.parse(next_at) - clock.now() + timedelta(seconds=1)
    return Due(work, item["gsi2sk"], min(delay, jobs.MOST_DELAY))


def send(batch: Sequence[Due]) -> set[Key]:
    """Send each to the queue of its kind. Returns the keys of those that were not taken.

    May send twice what it sent before: every consumer claims its work by a conditional write.
    """
    needless = _needless(batch)
    queues: dict[str, list[Due]] = {}
    for due in batch:
        if due not in needless:
            queues.setdefault(due.work.of_kind.queue_url, []).append(due)
    failed = {key for url, jobs_of_it in queues.items() for key in _send_to(url, jobs_of_it)}
    _confirm([due for due in batch if due.work.key not in failed], needless)
    return failed


def _needless(batch: Sequence[Due]) -> set[Due]:
    """Those with which nothing is to be done, as most events of who has no webhooks."""
    needs = {due: key for due in batch if (key := _needed(due.work))}
    missing = {key for key in set(needs.values()) if _is_missing(key)}
    return {due for due, key in needs.items() if key in missing}


def _needed(work: Work) -> Key | None:
    if (needs := work.of_kind.needs) is None:
        return None
    return Key(f"W#{jobs.partition_of(work.pk)}#{needs[0]}", needs[1])


def _is_missing(key: Key) -> bool:
    try:
        return get(Table.CORE, key) is None
    except Unavailable:
        return False  # its worker looks for itself


def _send_to(url: str, batch: Sequence[Due]) -> Iterator[Key]:
    """Yields what was not taken. Where the queue is away, nothing more is asked of it."""
    for start in range(0, len(batch), _SQS_BATCH):
        few = batch[start : start + _SQS_BATCH]
        try:
            yield from aws.run(partial(_send_few, url, few))
        except Exception as failure:  # noqa: BLE001 -- one queue away holds no other up
            log_failure("not sent", failure)
            count("send_failed")
            yield from (due.work.key for due in batch[start:])
            return


def _send_few(url: str, batch: Sequence[Due]) -> list[Key]:
    answer = aws.sqs().send_message_batch(
        QueueUrl=url,
        Entries=[
            {
                "Id": str(index),
                "MessageBody": due.work.message(),
                "DelaySeconds": ceil(due.delay.total_seconds()),
                # By which a queue gives all workspaces their turn, however much one of them sends.
                "MessageGroupId": jobs.partition_of(due.work.pk),
            }
            for index, due in enumerate(batch)
        ],
    )
    sent = {int(entry["Id"]) for entry in answer.get("Successful", [])}
    return [due.work.key for index, due in enumerate(batch) if index not in sent]


def _confirm(sent: Sequence[Due], needless: Set[Due]) -> None:
    """Write down that the messages are under way: all at once, unless a job has moved on by now.

    Where that fails they are sent once more, by the sweeper. What is needless is done.
    """
    noted = {
        due: _done(due) if due in needless else _noted(due)
        for due in sent
        if not due.work.of_kind.is_by_level
    }
    if len(noted) > 1:
        try:
            _confirm_together(noted)
        except (_Moved, Unavailable):
            count("confirmed_apart")
        else:
            return
    for due, (expression, values) in noted.items():
        _confirm_alone(due, expression, values)


def _done(due: Due) -> tuple[str, Mapping[str, Any]]:
    removed = ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
    return f"REMOVE {removed}", {"seen": due.seen}


def _noted(due: Due) -> tuple[str, Mapping[str, Any]]:
    kind = due.work.of_kind
    after = due.lost_after or kind.lost_after
    lost = clock.timestamp(clock.now() + due.delay + after)
    values: Item = {"seen": due.seen, "lost": lost}
    if due.lost_after is None:
        return "SET #gsi2sk = :lost REMOVE #outbox", values
    values["swept"] = {"lost_at": lost, "after_s": int(after.total_seconds())}
    return "SET #gsi2sk = :lost, #swept = :swept REMOVE #outbox", values


def _confirm_together(noted: Mapping[Due, tuple[str, Mapping[str, Any]]]) -> None:
    tx = Transaction("", "")
    for due, (expression, values) in noted.items():
        tx.update(
            Table.CORE,
            due.work.key,
            expression,
            condition=_SEEN,
            values=values,
            otherwise=_Moved,
        )
    tx.commit()


def _confirm_alone(due: Due, expression: str, values: Mapping[str, Any]) -> None:
    try:
        update(Table.CORE, due.work.key, expression, condition=_SEEN, values=values)
    except ConditionFailed:
        return  # its worker was faster
    except Unavailable:
        count("not_confirmed")


def named(row: Item) -> dict[str, str]:
    """By what an operator finds a row that breaks, as far as it has a key of ours."""
    names = {name: str(row.get(name)) for name in ("pk", "sk")}
    return {name: at if _KEY.fullmatch(at) else "no key of ours" for name, at in names.items()}
