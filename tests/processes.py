"""A function's process, as far as it keeps what it has read."""

from linkwright import aws_http, pace, sealing, vault
from linkwright.links.metrics import counting
from linkwright.links.redirect import blocked, front, host, salts
from linkwright.voice import agents


def forget() -> None:
    """From here on as in a new process, which knows nothing yet."""
    vault.vault.cache_clear()
    while aws_http._kept:
        aws_http._kept.popitem()[1].close()
    pace.known.cache_clear()
    sealing.forget()
    agents.at_version.cache_clear()
    counting.forget()
    salts.forget()
    blocked.forget()
    front.forget()
    host.forget()
