"""A workspace's own key at a vendor of models, as it is kept: sealed, on the workspace's own item.

So the one read that tells which model a workspace has chosen tells this too. Of live and of test
mode apart, as settings are.
"""

from typing import Any, NamedTuple

from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import workspaces

ATTRIBUTES = {"live": "own_key", "test": "own_key_test"}


class OwnKey(NamedTuple):
    """`sealed` opens by `linkwright.sealing` alone; `masked` may be shown. By its `fingerprint` a
    key is known again, by nobody who does not have it.
    """

    provider: str
    model: str
    masked: str
    fallback: bool
    fingerprint: str
    sealed: str

    def __repr__(self) -> str:
        return f"OwnKey({self.provider}/{self.model})"

    @property
    def name(self) -> str:
        """Of the model, as the catalogue has it."""
        return f"{self.provider}/{self.model}"


def of(workspace: Item, mode: str) -> OwnKey | None:
    stored = workspace.get(ATTRIBUTES[mode])
    return OwnKey(**stored) if stored else None


def keep(tx: Transaction, partition: str, facts_v: int, seen: OwnKey | None, key: OwnKey) -> None:
    """In place of the one that was read, if any. Raises `Outrun` at the commit where that, or the
    plan, is another by now.
    """
    name = _attribute(partition)
    is_seen, values = _is(name, seen)
    values |= {"own": key._asdict()}
    _change(tx, partition, facts_v, f"SET #{name} = :own", is_seen, values)


def drop(tx: Transaction, partition: str, facts_v: int) -> None:
    """Whichever it is. Raises `Outrun` at the commit, also where there is none."""
    name = _attribute(partition)
    _change(tx, partition, facts_v, f"REMOVE #{name}", f" AND attribute_exists(#{name})", {})


def drop_all(tx: Transaction, workspace_id: str, facts_v: int) -> None:
    """Of both modes, whatever they are. Raises `Outrun` at the commit where the plan is another."""
    names = ", ".join(f"#{name}" for name in ATTRIBUTES.values())
    _change(tx, workspace_id, facts_v, f"REMOVE {names}", "", {})


def _attribute(partition: str) -> str:
    return ATTRIBUTES[partition.partition(".")[2] or "live"]


def _is(name: str, seen: OwnKey | None) -> tuple[str, dict[str, Any]]:
    """No two are sealed alike."""
    if seen is None:
        return f" AND attribute_not_exists(#{name})", {}
    return f" AND #{name}.#sealed = :seen", {"seen": seen.sealed}


def _change(
    tx: Transaction,
    partition: str,
    facts_v: int,
    expression: str,
    is_seen: str,
    values: dict[str, Any],
) -> None:
    tx.update(
        Table.CORE,
        workspaces.key(partition.partition(".")[0]),
        expression,
        condition=f"{workspaces.UNCHANGED}{is_seen}",
        values={**values, "facts_v": facts_v},
        otherwise=Outrun,
    )
