"""What must hold when all is over."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from linkwright.table import Item
from tests.simulation.stored import is_over, partition_of

Where = tuple[str, str]
# The attempt of which an event told the end, and whether it said that no other would follow.
End = tuple[int, bool]
Ends = Mapping[str, list[End]]


def problems(
    rows: list[Item],
    accepted: set[Where],
    told: Ends,
    sent: set[Where],
    second_legs: Mapping[str, int],
    *,
    may_give_up: bool,
) -> Iterator[str]:
    """`accepted` are the calls that the API said it had placed, `sent` what went to a queue.

    `second_legs` are the seconds for which the carrier's calls were put through. Every job is done;
    or, where enough goes wrong, has given up.
    """
    calls = [row for row in rows if row["pk"].endswith("#CALL")]
    yield from _unfinished(calls, told)
    yield from _left_over(rows, may_give_up=may_give_up)
    yield from _minutes(rows, calls, second_legs)
    yield from _dials(rows, calls)
    yield from _answers(calls, accepted)
    yield from _unsent(rows, sent)


def _unfinished(calls: list[Item], told: Ends) -> Iterator[str]:
    for call in calls:
        call_id, view = call["sk"], call["view"]
        if not is_over(view["status"]):
            yield f"{call_id} is {view['status']} for ever"
            continue
        attempts = view.get("attempts", [])
        numbers = [number for number, _ in told[call_id]]
        # One for each attempt, and one if it ended while it waited for the first or another.
        once = list(range(1, len(attempts) + 1))
        if numbers not in (once, [*once, len(attempts)]) or not numbers:
            yield f"the end of {call_id} with {len(attempts)} attempts was told of {numbers}"
        if [is_last for _, is_last in told[call_id]].count(True) != 1:
            yield f"the end of {call_id} was not told once"
        if any(attempt.get("ended_at") is None for attempt in attempts):
            yield f"{call_id} has an attempt without an end"


def _left_over(rows: list[Item], *, may_give_up: bool) -> Iterator[str]:
    for row in rows:
        if row["pk"].endswith("#LINE") and row.get("active"):
            yield f"{row['pk']} {row['sk']} still has {sorted(row['active'])}"
        if "gsi2pk" in row and not (may_give_up and "given_up_at" in row):
            yield f"{row['pk']} {row['sk']} still waits"


def _minutes(rows: list[Item], calls: list[Item], second_legs: Mapping[str, int]) -> Iterator[str]:
    talked: Counter[tuple[str, str]] = Counter()
    for call in calls:
        if "period" in call and is_over(call["view"]["status"]):
            counter = (partition_of(call), call["period"])
            second_s = second_legs.get(call.get("sid", ""), 0)
            talked[counter] += math.ceil((call["view"]["duration_s"] + second_s) / 60)
    for row in rows:
        if row["pk"].endswith("#USE"):
            counter = (partition_of(row), row["sk"].split("#")[0])
            said, spent = (row.get("committed", 0), row.get("used", 0)), talked.pop(counter, 0)
            if said != (spent, spent):
                yield f"minutes of {counter}: {said} committed and used, {spent} talked"
    for counter, spent in talked.items():
        if spent:
            yield f"minutes of {counter}: nothing counted, {spent} talked"


def _dials(rows: list[Item], calls: list[Item]) -> Iterator[str]:
    """Each attempt counts once, for its number and against its plan, and so does a transfer."""
    made: Counter[tuple[str, str]] = Counter()
    for call in calls:
        number = (partition_of(call), call["view"]["to"])
        made[number] += len(call["view"].get("attempts", []))
    counted = Counter(
        {
            (partition_of(row), row["sk"]): len(row["dials"])
            for row in rows
            if row["pk"].endswith("#LINE") and "dials" in row
        }
    )
    for number in {*made, *counted}:
        if made[number] != counted[number]:
            yield f"{number} was dialled {made[number]} times, counted {counted[number]}"
    through = Counter(partition_of(call) for call in calls if "transfer_to" in call)
    days: Counter[str] = Counter()
    for row in rows:
        if row["pk"].endswith("#DIALS"):
            days[partition_of(row)] += row["calls"]
    for partition, count in days.items():
        dialled = sum(many for (other, _), many in made.items() if other == partition)
        dialled += through[partition]
        if dialled != count:
            yield f"{partition} dialled {dialled} times, counted {count}"


def _answers(calls: list[Item], accepted: set[Where]) -> Iterator[str]:
    """What the API answered, held against what there is."""
    stored = {(partition_of(call), call["sk"]) for call in calls}
    for where in accepted - stored:
        yield f"{where} was accepted and is not stored"
    numbers = Counter(call["view"]["metadata"]["n"] for call in calls)
    for number, count in numbers.items():
        if count > 1:
            yield f"request {number} placed {count} calls"


def _unsent(rows: list[Item], sent: set[Where]) -> Iterator[str]:
    # Who has no webhooks is told of nothing; and what one is sent as a test is no job.
    listening = {partition_of(row) for row in rows if row["sk"] == "RING"}
    for row in rows:
        is_event = row["pk"].endswith("#EVT") and "only" not in row
        is_job = is_event and partition_of(row) in listening
        if is_job and (row["pk"], row["sk"]) not in sent:
            yield f"{row['type']} {row['sk']} was never sent"
