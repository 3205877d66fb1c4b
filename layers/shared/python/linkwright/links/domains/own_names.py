"""The names that a workspace has among its domains, proven or not.

Apart, as whoever makes a link is not to pay for what domains show.
"""

from linkwright.table import Key


def key(partition: str, name: str) -> Key:
    """Of a name: the id of its `domain`, and how many `links` are on that."""
    return Key(f"W#{partition}#DOM#NAME", name)
