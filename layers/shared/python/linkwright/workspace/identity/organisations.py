"""Organisations of the identity provider's: which workspace each of them is."""

from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction


def place(organisation: str) -> Key:
    """Where is written which workspace an organisation is."""
    return Key(f"ORG#{organisation}", "META")


def known(organisation: str) -> Item | None:
    """Of one that was deleted too, which may never have had a workspace."""
    return get(Table.ACCESS, place(organisation))


def is_deleted(item: Item) -> bool:
    """It does not come back: Clerk gives an id once."""
    return "deleted_at" in item


def begin(
    organisation: str, workspace_id: str, created_by: str | None, at: int, tx: Transaction
) -> None:
    """Raises `Outrun` at the commit where it is known by now."""
    item = {**place(organisation).attributes(), "workspace_id": workspace_id, "v": 1}
    item["clerk_at"] = at
    if created_by:
        item["created_by"] = created_by
    tx.put(Table.ACCESS, item, otherwise=Outrun)


def keep_out(organisation: str, at: int, tx: Transaction) -> None:
    """One is deleted of which nothing is known yet: that it was made may be told later."""
    item = {**place(organisation).attributes(), "v": 1, "deleted_at": at}
    tx.put(Table.ACCESS, item, otherwise=Outrun)


def note(organisation: str, known: Item, noted: Item, tx: Transaction) -> None:
    wanted = {name: value for name, value in noted.items() if value is not None}
    wanted["v"] = known["v"] + 1
    tx.update(
        Table.ACCESS,
        place(organisation),
        "SET " + ", ".join(f"#{name} = :new_{name}" for name in wanted),
        condition="#v = :seen",
        values={f"new_{name}": value for name, value in wanted.items()} | {"seen": known["v"]},
        otherwise=Outrun,
    )


def hold(organisation: str, known: Item, tx: Transaction) -> None:
    """Let the change happen only while the organisation is as it was read."""
    tx.require(
        Table.ACCESS,
        place(organisation),
        "#v = :seen",
        values={"seen": known["v"]},
        otherwise=Outrun,
    )
