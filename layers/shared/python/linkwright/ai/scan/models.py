"""What the scan answers, and the event that tells of a link."""

from typing import Any, Literal

from linkwright.fields import Model, Time

AlertKind = Literal["expiring_soon", "near_click_cap", "untracked_winner"]


class Scanned(Model):
    """How many links, and reasons, people were told of by this scan and by none before."""

    new_alerts: int


class LinkAlert(Model):
    """The object of `link.alert`: why somebody should look at a link, and the facts of it.

    Of `expiring_soon` these are `expires_at` and `within`, "7d" or "24h"; of `near_click_cap`
    `click_cap` and `clicks`; of `untracked_winner` `clicks`, of `days`.
    """

    id: str
    kind: AlertKind
    link_id: str
    short_url: str
    message: str
    data: dict[str, Any]
    created_at: Time
