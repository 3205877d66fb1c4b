"""GET /api/notifications: list what the workspace is told, the newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.notifications import notifications
from linkwright.notifications.models import Notification, NotificationsQuery
from linkwright.pagination import Page


@endpoint(scope="notifications:read")
def handler(account: Account, query: NotificationsQuery) -> Page[Notification]:
    return notifications.listed(account, query)
