"""Hearing no more of a workspace by a click, as RFC 8058 has it: by an address that is signed.

It names the lead and the hash of the address, so that it works when the lead was deleted since.
Shown, it does nothing, as what scans mails asks for all that is in them; posted to, by a mail
client or the button of the page, nothing is mailed to that address any more, by any campaign.
"""

from typing import cast

from linkwright import ids, signatures
from linkwright.errors import Unavailable
from linkwright.http import Request, Response
from linkwright.mailer import rates
from linkwright.mailer.feedback import pages
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import leads, status
from linkwright.mailer.suppressions import suppressions
from linkwright.pages import link_unknown
from linkwright.settings import settings
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import operations as workspace

_PURPOSE = "unsubscribe from campaigns"
_MOST_CHARS = 250
_TRIES = 5
# What a lead is that told us so, or whose address did.
_HEARD = frozenset({"unsubscribed", "complained"})

Named = tuple[str, str, str]


def url(key: str, partition: str, lead: LeadItem) -> str:
    """Where a lead ends it; `key` is the workspace's `signing_key`."""
    of = (partition, lead["sk"], lead["address_hash"])
    token = ".".join([*of, signatures.made(key, _PURPOSE, *of)])
    return f"{settings().api_url.rstrip('/')}/v1/mailer/unsubscribe/{token}"


def show(request: Request) -> Response:
    """Raises `NoSuchRoute` for an address that is none of ours, unless a page is asked for."""
    return pages.asking() if _named(request) else link_unknown(request)


def end(request: Request) -> Response:
    """Once or more often. Raises `NoSuchRoute` as `show` does."""
    whose = _named(request)
    if whose is None:
        return link_unknown(request)
    for _ in range(_TRIES):
        tx = Transaction(whose[0], request.id)
        _unsubscribe(tx, *whose)
        try:
            tx.commit()
        except Outrun:
            continue
        return pages.done()
    raise Unavailable


def _unsubscribe(tx: Transaction, partition: str, lead_id: str, address_hash: str) -> None:
    lead = leads.stored(partition, lead_id)
    if lead is None or lead["view"]["status"] in _HEARD:
        # Without the address: a lead that is deleted this moment would leave it here.
        suppressions.suppress(tx, address_hash, None, source="unsubscribed")
        return
    suppressions.suppress(tx, address_hash, lead["view"]["email"], source="unsubscribed")
    after = status.stop(tx, lead, "unsubscribed", "unsubscribed")
    status.tell(tx, "lead.unsubscribed", after)
    if mailbox := lead.get("mailbox"):
        rates.heard(tx, mailbox, "unsubscribed")


def named(token: str) -> Named | None:
    """The partition, the lead and the hash of its address that a token of ours names."""
    parts = token.rsplit(".", 3)
    is_one = len(token) <= _MOST_CHARS and len(parts) == 4 and _is_named(*parts[:3])
    key = workspace.signing_key(parts[0]) if is_one else None
    if key is None or not signatures.is_made(parts[3], key, _PURPOSE, *parts[:3]):
        return None
    return cast(Named, tuple(parts[:3]))


def _named(request: Request) -> Named | None:
    return named(request.path_parameters.get("token", ""))


def _is_named(partition: str, lead_id: str, address_hash: str) -> bool:
    workspace_id, _, mode = partition.partition(".")
    is_partition = ids.matches("ws", workspace_id) and mode in {"", "test"}
    return is_partition and ids.matches("lead", lead_id) and address_hash.isalnum()
