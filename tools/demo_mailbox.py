"""The demo workspace's mailbox: an account of the local mail host, proven by the worker."""

from collections.abc import Mapping
from typing import Any

from linkwright import clock, jobs, usage
from linkwright.mailer.mailboxes import items, logging_in
from linkwright.mailer.mailboxes.logging_in import Secrets
from linkwright.mailer.mailboxes.models import CreateMailbox
from linkwright.settings import settings
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction

MAILBOX_ID = "mbx_00d3m001"
DOMAIN = "demo-shop.example"
EMAIL = f"dana@{DOMAIN}"
SELECTOR = "local"
# A public key, of which nobody kept the other half: the local host signs nothing.
_KEY = "tuZ6XWQ3aBzGIrWfYTyMWBcM1mJ3U3Qx2NZ5lMbBzWQ="
# What the local cloud's name server says of the domain; of no other, so that checks fail as well.
RECORDS = (
    f"{DOMAIN} MX 10 localhost.",
    f'{DOMAIN} TXT "v=spf1 ip4:127.0.0.1 -all"',
    f'_dmarc.{DOMAIN} TXT "v=DMARC1; p=reject"',
    f'{SELECTOR}._domainkey.{DOMAIN} TXT "v=DKIM1; k=ed25519; p={_KEY}"',
)
# Of `demo.env`: the host's account, by which anybody may connect it again.
EMAIL_NAME, PASSWORD_NAME = "MAILBOX_EMAIL", "MAILBOX_PASSWORD"
SMTP_NAME, IMAP_NAME = "MAIL_SMTP_PORT", "MAIL_IMAP_PORT"
_OPERATOR = "req_operator"


def ensure(partition: str, known: Mapping[str, str]) -> None:
    """Make it, or have it proven anew where the host has other ports or another password."""
    # Nothing is sealed where a stack from before has not told its key.
    if PASSWORD_NAME not in known or not settings().kms_key_arn:
        return
    where = items.key(partition, MAILBOX_ID)
    row, connections = get(Table.CORE, where), _connections(known)
    view = row["view"] if row else {}
    if all(view.get(name) == said for name, said in connections.items()):
        return
    version = row["v"] + 1 if row else 1
    now = clock.timestamp()
    made: Item = {
        **where.attributes(),
        **jobs.requested(jobs.MAILBOX, MAILBOX_ID),
        "view": _view(now, version) | connections,
        "v": version,
        "since": now,
        "sealed": logging_in.seal(Secrets(known[PASSWORD_NAME]), partition, MAILBOX_ID),
    }
    tx = Transaction(partition, _OPERATOR)
    tx.put(Table.CORE, made, condition="")
    if row is None:
        mine = items.address_key(partition, EMAIL).attributes()
        tx.put(Table.CORE, {**mine, "mailbox": MAILBOX_ID}, condition="")
        counter = usage.standing(partition, items.DIMENSION)
        tx.update(Table.CORE, counter, "ADD #committed :amount", values={"amount": 1})
    tx.commit()


def _connections(known: Mapping[str, str]) -> dict[str, Any]:
    return {
        "smtp": {
            "host": "localhost",
            "port": int(known[SMTP_NAME]),
            "username": EMAIL,
            "auth": "password",
        },
        "imap": {"host": "localhost", "port": int(known[IMAP_NAME])},
    }


def _view(now: str, version: int) -> dict[str, Any]:
    wanted = CreateMailbox.model_construct(
        email=EMAIL, name="Dana", transport="smtp", dkim_selector=SELECTOR
    )
    fields = wanted.model_dump(mode="json", exclude_none=True)
    state = {"status": "verifying", "created_at": now, "updated_at": now, "version": version}
    return fields | state | {"id": MAILBOX_ID}
