"""POST /api/notifications/{notification_id}/read: mark a notification as read."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.notifications import notifications
from linkwright.notifications.models import Notification
from linkwright.transaction import Transaction


@endpoint(scope="notifications:read")
def handler(account: Account, notification_id: str, body: Nothing, tx: Transaction) -> Notification:
    return notifications.read(account, notification_id, tx)
