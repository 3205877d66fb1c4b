"""Each minute: send again what waited too long in the outbox."""

from linkwright import relay
from linkwright.worker import scheduled


@scheduled
def handler() -> int:
    return relay.resend_overdue()
