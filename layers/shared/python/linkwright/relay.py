"""Sending what waits in the outbox, and finding what waits too long."""

from linkwright import aws, clock, outbox
from linkwright.outbox import Work
from linkwright.startup import in_advance
from linkwright.table import ConditionFailed, Key, Table, query, update

in_advance(aws.sqs)

_SQS_BATCH = 10
_PAGE = 100


def send(batch: list[Work]) -> set[str]:
    """Send each to the queue of its kind. Returns the sort keys of those that were not taken.

    May send twice what it sent before: every consumer claims its work by a conditional write.
    """
    failed: set[str] = set()
    for kind in sorted({work.kind for work in batch}):
        same = [work for work in batch if work.kind == kind]
        for start in range(0, len(same), _SQS_BATCH):
            failed |= _send_few(outbox.queue_url(kind), same[start : start + _SQS_BATCH])
    for work in batch:
        if work.kind in outbox.DONE_WHEN_SENT and work.sk not in failed:
            _stop_waiting(work)
    return failed


def resend_overdue() -> int:
    """Send again what the due index shows as overdue. Returns how many.

    The due time is moved first, on condition that nobody else moved it: a backlog or a second
    sweeper never multiplies messages.
    """
    now = clock.timestamp()
    sent, failure = 0, None
    for kind in outbox.kinds():
        try:
            sent += sum(_resend(kind, shard, now) for shard in range(outbox.DUE_SHARDS))
        except Exception as trouble:  # noqa: BLE001 -- raised below: one queue away holds no other up
            failure = trouble
    if failure:
        raise failure
    return sent


def _resend(kind: str, shard: int, now: str) -> int:
    sent, behind = 0, None
    while True:
        rows, behind = query(
            Table.CORE,
            outbox.due_partition(kind, shard),
            index="gsi2",
            between=("0", now),
            # From where the last page ended: the index may still show what was moved.
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
        )
        due = [(Work(kind, row["pk"], row["sk"]), row["gsi2sk"]) for row in rows]
        claimed = [work for work, seen in due if _postpone(work, seen)]
        send(claimed)
        sent += len(claimed)
        # A page that others had moved is theirs, and so is what is behind it.
        if behind is None or not claimed:
            return sent


def _postpone(work: Work, seen: str) -> bool:
    later = clock.timestamp(clock.now() + outbox.RELAY_GRACE)
    try:
        update(
            Table.CORE,
            Key(work.pk, work.sk),
            "SET #gsi2sk = :later",
            condition="#gsi2sk = :seen",
            values={"later": later, "seen": seen},
        )
    except ConditionFailed:
        return False
    return True


def _stop_waiting(work: Work) -> None:
    try:
        update(
            Table.CORE,
            Key(work.pk, work.sk),
            "REMOVE #gsi2pk, #gsi2sk",
            condition="attribute_exists(#gsi2pk)",
        )
    except ConditionFailed:
        return  # an earlier delivery of the same record did it


def _send_few(url: str, batch: list[Work]) -> set[str]:
    answer = aws.sqs().send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": str(index), "MessageBody": work.message()} for index, work in enumerate(batch)
        ],
    )
    sent = {int(entry["Id"]) for entry in answer.get("Successful", [])}
    return {work.sk for index, work in enumerate(batch) if index not in sent}
