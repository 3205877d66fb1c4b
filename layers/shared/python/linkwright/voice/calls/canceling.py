"""Ending a call before its time."""

from linkwright.auth import Account
from linkwright.errors import Conflict, Unavailable
from linkwright.transaction import Transaction
from linkwright.voice.calls import lifecycle, reading
from linkwright.voice.calls.models import Call
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status, is_terminal


def cancel(account: Account, call_id: str, tx: Transaction) -> Call:
    """End a call that has not ended; one that rings or talks is hung up at the carrier.

    Raises `Conflict` for a call that ended otherwise. Canceling twice is canceling once.
    """
    item = reading.existing(account, call_id)
    status = Status(item["view"]["status"])
    if is_terminal(status) and status is not Status.CANCELED:
        raise Conflict("The call has ended.", reason="call_ended")
    if status is not Status.CANCELED:
        report = Report(Status.CANCELED, ended_reason=EndedReason.CANCELED)
        # It moved on between our read and the commit: the caller is to look again.
        item = lifecycle.change(tx, item, report, otherwise=Unavailable)
    # The reply is kept for a day, so it holds nothing that may be erased meanwhile.
    return reading.shown(item).model_copy(update={"analysis": None})
