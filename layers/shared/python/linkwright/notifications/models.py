"""What the endpoints of notifications take and show."""

from typing import Any

from linkwright.fields import Model, Time
from linkwright.pagination import ListQuery


class Notification(Model):
    """What the people of a workspace should know: its `type`, in words, and the facts of it."""

    id: str
    type: str
    message: str
    link_id: str | None = None
    data: dict[str, Any]
    read_at: Time | None = None
    created_at: Time


class NotificationsQuery(ListQuery):
    """All, or by `unread=true` those that nobody has marked as read."""

    unread: bool = False
