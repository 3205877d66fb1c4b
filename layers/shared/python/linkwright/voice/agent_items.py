"""Where agents are kept: all that placing a call needs to know of them."""

from linkwright.errors import ResourceNotFound
from linkwright.table import Key


def key(partition: str, agent_id: str) -> Key:
    return Key(f"W#{partition}#AGT", agent_id)


def version_key(partition: str, agent_id: str, version: int) -> Key:
    return Key(f"W#{partition}#AGT#{agent_id}", f"v{version:08}")


def not_found(field: str | None = None) -> ResourceNotFound:
    return ResourceNotFound("There is no such agent.", field=field)
