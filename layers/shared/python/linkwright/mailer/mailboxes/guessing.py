"""How often a log-in is tried: who connects a mailbox names its host, and might guess passwords."""

import hashlib
import math

from linkwright import clock, pace
from linkwright.errors import TooManyLogIns, Unavailable
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.transaction import Transaction

# So many may come together, and as many come back in an hour: of one account at a host, whoever
# tries it, and of a workspace, whatever it tries.
AT_A_HOST = 10
OF_A_WORKSPACE = 60
_HOUR_S = 3600
# How often a key may turn out to stand otherwise than this process knew.
_LOOKS = 10


def count_try(view: MailboxView, tx: Transaction) -> None:
    """Before anybody is asked, in transactions of its own: what is counted stays, whatever comes of
    it. Raises `TooManyLogIns` and `Unavailable`.
    """
    # First what is the caller's own: who has no try left takes none of an account of others.
    _take(tx, f"logins#{tx.partition}", OF_A_WORKSPACE)
    # By each of the hosts, as the answer of either tells whether the password is right.
    for host in sorted({view["smtp"]["host"], view["imap"]["host"]}):
        _take(tx, _account(host, view["smtp"]["username"]), AT_A_HOST)


def _take(tx: Transaction, key: str, an_hour: int) -> None:
    for _ in range(_LOOKS):
        # One for each key: of several that fail together, a process takes those that did not for
        # taken.
        tried = Transaction(tx.partition, tx.request_id)
        pace.take(tried, key, an_hour / _HOUR_S, an_hour)
        try:
            tried.commit()
        except pace.Misjudged:
            continue
        except clock.NotYet as refused:
            left = (refused.until - clock.now()).total_seconds()
            raise TooManyLogIns(max(1, math.ceil(left))) from None
        return
    raise Unavailable


def _account(host: str, username: str) -> str:
    named = f"{host.lower().rstrip('.')}\n{username.lower()}"
    return f"login#{hashlib.sha256(named.encode()).hexdigest()}"
