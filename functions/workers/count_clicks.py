"""Stream of ClicksTable: count clicks and conversions into the rows of their day and hour."""

from linkwright.jobs import Change
from linkwright.links.metrics import counting
from linkwright.worker import stream_worker


@stream_worker
def handler(changes: list[Change]) -> None:
    counting.count_all(changes)
