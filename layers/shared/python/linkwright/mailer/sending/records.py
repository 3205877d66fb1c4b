"""What is stored of a send, and of the email that was sent. What was changed since is `Outrun`."""

from collections.abc import Mapping
from typing import Any

from linkwright import clock
from linkwright.mailer import lines
from linkwright.mailer.items import EmailItem, EmailState
from linkwright.table import Item, Key, Table
from linkwright.transaction import Outrun, Transaction

# As long as answers to a mail may come.
_KNOWN_S = 400 * 24 * 3600


def change_send(
    tx: Transaction,
    where: Key,
    facts: Mapping[str, Any],
    condition: str = "attribute_exists(#pk)",
    seen: Mapping[str, Any] | None = None,
) -> None:
    tx.update(
        Table.CORE,
        where,
        "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
        condition=condition,
        values={**facts, **(seen or {})},
        otherwise=Outrun,
    )


def name_send(
    tx: Transaction, message_id: str, named: str | None, lead_id: str, seq: int
) -> dict[str, str]:
    """Have it found by the id that its host gave it instead of ours. Returns what the record has
    of that.
    """
    if not named or named == message_id:
        return {}
    row = lines.message_row(tx.partition, named, lead_id, seq)
    tx.put(Table.CORE, {**row, "ttl": clock.epoch() + _KNOWN_S}, condition="")
    return {"sent_message_id": named}


def change_email(
    tx: Transaction, email: EmailItem, state: EmailState, facts: Mapping[str, Any]
) -> Item:
    version, now = email["v"] + 1, clock.timestamp()
    view: dict[str, Any] = {**email["view"], "state": state, "version": version, **facts}
    view["updated_at"] = now
    tx.update(
        Table.CORE,
        Key(email["pk"], email["sk"]),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": view, "v": version, "seen": email["v"]},
        otherwise=Outrun,
    )
    return view
