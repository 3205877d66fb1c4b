"""Answers that cost nothing, since the model failed or what it said was not fit to be shown.

Each of them has had a model asked in vain, which the operator pays for. So they are counted by the
hour on the balance, which is written for each anyway: about, as of two at once one may be missed.
"""

from linkwright import clock
from linkwright.credits.items import Balance
from linkwright.table import Item

# Beyond it no model is asked in that hour: what is computed is as free as before.
MOST = 100


def so_far(balance: Balance) -> int:
    """In this hour."""
    return balance.free if balance.free_hour == _hour() else 0


def one_more(balance: Balance) -> tuple[str, Item]:
    """The beginning of an update of the balance, and its values."""
    return "SET #free_hour = :hour, #free = :free ", {
        "hour": _hour(),
        "free": so_far(balance) + 1,
    }


def _hour() -> str:
    return f"{clock.now():%Y%m%d%H}"
