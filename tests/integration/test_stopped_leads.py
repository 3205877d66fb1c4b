"""Leads that end: nothing of them waits any more, and nothing else of them is changed."""

from typing import Any

import pytest

from linkwright import clock
from linkwright.mailer import items, lines
from linkwright.mailer.items import LeadItem, LeadStatus
from linkwright.mailer.leads import leads, status
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction
from tests.factories import Workspace
from tests.leads import put, put_lead, stored

MAILBOX = "mbx_01HF0000000000000000000000"


def _put_email(workspace: Workspace, lead: str, seq: int, state: str) -> None:
    where = items.email_key(workspace.partition, lead, seq)
    put({**where.attributes(), "view": {"seq": seq, "state": state, "version": 1}, "v": 1})


def _queued(workspace: Workspace) -> str:
    """A lead in line, of whose emails one was sent, one is being sent, and two wait."""
    lead = put_lead(workspace, status="active", research={"status": "succeeded", "sources": []})
    place = lines.place(clock.now(), lead)
    put(lines.row_key(workspace.partition, MAILBOX, place).attributes())
    for seq, state in enumerate(("sent", "sending", "approved", "generated"), start=1):
        _put_email(workspace, lead, seq, state)
    tx = Transaction(workspace.partition, "req_test")
    item = _item(workspace, lead)
    queued = {"mailbox": MAILBOX, "place": place}
    status.write(tx, item, item["view"], facts={"queued": queued})
    tx.commit()
    return lead


def _item(workspace: Workspace, lead: str) -> LeadItem:
    item = leads.stored(workspace.partition, lead)
    assert item is not None
    return item


def _stop(workspace: Workspace, item: LeadItem, to: LeadStatus, **shown: Any) -> None:
    tx = Transaction(workspace.partition, "req_test")
    status.stop(tx, item, to, "because", shown)
    tx.commit()


def _row(workspace: Workspace, item: LeadItem) -> Item | None:
    place = item["queued"]["place"]
    return get(Table.CORE, lines.row_key(workspace.partition, MAILBOX, place))


def test_who_is_stopped_leaves_the_line_and_what_waits_is_canceled(workspace: Workspace) -> None:
    lead = _queued(workspace)
    item = _item(workspace, lead)
    assert _row(workspace, item) is not None
    _stop(workspace, item, "replied", reply={"state": "replied", "intent": "neutral"})
    assert _row(workspace, item) is None
    after = stored(workspace, lead)
    assert "queued" not in after
    assert (after["view"]["status"], after["view"]["reply"]["intent"]) == ("replied", "neutral")
    found = leads.emails(workspace.partition, lead)
    states = [(one["state"], one["version"]) for one in found]
    assert states == [("sent", 1), ("sending", 1), ("canceled", 2), ("canceled", 2)]


def test_who_was_changed_meanwhile_is_not_stopped(workspace: Workspace) -> None:
    lead = _queued(workspace)
    seen = _item(workspace, lead)
    _stop(workspace, seen, "bounced")
    with pytest.raises(Outrun):
        _stop(workspace, seen, "replied")
    assert stored(workspace, lead)["view"]["status"] == "bounced"


def test_who_is_to_be_approved_anew_leaves_the_line(workspace: Workspace) -> None:
    item = _item(workspace, _queued(workspace))
    tx = Transaction(workspace.partition, "req_test")
    after = status.write(tx, item, {**item["view"], "status": "review"})
    tx.commit()
    assert "queued" not in after
    assert _row(workspace, item) is None


def test_204_for_a_lead_that_is_deleted_leaves_nothing_in_line(workspace: Workspace) -> None:
    lead = _queued(workspace)
    item = _item(workspace, lead)
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204
    assert _row(workspace, item) is None
