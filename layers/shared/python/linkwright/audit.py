"""The audit log: who changed what, an item of the change's own transaction that nothing changes."""

from typing import Any, Literal, NamedTuple

from linkwright import clock, ids

ActorType = Literal["api_key", "session", "operator", "clerk", "billing", "unsubscribe"]


class Actor(NamedTuple):
    """Who made a change: a key or a member by its id, or what acted in nobody's name by its own; a
    member also where all that is known is that they had the mail (`unsubscribe`).
    """

    type: ActorType
    id: str


OPERATOR = Actor("operator", "operator")
# Of what is the workspace's, whatever the mode of who changes it.
_OF_BOTH_MODES = ("key.", "member.")


def partition(of: str) -> str:
    return f"W#{of}#AUD"


def object_partition(of: str, object_id: str) -> str:
    return f"{partition(of)}#{object_id}"


def actor_partition(of: str, actor_id: str) -> str:
    return f"{partition(of)}#BY#{actor_id}"


def action_partition(of: str, action: str) -> str:
    return f"{partition(of)}#DID#{action}"


def entry(
    of: str,
    action: str,
    object_id: str,
    details: dict[str, Any],
    actor: Actor,
    request_id: str,
) -> dict[str, Any]:
    """The item of an entry of the partition `of`; of live mode where both have what is changed.

    It has no time to live: it is kept for good.
    """
    if action.startswith(_OF_BOTH_MODES):
        of = of.partition(".")[0]
    entry_id = ids.new("aud")
    return {
        "pk": partition(of),
        "sk": entry_id,
        "gsi1pk": object_partition(of, object_id),
        "gsi1sk": entry_id,
        "gsi3pk": actor_partition(of, actor.id),
        "gsi4pk": action_partition(of, action),
        "view": {
            "id": entry_id,
            "action": action,
            "object": object_id,
            "actor": actor._asdict(),
            "request_id": request_id,
            "at": clock.timestamp(),
            "details": details,
        },
    }
